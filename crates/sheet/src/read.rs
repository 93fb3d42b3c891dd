//! Files in: what a file is follows from its bytes, not from its name.

mod archive;
mod cfb;
mod delimited;
mod ods;
mod xls;
mod xlsx;

use crate::encoding::NEITHER;
use crate::error::SheetError;
use crate::limits::Limits;
use crate::table::Table;

/// The name of the hidden sheet that tells Lineside's own files.
pub(crate) const STAMP_SHEET: &str = "_lineside";

/// Reads a file, or says why it can't be.
pub fn read(bytes: &[u8], limits: Limits) -> Result<Table, SheetError> {
    if bytes.is_empty() {
        return Err(SheetError::Empty);
    }
    if bytes.len() > limits.bytes {
        return Err(SheetError::TooLarge(limits.bytes >> 20));
    }
    let table = match bytes {
        [b'P', b'K', 3 | 5 | 7, ..] => read_archive(bytes, limits)?,
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => xls::read(bytes, limits)?,
        _ => match other_kind(bytes) {
            Some(what) => return Err(SheetError::NotASpreadsheet(what)),
            None => delimited::read(bytes, limits)?,
        },
    };
    if table.is_empty() { Err(SheetError::Empty) } else { Ok(table) }
}

fn read_archive(bytes: &[u8], limits: Limits) -> Result<Table, SheetError> {
    let contents = archive::inspect(bytes, limits)?;
    let has = |name: &str| contents.names.iter().any(|other| other.eq_ignore_ascii_case(name));
    if has("content.xml") && has("mimetype") {
        ods::read(bytes, limits)
    } else if contents.names.iter().any(|name| name.ends_with("workbook.bin")) {
        Err(SheetError::NotASpreadsheet("this is a binary Excel workbook (.xlsb); save it as .xlsx"))
    } else if has("[Content_Types].xml") && !contents.names.iter().any(|name| name.starts_with("word/")) {
        xlsx::read(bytes, &contents, limits)
    } else if contents.names.iter().any(|name| name.to_lowercase().ends_with(".csv")) {
        Err(SheetError::NotASpreadsheet("this is an archive with files in it; unpack it and choose one of them"))
    } else {
        Err(SheetError::NotASpreadsheet("this archive is not a spreadsheet; save it as .xlsx, .ods or .csv"))
    }
}

/// What looks like text to nobody, or is text of another kind.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    let starts = |with: &[u8]| bytes.starts_with(with);
    if starts(b"%PDF") {
        return Some("this is a PDF; save the spreadsheet itself as .xlsx or .csv");
    }
    if starts(b"\x89PNG") || starts(b"\xff\xd8\xff") || starts(b"GIF8") {
        return Some("this is a picture; choose the spreadsheet itself");
    }
    if starts(b"\x1f\x8b") || starts(b"7z\xbc\xaf") || starts(b"Rar!") || starts(b"BZh") {
        return Some("this is a packed archive; unpack it and choose the spreadsheet in it");
    }
    if starts(b"\x09\x08") || starts(b"\x09\x04") || starts(b"\x09\x02") || starts(b"\x09\x00") {
        return Some("this Excel file is older than Excel 97; open it and save it as .xlsx");
    }
    let head = &bytes[..bytes.len().min(512)];
    let text = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_lowercase();
    if text.starts_with("<?xml") || text.starts_with("<workbook") {
        return Some("this is an XML file; open it in a spreadsheet program and save it as .xlsx");
    }
    if ["<!doctype", "<html", "<table", "<meta"].iter().any(|tag| text.starts_with(tag)) {
        return Some("this is a web page under a spreadsheet's name; open it and save it as .xlsx");
    }
    // Control characters that no text has.
    let odd = head.iter().filter(|byte| matches!(byte, 1..=8 | 14..=26 | 28..=31 | 127)).count();
    (odd > head.len() / 20).then_some(NEITHER)
}

/// Runs a reader that is not ours: should it panic on a file that nobody thought of, the file is refused like any damaged one.
fn guarded<T>(read: impl FnOnce() -> Result<T, SheetError>) -> Result<T, SheetError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(SheetError::damaged("it can't be understood")))
}
