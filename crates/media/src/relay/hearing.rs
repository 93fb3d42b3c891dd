//! What a leg says, as samples in their order: for a recording, or for the other leg in another codec.
//!
//! A packet that comes in order is heard at once. One that comes early waits for those before it, for a short while;
//! then what is missing is taken for lost. So nothing is late where nothing was disturbed.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    codec::Codec,
    coder::{Decoder, Rate},
    rtp,
    sequence::extend,
};

/// How long a packet waits for one before it.
const PATIENCE: Duration = Duration::from_millis(60);
/// Packets that wait at most, and a gap that is no loss but a stream that began anew.
const WAITING: usize = 16;
const RESTART: u64 = 3_000;

/// Samples, and when they are said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) samples: &'a [i16],
    /// In ticks of the codec's clock; goes on where the 32 bits of RTP end. Starts anew with the stream.
    pub(super) timestamp: i64,
    pub(super) codec: Codec,
    /// The first of its stream.
    pub(super) begins: bool,
}

pub(super) struct Hearing {
    rate: Rate,
    decoder: Option<Decoder>,
    stream: Option<Stream>,
    waiting: BTreeMap<u64, Waiting>,
    samples: Vec<i16>,
}

struct Stream {
    ssrc: u32,
    /// The number that the next packet has in its turn.
    next: u64,
    timestamp: i64,
    last: u32,
    begins: bool,
}

struct Waiting {
    timestamp: u32,
    codec: Option<Codec>,
    payload: Vec<u8>,
    until: Instant,
}

