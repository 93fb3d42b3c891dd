//! One leg of a recording.

use std::collections::VecDeque;

use super::super::{
    Leg,
    hearing::{Heard, Hearing},
};
use crate::{RATE, coder::Rate};

/// A stream that is that far off the clock is put right: its timestamps stood still on hold, or jumped.
const DRIFT: u64 = RATE as u64 / 2;

pub(super) struct Track {
    pub(super) leg: Leg,
    pub(super) hearing: Hearing,
    /// A timestamp of the stream, and the place of its sample.
    pub(super) anchor: Option<(i64, u64)>,
    /// Samples from `flushed` on.
    pub(super) placed: VecDeque<i16>,
}
impl Track {
    pub(super) fn new(leg: Leg) -> Self {
        Self { leg, hearing: Hearing::new(Rate::Narrow), anchor: None, placed: VecDeque::new() }
    }
}

/// Puts samples where they belong. `time` is how far the recording is.
pub(super) fn place(
    heard: Heard<'_>,
    anchor: &mut Option<(i64, u64)>,
    placed: &mut VecDeque<i16>,
    time: u64,
    flushed: u64,
) {
    let place = anchor.filter(|_| !heard.begins).and_then(|(timestamp, place)| {
        let ahead = (heard.timestamp - timestamp) * i64::from(RATE) / i64::from(heard.codec.clock());
        place.checked_add_signed(ahead).filter(|place| place.abs_diff(time) <= DRIFT)
    });
    let place = place.unwrap_or_else(|| {
        *anchor = Some((heard.timestamp, time));
        time
    });
    // What is too late for its place was given to the disk as silence.
    let late = usize::try_from(flushed.saturating_sub(place)).unwrap_or(usize::MAX).min(heard.samples.len());
    let first = usize::try_from(place.saturating_sub(flushed)).unwrap_or_default();
    let samples = &heard.samples[late..];
    if placed.len() < first + samples.len() {
        placed.resize(first + samples.len(), 0);
    }
    for (place, &sample) in placed.range_mut(first..first + samples.len()).zip(samples) {
        *place = sample;
    }
}
