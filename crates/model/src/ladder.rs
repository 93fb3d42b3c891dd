//! The messages of one call in one piece: put together when the call ends, and taken apart when somebody looks at it.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::call::PARTY_NAME_MAX;
use crate::call_report::LadderStep;
use crate::text::is_unprintable;

/// The most messages of a call that are kept, and of the text of each.
pub const LADDER_MAX: usize = 100;
pub const LADDER_TEXT_MAX: usize = 2_000;
/// The longest that [`Ladder::as_bytes`] can be: a character takes up to four bytes.
pub const LADDER_BYTES_MAX: usize = LADDER_MAX * (HEAD + 4 * (PARTY_NAME_MAX + LADDER_TEXT_MAX));

/// Before the title and the text of a step: time (µs since 1970), leg, whether it was received, and the lengths of both.
const HEAD: usize = 8 + 2 + 1 + 2 + 4;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ladder {
    bytes: Vec<u8>,
    len: usize,
}

/// Bytes that are no ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("cut off or damaged")]
pub struct BrokenLadder;

impl Ladder {
    /// Room for so many bytes of text.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), len: 0 }
    }

    /// Adds a message, unless there are too many. What phones sent is cut to a length and cleaned, so that no call can fill
    /// the database.
    pub fn push(&mut self, at: DateTime<Utc>, leg: u16, received: bool, title: &str, text: impl AsRef<[u8]>) {
        if self.len == LADDER_MAX {
            return;
        }
        self.len += 1;
        self.bytes.extend_from_slice(&at.timestamp_micros().to_le_bytes());
        self.bytes.extend_from_slice(&leg.to_le_bytes());
        self.bytes.push(received.into());
        let lengths = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 6]);
        let title = self.put(title.as_bytes(), PARTY_NAME_MAX, false);
        let text = self.put(text.as_ref(), LADDER_TEXT_MAX, true);
        let title = u16::try_from(title).unwrap_or(u16::MAX).to_le_bytes();
        let text = u32::try_from(text).unwrap_or(u32::MAX).to_le_bytes();
        for (place, byte) in self.bytes.iter_mut().skip(lengths).zip(title.into_iter().chain(text)) {
            *place = byte;
        }
    }

    /// Up to `max` characters of a text, and how many bytes they take.
    fn put(&mut self, text: &[u8], max: usize, has_lines: bool) -> usize {
        let is_kept = |c: char| has_lines && c == '\n' || !is_unprintable(c);
        let before = self.bytes.len();
        // Nearly all of it is: told without a look at each character. Lines keep their ends until they are read.
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') || (has_lines && matches!(byte, b'\r' | b'\n'));
        // In pieces without a way out, which the compiler makes a few instructions of.
        let all_plain = |piece: &[u8]| piece.iter().fold(true, |all, byte| all & is_plain(*byte));
        if text.len() <= max && text.chunks(64).all(all_plain) {
            self.bytes.extend_from_slice(text);
        } else {
            let mut bytes = [0; 4];
            for c in String::from_utf8_lossy(text).chars().filter(|c| is_kept(*c)).take(max) {
                self.bytes.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
            }
        }
        self.bytes.len() - before
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn steps(&self) -> Vec<LadderStep> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(|| step(&mut rest)).collect()
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What [`Self::as_bytes`] gave.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, BrokenLadder> {
        let (mut rest, mut len) = (&bytes[..], 0);
        while !rest.is_empty() {
            step(&mut rest).ok_or(BrokenLadder)?;
            len += 1;
        }
        Ok(Self { bytes, len })
    }
}

impl FromIterator<LadderStep> for Ladder {
    fn from_iter<T: IntoIterator<Item = LadderStep>>(steps: T) -> Self {
        let mut ladder = Self::default();
        for step in steps {
            ladder.push(step.at, step.leg, step.received, &step.title, &step.text);
        }
        ladder
    }
}

/// The first step of what is left. `None`: nothing is left, or no step.
fn step(rest: &mut &[u8]) -> Option<LadderStep> {
    let at = DateTime::from_timestamp_micros(i64::from_le_bytes(*take(rest)?))?;
    let leg = u16::from_le_bytes(*take(rest)?);
    let [received] = *take(rest)?;
    let title = u16::from_le_bytes(*take(rest)?).into();
    let text = u32::from_le_bytes(*take(rest)?);
    let title = words(rest, title)?;
    let text = words(rest, usize::try_from(text).ok()?)?.replace('\r', "");
    Some(LadderStep { at, leg, received: received != 0, title, text })
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(taken)
}

fn words(rest: &mut &[u8], length: usize) -> Option<String> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    String::from_utf8(taken.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(n: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_790_000_000_000_000 + n).unwrap()
    }

    fn ladder() -> Ladder {
        let mut ladder = Ladder::default();
        ladder.push(at(0), 0, true, "INVITE", "INVITE sip:élodie@harbor.example SIP/2.0\nTo: <sip:201@h>\n\nv=0\n");
        ladder.push(at(14_000), 3, false, "180 Ringing", "");
        ladder
    }

    #[test]
    fn steps_come_back_as_they_were_put() {
        let steps = ladder().steps();
        let [first, second] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!((first.at, first.leg, first.received, first.title.as_str()), (at(0), 0, true, "INVITE"));
        assert_eq!(first.text, "INVITE sip:élodie@harbor.example SIP/2.0\nTo: <sip:201@h>\n\nv=0\n");
        assert_eq!((second.at, second.leg, second.received, second.text.as_str()), (at(14_000), 3, false, ""));
        assert_eq!(Ladder::parse(ladder().as_bytes().to_vec()), Ok(ladder()));
        assert_eq!(steps.into_iter().collect::<Ladder>(), ladder());
    }

    #[test]
    fn what_is_cut_off_is_no_ladder() {
        let bytes = ladder().as_bytes().to_vec();
        let second = bytes.len() - HEAD - "180 Ringing".len();
        for end in (1..bytes.len()).filter(|end| *end != second) {
            assert_eq!(Ladder::parse(bytes[..end].to_vec()), Err(BrokenLadder), "cut at {end}");
        }
        assert_eq!(Ladder::parse(vec![0xff; 64]), Err(BrokenLadder));
    }

    #[test]
    fn a_ladder_is_kept_within_bounds() {
        let mut ladder = Ladder::default();
        for _ in 0..LADDER_MAX + 50 {
            ladder.push(at(0), 0, true, &"x\u{1b}".repeat(500), "é\n\u{1b}".repeat(LADDER_TEXT_MAX));
        }
        let steps = ladder.steps();
        assert_eq!((ladder.len(), steps.len()), (LADDER_MAX, LADDER_MAX));
        assert_eq!(steps[0].title.chars().count(), PARTY_NAME_MAX);
        assert_eq!(steps[0].text.chars().count(), LADDER_TEXT_MAX);
        assert!(!steps[0].text.contains('\u{1b}'));
        assert!(ladder.as_bytes().len() <= LADDER_BYTES_MAX);
    }
}
