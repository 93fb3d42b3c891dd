//! What is to be recorded, and until when.

use std::{path::PathBuf, time::Duration};

use super::Leg;

#[derive(Debug, Clone)]
pub struct RecordRequest {
    /// The file to be written: WAV, 8 kHz, 16 bit. One that exists is replaced.
    pub path: PathBuf,
    pub tracks: Tracks,
    /// How often both legs hear a short beep, so that they know.
    pub beep: Option<Duration>,
    pub longest: Duration,
    /// Ends when nobody was heard for that long.
    pub until_silence: Option<Duration>,
    /// Ends with any key.
    pub until_digit: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracks {
    /// One channel: what this leg says.
    One(Leg),
    /// Two channels: A says left, B says right.
    Both,
}

impl RecordRequest {
    /// A message or a greeting: one leg, until it falls silent, a key, or its longest.
    pub fn message(path: impl Into<PathBuf>, leg: Leg, longest: Duration) -> Self {
        Self {
            path: path.into(),
            tracks: Tracks::One(leg),
            beep: None,
            longest,
            until_silence: Some(Duration::from_secs(5)),
            until_digit: true,
        }
    }

    /// A call: both legs, until it is stopped or over.
    pub fn call(path: impl Into<PathBuf>, longest: Duration) -> Self {
        Self { path: path.into(), tracks: Tracks::Both, beep: None, longest, until_silence: None, until_digit: false }
    }
}
