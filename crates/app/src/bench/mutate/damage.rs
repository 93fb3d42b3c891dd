//! Messages that were damaged in a few places, and packets that look like sound as often as not. The same seed gives the same.

/// Bytes that matter to a parser.
const TELLING: &[u8] = b"\r\n\0 \t:;,<>\"\\@?=%/[]()*&-+.09azAZ\x80\xff";
/// Longer than any message that is taken.
const LONGEST: usize = 70_000;

pub struct Damage {
    random: u64,
    corpus: Vec<Vec<u8>>,
    sequence: u16,
}

impl Damage {
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>) -> Self {
        Self { random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, corpus, sequence: 0 }
    }

    /// Xorshift: quick, and good enough to break things with.
    fn next(&mut self) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random >> 16).unwrap_or_default()
    }

    fn below(&mut self, bound: usize) -> usize {
        self.next() % bound.max(1)
    }

    /// One of the corpus, with up to eight things wrong.
    pub fn message(&mut self) -> Vec<u8> {
        let at = self.below(self.corpus.len());
        let mut message = self.corpus[at].clone();
        for _ in 0..=self.below(8) {
            self.damage(&mut message);
        }
        message.truncate(LONGEST);
        message
    }

    fn damage(&mut self, message: &mut Vec<u8>) {
        let at = self.below(message.len() + 1);
        let end = (at + self.below(200)).min(message.len());
        match self.below(8) {
            0 => message.insert(at, TELLING[self.below(TELLING.len())]),
            1 if at < message.len() => message[at] = TELLING[self.below(TELLING.len())],
            2 if at < message.len() => message[at] = self.next().to_le_bytes()[0],
            3 => message.truncate(at.max(message.len() / 2)),
            4 => drop(message.drain(at..end)),
            5 => {
                let part = message[at..end].to_vec();
                message.splice(at..at, part.repeat(1 + self.below(20)));
            }
            6 => {
                // A part of another message.
                let other = self.below(self.corpus.len());
                let other = self.corpus[other].clone();
                let from = self.below(other.len() + 1);
                let to = (from + self.below(300)).min(other.len());
                message.splice(at..end, other[from..to].iter().copied());
            }
            _ => {
                let number =
                    [b"0".as_slice(), b"-1", b"4294967296", b"99999999999999999999", b"%00", b"\xf0\x9f\x93\x9e"];
                message.splice(at..at, number[self.below(number.len())].iter().copied());
            }
        }
    }

    pub fn packet(&mut self) -> Vec<u8> {
        let length = self.below(400);
        let mut packet: Vec<u8> = (0..length).map(|_| self.next().to_le_bytes()[0]).collect();
        if length >= 12 && self.below(2) == 0 {
            self.sequence = self.sequence.wrapping_add(1);
            let kinds = [0, 8, 101, 0x80, 200, 201, 111, 9];
            packet[0] = 0x80;
            packet[1] = kinds[self.below(kinds.len())];
            packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        }
        packet
    }
}
