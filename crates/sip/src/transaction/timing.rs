//! Timers (RFC 3261 section 17 and its table 4).

use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    pub t1: Duration,
    pub t2: Duration,
    pub t4: Duration,
}

impl Timing {
    /// 64*T1: timers B, F, H, J, L, M, and D over UDP.
    pub fn patience(&self) -> Duration {
        self.t1 * 64
    }
}

/// What every event of a machine is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    pub now: Instant,
    pub timing: Timing,
    pub reliable: bool,
}

impl Context {
    /// How long a finished transaction stays to absorb repetitions: not at all over a reliable transport.
    pub fn linger(&self, time: Duration) -> Option<Duration> {
        (!self.reliable).then_some(time)
    }
}

/// The two moments a machine waits for: the next retransmission and its end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    repeat_at: Option<Instant>,
    interval: Duration,
    end_at: Option<Instant>,
}

/// Which of the two has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ring {
    Repeat,
    End,
}

impl Clock {
    /// Repeats after `interval` over unreliable transports.
    pub fn repeat(&mut self, cx: Context, interval: Duration) {
        self.interval = interval;
        self.repeat_at = (!cx.reliable).then(|| cx.now + interval);
    }

    /// Repeats again after twice the last interval, `longest` at most.
    pub fn repeat_doubled(&mut self, cx: Context, longest: Duration) {
        self.repeat(cx, (self.interval * 2).min(longest));
    }

    /// Rings once as a repetition, over any transport.
    pub fn once(&mut self, at: Instant) {
        self.repeat_at = Some(at);
    }

    pub fn stop_repeating(&mut self) {
        self.repeat_at = None;
    }

    /// Nothing more but the end, or not even that.
    pub fn end(&mut self, at: Option<Instant>) {
        *self = Clock { end_at: at, ..Clock::default() };
    }

    pub fn end_too(&mut self, at: Instant) {
        self.end_at = Some(at);
    }

    pub fn next(&self) -> Option<Instant> {
        match (self.repeat_at, self.end_at) {
            (Some(repeat), Some(end)) => Some(repeat.min(end)),
            (one, other) => one.or(other),
        }
    }

    /// What has come by `now`; the end wins.
    pub fn ring(&mut self, now: Instant) -> Option<Ring> {
        if self.end_at.is_some_and(|at| at <= now) {
            self.end(None);
            return Some(Ring::End);
        }
        if self.repeat_at.is_some_and(|at| at <= now) {
            self.repeat_at = None;
            return Some(Ring::Repeat);
        }
        None
    }
}
