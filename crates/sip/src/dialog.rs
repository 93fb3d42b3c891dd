//! Dialogs (RFC 3261 section 12).

mod answer;

pub use answer::{Answer, Due};

use crate::{Message, Method, Refusal, Request};

/// What identifies a dialog at this side.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DialogId {
    pub call_id: Box<[u8]>,
    pub local_tag: Box<[u8]>,
    pub remote_tag: Box<[u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Early,
    Confirmed,
}

/// One side of a dialog.
#[derive(Debug, Clone)]
pub struct Dialog {
    id: DialogId,
    state: State,
}

impl DialogId {
    /// The dialog a request from the peer belongs to; its To tag is ours.
    pub fn of_request(_request: &Message) -> DialogId {
        unimplemented!()
    }

    /// The dialog a response to our request belongs to; its From tag is ours.
    pub fn of_response(_response: &Message) -> DialogId {
        unimplemented!()
    }
}

impl Dialog {
    /// The callee's side, made from an INVITE (or SUBSCRIBE) and the To tag put into its response. Early until
    /// [`Dialog::confirm`].
    pub fn uas(_request: &Message, _local_tag: impl AsRef<[u8]>) -> Result<Dialog, Refusal> {
        unimplemented!()
    }

    /// The caller's side, made from a 101-199 or 2xx response with a To tag. Each To tag makes a dialog of its own.
    pub fn uac(_response: &Message) -> Result<Dialog, Refusal> {
        unimplemented!()
    }

    pub fn id(&self) -> &DialogId {
        &self.id
    }

    pub fn state(&self) -> State {
        self.state
    }

    /// A 2xx was sent.
    pub fn confirm(&mut self) {
        self.state = State::Confirmed;
    }

    /// A further response in this dialog was received: a 2xx confirms it, takes the route set of the 2xx if it was early,
    /// and refreshes the remote target.
    pub fn response(&mut self, _response: &Message) {
        unimplemented!()
    }

    /// A request from the peer in this dialog: checks its `CSeq` (500 when it is out of order, RFC 3261 section 12.2.2),
    /// remembers it, and refreshes the remote target. ACK and CANCEL pass.
    pub fn receive(&mut self, _request: &Message) -> Result<(), Refusal> {
        unimplemented!()
    }

    /// A request in this dialog with the next `CSeq` (RFC 3261 section 12.2.1.1); not ACK, not CANCEL.
    pub fn request(&mut self, _method: Method) -> Request {
        unimplemented!()
    }

    /// The ACK of a 2xx to the INVITE with this `CSeq` number.
    pub fn ack(&self, _cseq: u32) -> Request {
        unimplemented!()
    }

    /// Contact of the peer, byte for byte.
    pub fn remote_target(&self) -> &[u8] {
        unimplemented!()
    }

    /// The URI of the next hop: the first route or the remote target.
    pub fn next_hop(&self) -> &[u8] {
        unimplemented!()
    }
}
