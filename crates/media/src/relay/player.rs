//! A playlist on its way to a leg: a frame every 20 ms.

use std::time::Instant;

use super::{
    format::Coding,
    voice::{PACKET_TIME, Stamp, Voice},
};
use crate::{
    FRAME,
    coder::Rate,
    playlist::{Playlist, Reader},
};

pub(super) struct Player {
    playlist: Reader,
    due: Instant,
    /// Of the next packet, once the first was sent.
    timestamp: Option<u32>,
    /// Whether its end is told.
    told: bool,
}

/// Nothing is left to be played.
#[derive(Debug)]
pub(super) struct Over;

impl Player {
    pub(super) fn new(playlist: Playlist, now: Instant) -> Self {
        Self { playlist: Reader::new(playlist), due: now, timestamp: None, told: true }
    }

    /// One whose end is nobody's business.
    pub(super) fn untold(playlist: Playlist, now: Instant) -> Self {
        Self { told: false, ..Self::new(playlist, now) }
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn is_told(&self) -> bool {
        self.told
    }

    /// Writes the next packet, if it is due.
    pub(super) fn play(
        &mut self,
        now: Instant,
        voice: &mut Voice,
        coding: Coding,
        packet: &mut Vec<u8>,
    ) -> Result<bool, Over> {
        if now < self.due {
            return Ok(false);
        }
        let mut frame = [0; FRAME];
        if !self.playlist.read(&mut frame) {
            return Err(Over);
        }
        let timestamp = self.timestamp.unwrap_or_else(|| voice.timestamp(coding.codec, now));
        let stamp = Stamp { payload_type: coding.payload_type, timestamp, marker: self.timestamp.is_none() };
        voice.say(&frame, Rate::Narrow, coding.codec, stamp, packet);
        self.timestamp = Some(timestamp.wrapping_add(coding.codec.ticks(PACKET_TIME)));
        // Counted from when it was due and not from now, so that a late wake-up does not slow the speech.
        self.due += PACKET_TIME;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{codec::Codec, prompt::Prompt, rtp};

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an Instant can be had from nowhere else; only differences matter")]
    fn packets_are_paced_and_numbered() {
        let start = Instant::now();
        for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
            let mut voice = Voice::new(u64::MAX, start);
            let mut player = Player::new(Prompt::new(vec![500; FRAME * 2]).into(), start);
            let coding = Coding { codec, payload_type: 99 };
            let (mut first, mut second) = (Vec::new(), Vec::new());
            assert!(player.play(start, &mut voice, coding, &mut first).unwrap());
            assert!(!player.play(start + Duration::from_millis(19), &mut voice, coding, &mut second).unwrap());
            assert!(player.play(start + PACKET_TIME, &mut voice, coding, &mut second).unwrap());
            let (first, second) = (rtp::parse(&first).unwrap(), rtp::parse(&second).unwrap());
            assert!(first.header.marker && !second.header.marker);
            assert_eq!(first.header.payload_type, 99);
            assert_eq!(second.header.sequence, first.header.sequence.wrapping_add(1));
            let ticks = if codec == Codec::Opus { 960 } else { 160 };
            assert_eq!(second.header.timestamp, first.header.timestamp.wrapping_add(ticks));
            assert_eq!(second.header.ssrc, first.header.ssrc);
            let end = player.play(start + PACKET_TIME * 2, &mut voice, coding, &mut Vec::new());
            assert!(end.is_err(), "two frames, and then the end");
        }
    }
}
