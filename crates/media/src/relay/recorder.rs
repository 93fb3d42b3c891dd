//! A recording while it grows: what is said, at the time when it was said.
//!
//! Each leg's samples are placed by their timestamps, from where their stream began on the clock of the recording. So a
//! gap, comfort noise or a hold is silence as long as it lasted, and both channels stay together. What is placed is
//! handed to the disk a moment later, when packets that come late are there too.

mod level;
#[cfg(test)]
mod tests;
mod track;

use std::time::{Duration, Instant};

use self::{
    level::Level,
    track::{Track, place},
};
use super::{
    Leg,
    disk::Disk,
    event::{Ended, Recorded},
    record::{RecordRequest, Tracks},
};
use crate::{FRAME, RATE, codec::Codec, rtp};

/// How long after they were said samples go to the disk.
const LAG: u64 = RATE as u64 * 3 / 10;
/// How often that is done, and how many samples make a block.
const FLUSH: Duration = Duration::from_millis(200);
const BLOCK: usize = RATE as usize;
/// Silence that is left at the end of a recording that silence ended.
const TAIL: u64 = RATE as u64 / 2;
pub(super) struct Recorder {
    request: RecordRequest,
    disk: Disk,
    file: u64,
    begun: Instant,
    /// Since when it is paused, and how long it was before.
    paused: Option<Instant>,
    pauses: Duration,
    tracks: Vec<Track>,
    /// Samples of each channel that went into blocks.
    flushed: u64,
    block: Vec<i16>,
    block_position: u64,
    level: Level,
    next_flush: Instant,
    next_beep: Option<Instant>,
}

impl Recorder {
    pub(super) fn new(request: RecordRequest, session: u64, disk: Disk, now: Instant) -> Self {
        let legs = match request.tracks {
            Tracks::One(leg) => vec![leg],
            Tracks::Both => vec![Leg::A, Leg::B],
        };
        let tracks: Vec<_> = legs.into_iter().map(Track::new).collect();
        let nothing = Recorded {
            path: request.path.clone(),
            duration: Duration::ZERO,
            reason: Ended::Failed,
            voiced: Duration::ZERO,
            peak: 0,
            samples: 0,
        };
        let channels = u16::try_from(tracks.len()).unwrap_or(1);
        let file = disk.open(channels, session, tracks[0].leg, nothing);
        Self {
            next_beep: request.beep.map(|_| now),
            request,
            disk,
            file,
            begun: now,
            paused: None,
            pauses: Duration::ZERO,
            tracks,
            flushed: 0,
            block: Vec::new(),
            block_position: 0,
            level: Level::default(),
            next_flush: now + FLUSH,
        }
    }

    /// A packet came from a leg; without a codec if it is no speech.
    pub(super) fn hear(&mut self, leg: Leg, header: rtp::Header, payload: &[u8], codec: Option<Codec>, now: Instant) {
        if self.paused.is_some() {
            return;
        }
        let (time, flushed) = (self.time(now), self.flushed);
        if let Some(Track { hearing, anchor, placed, .. }) = self.tracks.iter_mut().find(|track| track.leg == leg) {
            hearing.hear(header, payload, codec, now, &mut |heard| place(heard, anchor, placed, time, flushed));
        }
    }

    /// Whether a key pressed on that leg ends it.
    pub(super) fn ends_with_digit(&self, leg: Leg) -> bool {
        self.request.until_digit && self.tracks.iter().any(|track| track.leg == leg)
    }

    pub(super) fn pause(&mut self, paused: bool, now: Instant) {
        match (paused, self.paused) {
            (true, None) => {
                self.flush(self.time(now));
                self.paused = Some(now);
            }
            (false, Some(since)) => {
                self.pauses += now.saturating_duration_since(since);
                self.paused = None;
                for track in &mut self.tracks {
                    *track = Track::new(track.leg);
                }
            }
            _ => {}
        }
    }

    /// When `tick` has something to do.
    pub(super) fn due(&self) -> Instant {
        let waiting = self.tracks.iter().filter_map(|track| track.hearing.due());
        waiting.chain(self.next_beep).fold(self.next_flush, Instant::min)
    }

    /// Goes on with what is due; why the recording ends, if it does.
    pub(super) fn tick(&mut self, now: Instant) -> Option<Ended> {
        let (time, flushed) = (self.time(now), self.flushed);
        for Track { hearing, anchor, placed, .. } in &mut self.tracks {
            hearing.release(now, &mut |heard| place(heard, anchor, placed, time, flushed));
        }
        if now >= self.next_flush {
            self.next_flush = now + FLUSH;
            self.flush(time.saturating_sub(LAG));
        }
        if time >= samples(self.request.longest) {
            return Some(Ended::Longest);
        }
        let quiet = self.level.quiet * FRAME as u64;
        let is_silent = self.request.until_silence.is_some_and(|silence| quiet >= samples(silence));
        is_silent.then_some(Ended::Silence)
    }

    /// Whether it is time that both legs hear a beep.
    pub(super) fn beeps(&mut self, now: Instant) -> bool {
        let Some((due, every)) = self.next_beep.zip(self.request.beep).filter(|(due, _)| *due <= now) else {
            return false;
        };
        self.next_beep = Some(due.max(now) + every.max(Duration::from_secs(1)));
        self.paused.is_none()
    }

    /// Hands the rest to the disk, which tells of the end when the file is complete.
    pub(super) fn end(mut self, reason: Ended, now: Instant) {
        self.flush(self.time(now).min(samples(self.request.longest)));
        self.send();
        let samples = match reason {
            Ended::Silence => self.flushed.min((self.flushed + TAIL).saturating_sub(self.level.quiet * FRAME as u64)),
            _ => self.flushed,
        };
        let recorded = Recorded {
            path: self.request.path,
            duration: duration(samples),
            reason,
            voiced: duration(self.level.voiced * FRAME as u64),
            peak: self.level.peak,
            samples,
        };
        self.disk.close(self.file, recorded);
    }

    /// How far the recording is, in samples.
    fn time(&self, now: Instant) -> u64 {
        let until = self.paused.unwrap_or(now);
        samples(until.saturating_duration_since(self.begun).saturating_sub(self.pauses))
    }

    fn flush(&mut self, until: u64) {
        let count = usize::try_from(until.saturating_sub(self.flushed)).unwrap_or_default();
        let channels = self.tracks.len();
        let start = self.block.len();
        self.block.resize(start + count * channels, 0);
        for (channel, track) in self.tracks.iter_mut().enumerate() {
            let length = count.min(track.placed.len());
            let places = self.block[start..].iter_mut().skip(channel).step_by(channels);
            for (place, sample) in places.zip(track.placed.drain(..length)) {
                *place = sample;
            }
        }
        self.level.hear(&self.block[start..], channels);
        self.flushed += count as u64;
        if self.block.len() >= BLOCK * channels {
            self.send();
        }
    }

    fn send(&mut self) {
        self.disk.write(self.file, self.block_position, std::mem::take(&mut self.block));
        self.block_position = self.flushed;
    }
}

fn samples(time: Duration) -> u64 {
    u64::try_from(time.as_micros() * u128::from(RATE) / 1_000_000).unwrap_or(u64::MAX)
}

fn duration(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(RATE))
}
