//! Packet indices: the 16 bits of a sequence number and, above them, how often it has rolled over. A counter is never
//! sent, so both sides keep it for each stream, through holds and while other streams take turns (RFC 3711 section 3.3).

use crate::{
    rtp,
    sequence::{Window, extend},
};

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
    window: Window,
}

impl Indices {
    /// The index that a packet most likely has (RFC 3711 section 3.3.1). None is below zero or past the last.
    pub(super) fn guess(&self, header: rtp::Header) -> Option<u64> {
        match self.window(header.ssrc).and_then(Window::highest) {
            None => Some(u64::from(header.sequence)),
            Some(highest) => extend(highest, header.sequence).filter(|index| *index <= LAST),
        }
    }

    pub(super) fn is_replayed(&self, ssrc: u32, index: u64) -> bool {
        self.window(ssrc).is_some_and(|window| window.has(index))
    }

    pub(super) fn seen(&mut self, ssrc: u32, index: u64) {
        if self.streams.last().is_none_or(|last| last.ssrc != ssrc) {
            let position = self.streams.iter().position(|stream| stream.ssrc == ssrc);
            let stream = position.map_or(Stream { ssrc, window: Window::default() }, |at| self.streams.remove(at));
            if self.streams.len() == STREAMS {
                self.streams.remove(0);
            }
            self.streams.push(stream);
        }
        if let Some(stream) = self.streams.last_mut() {
            stream.window.add(index);
        }
    }

    fn window(&self, ssrc: u32) -> Option<&Window> {
        self.streams.iter().rev().find(|stream| stream.ssrc == ssrc).map(|stream| &stream.window)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.streams.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
