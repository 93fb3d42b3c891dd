//! Packet indices: the 16 bits of a sequence number and, above them, how often it has rolled over. A counter is never
//! sent, so both sides keep it for each stream, through holds and while other streams take turns (RFC 3711 section 3.3).

use crate::rtp;

/// Streams remembered. A phone has one, and another after a transfer or its own restart.
const STREAMS: usize = 8;

/// The packet after which a key has to be changed (RFC 3711 section 9.2).
const LAST: u64 = (1 << 48) - 1;

/// The streams of one key, the one heard last at the end.
#[derive(Default)]
pub(super) struct Indices {
    streams: Vec<Stream>,
}

struct Stream {
    ssrc: u32,
    window: ReplayWindow,
}

impl Indices {
    /// The index that a packet most likely has (RFC 3711 section 3.3.1). None is below zero or past the last.
    pub(super) fn guess(&self, header: rtp::Header) -> Option<u64> {
        let sequence = u64::from(header.sequence);
        let Some(highest) = self.window(header.ssrc).and_then(ReplayWindow::highest) else { return Some(sequence) };
        let (counter, last) = (highest >> 16, highest & 0xffff);
        let counter = if last < 0x8000 {
            if sequence > last + 0x8000 { counter.checked_sub(1)? } else { counter }
        } else if sequence < last - 0x8000 {
            counter + 1
        } else {
            counter
        };
        Some(counter << 16 | sequence).filter(|index| *index <= LAST)
    }

    pub(super) fn is_replayed(&self, ssrc: u32, index: u64) -> bool {
        self.window(ssrc).is_some_and(|window| window.is_replayed(index))
    }

    pub(super) fn seen(&mut self, ssrc: u32, index: u64) {
        if self.streams.last().is_none_or(|last| last.ssrc != ssrc) {
            let position = self.streams.iter().position(|stream| stream.ssrc == ssrc);
            let stream =
                position.map_or(Stream { ssrc, window: ReplayWindow::default() }, |at| self.streams.remove(at));
            if self.streams.len() == STREAMS {
                self.streams.remove(0);
            }
            self.streams.push(stream);
        }
        if let Some(stream) = self.streams.last_mut() {
            stream.window.seen(index);
        }
    }

    fn window(&self, ssrc: u32) -> Option<&ReplayWindow> {
        self.streams.iter().rev().find(|stream| stream.ssrc == ssrc).map(|stream| &stream.window)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.streams.len()
    }
}

/// Which of the last packets were received (RFC 3711 section 3.3.2).
#[derive(Default)]
pub(super) struct ReplayWindow {
    highest: Option<u64>,
    /// The lowest bit is the highest packet, the next the one before it.
    received: u128,
}

impl ReplayWindow {
    fn highest(&self) -> Option<u64> {
        self.highest
    }

    pub(super) fn is_replayed(&self, index: u64) -> bool {
        let Some(age) = self.highest.and_then(|highest| highest.checked_sub(index)) else { return false };
        u32::try_from(age).ok().and_then(|age| self.received.checked_shr(age)).is_none_or(|received| received & 1 == 1)
    }

    pub(super) fn seen(&mut self, index: u64) {
        let Some(highest) = self.highest else {
            *self = Self { highest: Some(index), received: 1 };
            return;
        };
        if index > highest {
            let ahead = u32::try_from(index - highest).unwrap_or(u32::MAX);
            self.received = self.received.checked_shl(ahead).unwrap_or_default() | 1;
            self.highest = Some(index);
        } else if let Some(bit) = u32::try_from(highest - index).ok().and_then(|age| 1_u128.checked_shl(age)) {
            self.received |= bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packet_of_the_window_passes_once() {
        let mut window = ReplayWindow::default();
        for index in [1000, 1002, 1001, 1127, 1500, 1400] {
            assert!(!window.is_replayed(index), "{index}");
            window.seen(index);
            assert!(window.is_replayed(index), "{index}");
        }
        assert!(window.is_replayed(1002), "older than the window");
        assert!(!window.is_replayed(1401));
    }

    #[test]
    fn before_the_first_packet_there_is_nothing_to_guess() {
        let header = |sequence| rtp::Header { marker: false, payload_type: 0, sequence, timestamp: 0, ssrc: 1 };
        let mut indices = Indices::default();
        assert_eq!(indices.guess(header(65_535)), Some(65_535));
        indices.seen(1, 65_535);
        assert_eq!(indices.guess(header(0)), Some(65_536));
        indices.seen(1, 65_536);
        assert_eq!(indices.guess(header(65_534)), Some(65_534));
        let mut fresh = Indices::default();
        fresh.seen(1, 3);
        assert_eq!(fresh.guess(header(65_534)), None, "from before the beginning");
    }

    #[test]
    fn streams_are_bounded_and_the_oldest_is_forgotten() {
        let mut indices = Indices::default();
        for ssrc in 0..100 {
            indices.seen(ssrc, 70_000);
            indices.seen(0, 70_000 + u64::from(ssrc));
        }
        assert_eq!(indices.len(), STREAMS);
        assert!(indices.is_replayed(0, 70_050), "the stream that is heard stays");
        assert!(!indices.is_replayed(5, 70_000));
    }
}
