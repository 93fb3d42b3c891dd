//! The 2xx to an INVITE, repeated until its ACK (RFC 3261 section 13.3.1.4).

use std::time::Instant;

use bytes::Bytes;

use super::repetition::{Due, Repetition};
use crate::{Config, Flow, Message};

/// A 2xx on its way: the transaction layer sends it once, this repeats it, over any transport, since a proxy in between
/// may lose it. Given up, the call ends with BYE.
#[derive(Debug, Clone)]
pub struct Answer {
    repetition: Repetition,
    cseq: u32,
}

impl Answer {
    /// `bytes` is what [`crate::Endpoint::respond`] gave back for the INVITE with this `CSeq` number.
    pub fn new(now: Instant, config: &Config, flow: Flow, bytes: Bytes, cseq: u32) -> Answer {
        Answer { repetition: Repetition::new(now, config, flow, bytes, config.t2), cseq }
    }

    /// An ACK came in the dialog: whether it is the first one for this answer. Repeated ones and those of other INVITEs
    /// are to be ignored.
    pub fn ack(&mut self, ack: &Message) -> bool {
        if self.repetition.is_over() || ack.cseq().number != self.cseq {
            return false;
        }
        self.repetition.end();
        true
    }

    pub fn poll(&mut self, now: Instant) -> Due {
        self.repetition.poll(now)
    }

    /// When to poll again; `None` when it is over.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.repetition.next_timeout()
    }
}
