//! Text files' bytes to text: UTF-8, UTF-16 in both orders, Windows-1252.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::SheetError;

/// The text, and the encoding's name for people. What is not valid UTF-8 and has no mark is Windows-1252, which Excel still
/// writes.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, &'static str), SheetError> {
    let (encoding, skip) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, mark),
        None => (guess(bytes), 0),
    };
    let name = match encoding {
        e if e == UTF_16LE || e == UTF_16BE => "UTF-16",
        e if e == WINDOWS_1252 => "Windows-1252",
        _ => "UTF-8",
    };
    let (text, broken) = encoding.decode_without_bom_handling(&bytes[skip..]);
    if text.contains('\0') {
        return Err(SheetError::NotASpreadsheet(NEITHER));
    }
    if broken {
        return Err(SheetError::Damaged(format!("it says that it is {name} and is not")));
    }
    Ok((text, name))
}

pub(crate) const NEITHER: &str = "this is neither a spreadsheet nor a text file; save it as .xlsx, .ods or .csv";

fn guess(bytes: &[u8]) -> &'static Encoding {
    // UTF-16 without a mark: every other byte of Western text is zero.
    let head = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
    if pairs >= 2 && odd * 3 > pairs && even == 0 {
        return UTF_16LE;
    }
    if pairs >= 2 && even * 3 > pairs && odd == 0 {
        return UTF_16BE;
    }
    if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_that_spreadsheet_programs_write_is_read() {
        let text = "Vorname;Größe\r\nZoë;ß\r\n";
        let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let marked = |mark: &[u8], bytes: Vec<u8>| [mark, bytes.as_slice()].concat();
        let (latin, _, _) = WINDOWS_1252.encode(text);
        for (bytes, name) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            (marked(b"\xef\xbb\xbf", text.as_bytes().to_vec()), "UTF-8"),
            (marked(b"\xff\xfe", utf16(u16::to_le_bytes)), "UTF-16"),
            (marked(b"\xfe\xff", utf16(u16::to_be_bytes)), "UTF-16"),
            (utf16(u16::to_le_bytes), "UTF-16"),
            (utf16(u16::to_be_bytes), "UTF-16"),
            (latin.into_owned(), "Windows-1252"),
        ] {
            assert_eq!(decode(&bytes).unwrap(), (Cow::Borrowed(text), name));
        }
        assert!(matches!(decode(b"\x7fELF\0\0\0\x01\x02\0a"), Err(SheetError::NotASpreadsheet(_))));
    }
}
