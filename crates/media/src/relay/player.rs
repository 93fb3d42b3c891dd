//! A prompt on its way to a leg: a packet of G.711 every 20 ms, with a stream identity of its own.

use std::time::{Duration, Instant};

use crate::{
    FRAME,
    g711::Law,
    playlist::{Playlist, Reader},
    rtp,
};

pub(super) const PACKET_TIME: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Player {
    playlist: Reader,
    law: Law,
    begun: bool,
    due: Instant,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
}

impl Player {
    /// `random` makes the stream's SSRC and where its numbers begin (RFC 3550 section 5.1).
    pub(super) fn new(playlist: Playlist, law: Law, now: Instant, random: u64) -> Self {
        Self {
            playlist: Reader::new(playlist),
            law,
            begun: false,
            due: now,
            sequence: low16(random),
            timestamp: low32(random >> 8),
            ssrc: low32(random >> 32),
        }
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// The next packet, if it is due; `Err` when the prompt has ended.
    pub(super) fn packet(&mut self, now: Instant) -> Result<Option<Vec<u8>>, Ended> {
        if now < self.due {
            return Ok(None);
        }
        let mut samples = [0; FRAME];
        if !self.playlist.read(&mut samples) {
            return Err(Ended);
        }
        let payload = samples.map(|sample| self.law.encode(sample));
        let header = rtp::Header {
            // The first packet after silence (RFC 3551 section 4.1).
            marker: !self.begun,
            payload_type: self.law.payload_type(),
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        };
        self.begun = true;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(u32::try_from(FRAME).unwrap_or_default());
        // Counted from when it was due and not from now, so that a late wake-up does not slow the speech.
        self.due += PACKET_TIME;
        Ok(Some(header.packet(&payload)))
    }
}

#[derive(Debug)]
pub(super) struct Ended;

fn low16(bits: u64) -> u16 {
    u16::try_from(bits & 0xffff).unwrap_or_default()
}

fn low32(bits: u64) -> u32 {
    u32::try_from(bits & 0xffff_ffff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::Prompt;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an Instant can be had from nowhere else; only differences matter")]
    fn packets_are_paced_and_numbered() {
        let start = Instant::now();
        let mut player = Player::new(Prompt::new(vec![500; FRAME * 2]).into(), Law::Mu, start, u64::MAX);
        let first = player.packet(start).unwrap().unwrap();
        assert!(player.packet(start + Duration::from_millis(19)).unwrap().is_none());
        let second = player.packet(start + PACKET_TIME).unwrap().unwrap();
        let (first, second) = (rtp::parse(&first).unwrap(), rtp::parse(&second).unwrap());
        assert_eq!(first.payload.len(), FRAME);
        assert!(first.header.marker && !second.header.marker);
        assert_eq!(second.header.sequence, first.header.sequence.wrapping_add(1));
        assert_eq!(second.header.timestamp, first.header.timestamp.wrapping_add(160));
        assert_eq!(second.header.ssrc, first.header.ssrc);
        assert!(player.packet(start + PACKET_TIME * 2).is_err(), "two frames, and then the end");
    }
}
