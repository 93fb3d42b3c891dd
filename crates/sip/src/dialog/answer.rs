//! The 2xx to an INVITE, repeated until its ACK (RFC 3261 section 13.3.1.4).

use std::time::Instant;

use bytes::Bytes;

use crate::{Flow, Message, Transmit};

/// A 2xx on its way: the transaction layer sends it once, this repeats it, over any transport.
#[derive(Debug, Clone)]
pub struct Answer {
    flow: Flow,
    bytes: Bytes,
}

/// What [`Answer::poll`] asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Nothing before that moment.
    Later(Instant),
    /// Send this and poll again.
    Repeat(Transmit),
    /// 64*T1 have passed without ACK: send BYE.
    GiveUp,
    /// The ACK came.
    Done,
}

impl Answer {
    /// `bytes` is what [`crate::Endpoint::respond`] gave back for the INVITE with this `CSeq` number.
    pub fn new(_now: Instant, flow: Flow, bytes: Bytes, _cseq: u32) -> Answer {
        Answer { flow, bytes }
    }

    /// An ACK came in the dialog: whether it is the first one for this answer. Repeated ones are to be ignored.
    pub fn ack(&mut self, _ack: &Message) -> bool {
        unimplemented!()
    }

    pub fn poll(&mut self, _now: Instant) -> Due {
        Due::Repeat(Transmit { flow: self.flow, bytes: self.bytes.clone() })
    }
}
