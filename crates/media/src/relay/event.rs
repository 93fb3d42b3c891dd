//! What the relay tells of by itself.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use super::Leg;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaEvent {
    /// `Session::id`.
    pub session: u64,
    pub leg: Leg,
    pub happened: Happened,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// What was to be played is over by itself; not told of what was stopped or replaced.
    Played,
    /// A key was pressed (RFC 4733), told once per press.
    Digit(char),
    /// A recording has ended and its file is complete. The leg is the one that was recorded; with both, A.
    Recorded(Recorded),
    /// No packet came from the leg for that long. Told once, and again only after the leg was heard.
    Silent { lasting: Duration },
}

/// A recording that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub path: PathBuf,
    pub duration: Duration,
    pub reason: Ended,
    /// How long somebody was heard in it. A message with next to nothing of it is silence.
    pub voiced: Duration,
    /// The loudest sample, 0 to 32,768.
    pub peak: u16,
    /// Samples in each channel, at 8 kHz.
    pub samples: u64,
}

/// Why a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// This key was pressed.
    Digit(char),
    /// Nobody was heard for as long as was allowed.
    Silence,
    /// It became as long as was allowed.
    Longest,
    /// `Session::stop_recording`, or another recording took its place.
    Stopped,
    /// The session was dropped.
    HungUp,
    /// The file could not be written; the log says why. What was written before is playable.
    Failed,
}

/// Where events go. It is called on the relay's threads, so it must not block.
#[derive(Clone)]
pub struct EventSink(Arc<dyn Fn(MediaEvent) + Send + Sync>);

impl EventSink {
    pub fn new(sink: impl Fn(MediaEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    pub(super) fn tell(&self, session: u64, leg: Leg, happened: Happened) {
        (self.0)(MediaEvent { session, leg, happened });
    }
}

/// Nobody is told.
impl Default for EventSink {
    fn default() -> Self {
        Self::new(|_| ())
    }
}

impl fmt::Debug for EventSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EventSink")
    }
}
