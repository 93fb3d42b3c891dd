//! A response that is sent again and again until the peer says that it has it.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::{Config, Flow, Transmit};

#[derive(Debug, Clone)]
pub(super) struct Repetition {
    flow: Flow,
    bytes: Bytes,
    interval: Duration,
    longest: Duration,
    repeat_at: Instant,
    give_up_at: Instant,
    is_over: bool,
}

/// What [`super::Answer::poll`] and [`super::Progress::poll`] ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Nothing before that moment.
    Later(Instant),
    /// Send this and poll again.
    Repeat(Transmit),
    /// 64*T1 have passed and nothing came. Told once, then [`Due::Done`].
    GiveUp,
    /// The peer has it, or it was given up.
    Done,
}

impl Repetition {
    /// For 64*T1, at intervals that double from T1 up to `longest`.
    pub(super) fn new(now: Instant, config: &Config, flow: Flow, bytes: Bytes, longest: Duration) -> Repetition {
        let t1 = config.t1;
        Repetition {
            flow,
            bytes,
            interval: t1,
            longest,
            repeat_at: now + t1,
            give_up_at: now + t1 * 64,
            is_over: false,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) fn end(&mut self) {
        self.is_over = true;
        self.bytes = Bytes::new();
    }

    pub(super) fn poll(&mut self, now: Instant) -> Due {
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

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        (!self.is_over).then(|| self.repeat_at.min(self.give_up_at))
    }
}
