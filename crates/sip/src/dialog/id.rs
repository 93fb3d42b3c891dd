//! What identifies a dialog.

use crate::Message;

/// Call-ID and both tags, seen from this side. A tag is compared by bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DialogId {
    pub call_id: Box<[u8]>,
    pub local_tag: Box<[u8]>,
    pub remote_tag: Box<[u8]>,
}

impl DialogId {
    pub fn new(call_id: &[u8], local_tag: &[u8], remote_tag: &[u8]) -> DialogId {
        DialogId { call_id: call_id.into(), local_tag: local_tag.into(), remote_tag: remote_tag.into() }
    }

    /// The dialog that a request from the peer belongs to; its To tag is ours. Without a To tag there is no dialog yet.
    pub fn of_request(request: &Message) -> DialogId {
        DialogId::new(request.call_id(), request.to_tag(), request.from_tag())
    }

    /// The dialog that a response to our request belongs to; its From tag is ours.
    pub fn of_response(response: &Message) -> DialogId {
        DialogId::new(response.call_id(), response.from_tag(), response.to_tag())
    }
}