impl Hearing {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, decoder: None, stream: None, waiting: BTreeMap::new(), samples: Vec::new() }
    }

    /// A packet came. What can be heard now is told in order. A packet without a codec is no speech, a key pressed for
    /// instance, but has its turn.
    pub(super) fn hear(
        &mut self,
        header: rtp::Header,
        payload: &[u8],
        codec: Option<Codec>,
        now: Instant,
        tell: &mut impl FnMut(Heard<'_>),
    ) {
        let index = self.index(header);
        let Some(stream) = &self.stream else { return };
        if index < stream.next {
            return;
        }
        if index == stream.next {
            self.decode(index, header.timestamp, codec, payload, tell);
            self.follow(tell);
            return;
        }
        let waiting = Waiting { timestamp: header.timestamp, codec, payload: payload.to_vec(), until: now + PATIENCE };
        self.waiting.insert(index, waiting);
        if self.waiting.len() > WAITING {
            self.give_up(tell);
        }
    }

    /// Hears what has waited long enough.
    pub(super) fn release(&mut self, now: Instant, tell: &mut impl FnMut(Heard<'_>)) {
        while self.due().is_some_and(|due| due <= now) {
            self.give_up(tell);
        }
    }

    /// When a packet will have waited long enough.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|(_, waiting)| waiting.until)
    }

    /// The packet's number in its stream; another stream replaces the one before.
    fn index(&mut self, header: rtp::Header) -> u64 {
        let known = self.stream.as_ref().filter(|stream| stream.ssrc == header.ssrc);
        let index = known.and_then(|stream| {
            extend(stream.next, header.sequence).filter(|index| index.abs_diff(stream.next) < RESTART)
        });
        index.unwrap_or_else(|| {
            self.waiting.clear();
            // With room below for packets that come late.
            let index = u64::from(header.sequence) + (1 << 16);
            let Self { stream, .. } = self;
            *stream =
                Some(Stream { ssrc: header.ssrc, next: index, timestamp: 0, last: header.timestamp, begins: true });
            index
        })
    }

    /// Takes what is missing before the first that waits for lost.
    fn give_up(&mut self, tell: &mut impl FnMut(Heard<'_>)) {
        if let (Some((&index, _)), Some(stream)) = (self.waiting.first_key_value(), &mut self.stream) {
            stream.next = index;
            self.follow(tell);
        }
    }

    /// Hears those whose turn it is.
    fn follow(&mut self, tell: &mut impl FnMut(Heard<'_>)) {
        while let Some(entry) = self.waiting.first_entry()
            && self.stream.as_ref().is_some_and(|stream| *entry.key() <= stream.next)
        {
            let (index, waiting) = entry.remove_entry();
            self.decode(index, waiting.timestamp, waiting.codec, &waiting.payload, tell);
        }
    }

    fn decode(
        &mut self,
        index: u64,
        timestamp: u32,
        codec: Option<Codec>,
        payload: &[u8],
        tell: &mut impl FnMut(Heard<'_>),
    ) {
        let Some(stream) = &mut self.stream else { return };
        stream.next = index + 1;
        stream.timestamp += i64::from(timestamp.wrapping_sub(stream.last).cast_signed());
        stream.last = timestamp;
        let Some(codec) = codec else { return };
        if self.decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
            self.decoder = Some(Decoder::new(codec, self.rate));
        }
        let Some(decoder) = &mut self.decoder else { return };
        self.samples.clear();
        decoder.decode(payload, &mut self.samples);
        if self.samples.is_empty() {
            return;
        }
        let begins = std::mem::take(&mut stream.begins);
        tell(Heard { samples: &self.samples, timestamp: stream.timestamp, codec, begins });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::Law;

    #[expect(clippy::disallowed_methods, reason = "an Instant can be had from nowhere else; only differences matter")]
    fn start() -> Instant {
        Instant::now()
    }

    /// The numbers of the packets whose samples were heard, each after `until` more milliseconds.
    fn heard(packets: &[(u16, u64)]) -> Vec<i64> {
        let start = start();
        let mut hearing = Hearing::new(Rate::Narrow);
        let mut heard = Vec::new();
        for &(sequence, milliseconds) in packets {
            let now = start + Duration::from_millis(milliseconds);
            let timestamp = u32::from(sequence).wrapping_mul(160);
            let header = rtp::Header { marker: false, payload_type: 0, sequence, timestamp, ssrc: 1 };
            let mut tell = |told: Heard<'_>| heard.push(told.timestamp / 160);
            hearing.release(now, &mut tell);
            hearing.hear(header, &[Law::Mu.encode(500); 160], Some(Codec::Pcmu), now, &mut tell);
        }
        heard
    }

    #[test]
    fn packets_are_heard_in_order_and_once() {
        assert_eq!(heard(&[(10, 0), (12, 20), (11, 21), (11, 22), (13, 40)]), [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_lost_is_waited_for_and_then_given_up() {
        assert_eq!(heard(&[(10, 0), (12, 20), (13, 40), (14, 60)]), [0], "still waiting");
        assert_eq!(heard(&[(10, 0), (12, 20), (13, 40), (14, 81), (11, 90)]), [0, 2, 3, 4]);
    }

    #[test]
    fn numbers_roll_over_and_a_jump_begins_anew() {
        assert_eq!(heard(&[(65_535, 0), (0, 20), (1, 40)]).len(), 3);
        assert_eq!(heard(&[(10, 0), (40_000, 20), (40_001, 40)]), [0, 0, 1]);
    }

    #[test]
    fn a_key_takes_its_turn_and_says_nothing() {
        let start = start();
        let mut hearing = Hearing::new(Rate::Narrow);
        let mut heard = Vec::new();
        for (sequence, codec) in [(1, Some(Codec::Pcmu)), (3, None), (2, None), (4, Some(Codec::Pcmu))] {
            let timestamp = u32::from(sequence) * 160;
            let header = rtp::Header { marker: false, payload_type: 0, sequence, timestamp, ssrc: 1 };
            hearing.hear(header, &[0xff; 160], codec, start, &mut |told| heard.push(told.timestamp / 160));
        }
        assert_eq!(heard, [0, 3]);
    }

    #[test]
    fn a_flood_of_gaps_is_bounded() {
        let start = start();
        let mut hearing = Hearing::new(Rate::Narrow);
        for sequence in (0..60_000).step_by(2) {
            let header = rtp::Header { marker: false, payload_type: 0, sequence, timestamp: 0, ssrc: 1 };
            hearing.hear(header, &[0; 160], Some(Codec::Pcmu), start, &mut |_| ());
            assert!(hearing.waiting.len() <= WAITING);
        }
    }
}
