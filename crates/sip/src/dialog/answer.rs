//! The 2xx to an INVITE, repeated until its ACK (RFC 3261 section 13.3.1.4).

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::{Config, Flow, Message, Transmit};

/// A 2xx on its way: the transaction layer sends it once, this repeats it, over any transport, since a proxy in between
/// may lose it.
#[derive(Debug, Clone)]
pub struct Answer {
    flow: Flow,
    bytes: Bytes,
    cseq: u32,
    interval: Duration,
    longest: Duration,
    repeat_at: Instant,
    give_up_at: Instant,
    is_over: bool,
}

/// What [`Answer::poll`] asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Nothing before that moment.
    Later(Instant),
    /// Send this and poll again.
    Repeat(Transmit),
    /// 64*T1 have passed without ACK: send BYE. Told once, then [`Due::Done`].
    GiveUp,
    /// The ACK came, or it was given up.
    Done,
}

impl Answer {
    /// `bytes` is what [`crate::Endpoint::respond`] gave back for the INVITE with this `CSeq` number.
    pub fn new(now: Instant, config: &Config, flow: Flow, bytes: Bytes, cseq: u32) -> Answer {
        Answer {
            flow,
            bytes,
            cseq,
            interval: config.t1,
            longest: config.t2,
            repeat_at: now + config.t1,
            give_up_at: now + config.t1 * 64,
            is_over: false,
        }
    }

    /// An ACK came in the dialog: whether it is the first one for this answer. Repeated ones and those of other INVITEs
    /// are to be ignored.
    pub fn ack(&mut self, ack: &Message) -> bool {
        if self.is_over || ack.cseq().number != self.cseq {
            return false;
        }
        self.end();
        true
    }

    pub fn poll(&mut self, now: Instant) -> Due {
        if self.is_over {
            return Due::Done;
        }
        if now >= self.give_up_at {
            self.end();
            return Due::GiveUp;
        }
        if now < self.repeat_at {
            return Due::Later(self.repeat_at.min(self.give_up_at));
        }
        self.interval = (self.interval * 2).min(self.longest);
        self.repeat_at = now + self.interval;
        Due::Repeat(Transmit { flow: self.flow, bytes: self.bytes.clone() })
    }

    /// When to poll again; `None` when it is over.
    pub fn next_timeout(&self) -> Option<Instant> {
        (!self.is_over).then(|| self.repeat_at.min(self.give_up_at))
    }

    fn end(&mut self) {
        self.is_over = true;
        self.bytes = Bytes::new();
    }
}
