//! Texts of an XLS file: those within a record, and the shared ones, which go on in the records that follow.

use crate::error::SheetError;
use crate::limits::Limits;
use crate::read::cfb::u16_at;

/// The shared strings, in one piece.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).map(|end| *end as usize))?;
        self.text.get(start..*self.ends.get(at)? as usize)
    }
}

/// How long the length in front of a string is.
#[derive(Clone, Copy)]
pub(super) enum Count {
    One,
    Two,
}

/// A string within one record; of one that is cut off, what there is.
pub(super) fn string(data: &[u8], count: Count) -> Option<String> {
    let (length, rest) = match count {
        Count::One => (usize::from(*data.first()?), data.get(1..)?),
        Count::Two => (usize::from(u16_at(data, 0)?), data.get(2..)?),
    };
    let (flags, rest) = rest.split_first()?;
    let mut text = String::new();
    push_units(&mut text, rest, length, flags & 1 != 0);
    Some(text)
}

/// Adds up to `length` characters, of one byte or two; tells how many bytes were taken and how many characters.
fn push_units(text: &mut String, bytes: &[u8], length: usize, wide: bool) -> (usize, usize) {
    if wide {
        let there = length.min(bytes.len() / 2);
        let units = bytes[..there * 2].chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]));
        text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        (there * 2, there)
    } else {
        let there = length.min(bytes.len());
        text.extend(bytes[..there].iter().map(|byte| char::from(*byte)));
        (there, there)
    }
}

pub(super) fn shared_strings(pieces: &[&[u8]], limits: Limits) -> Result<Strings, SheetError> {
    let mut strings = Strings::default();
    let mut cursor = Cursor { pieces, piece: 0, at: 0 };
    while cursor.more() {
        let mut length = usize::from(u16::from_le_bytes(cursor.take()?));
        let [flags] = cursor.take()?;
        let runs = if flags & 8 == 0 { 0 } else { usize::from(u16::from_le_bytes(cursor.take()?)) };
        let extra = if flags & 4 == 0 { 0 } else { u32::from_le_bytes(cursor.take()?) as usize };
        let mut wide = flags & 1 != 0;
        loop {
            let (bytes, units) = push_units(&mut strings.text, cursor.rest(), length, wide);
            cursor.at += bytes;
            length -= units;
            if length == 0 {
                break;
            }
            // A text that goes on in the next record says anew how wide its characters are.
            cursor.next_piece()?;
            let [flags] = cursor.take()?;
            wide = flags & 1 != 0;
        }
        cursor.skip(runs * 4 + extra)?;
        if strings.text.len() > limits.text {
            return Err(SheetError::TooMuchText(limits.text >> 20));
        }
        strings.ends.push(u32::try_from(strings.text.len()).map_err(SheetError::damaged)?);
    }
    Ok(strings)
}

/// A place in a record and those that continue it.
struct Cursor<'a> {
    pieces: &'a [&'a [u8]],
    piece: usize,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        self.pieces.get(self.piece).and_then(|piece| piece.get(self.at..)).unwrap_or_default()
    }

    fn more(&mut self) -> bool {
        while self.piece < self.pieces.len() && self.rest().is_empty() {
            (self.piece, self.at) = (self.piece + 1, 0);
        }
        self.piece < self.pieces.len()
    }

    fn next_piece(&mut self) -> Result<(), SheetError> {
        (self.piece, self.at) = (self.piece + 1, 0);
        if self.piece < self.pieces.len() { Ok(()) } else { Err(cut_off()) }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], SheetError> {
        if !self.more() {
            return Err(cut_off());
        }
        let taken = self.rest().get(..N).and_then(|bytes| bytes.try_into().ok()).ok_or_else(cut_off)?;
        self.at += N;
        Ok(taken)
    }

    fn skip(&mut self, mut bytes: usize) -> Result<(), SheetError> {
        while bytes > 0 {
            if !self.more() {
                return Err(cut_off());
            }
            let here = self.rest().len().min(bytes);
            self.at += here;
            bytes -= here;
        }
        Ok(())
    }
}

pub(super) fn cut_off() -> SheetError {
    SheetError::damaged("a record is cut off")
}
