//! Text files: commas, semicolons, tabs or pipes, found by looking.

use csv::{ReaderBuilder, StringRecord};

use crate::encoding;
use crate::error::SheetError;
use crate::limits::Limits;
use crate::mapping;
use crate::table::{Builder, CellKind, Format, Table};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How much is looked at to find the delimiter.
const LOOK_BYTES: usize = 64 << 10;
const LOOK_ROWS: usize = 20;

pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Table, SheetError> {
    let (text, encoding) = encoding::decode(bytes)?;
    let (declared, text) = without_declaration(&text);
    let delimiter = declared.unwrap_or_else(|| find_delimiter(text));
    let mut builder = Builder::new(Format::Csv { delimiter, encoding }, None, limits);
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    // As a spreadsheet program would number them: a line break within quotes begins no row, an empty line is one.
    let (mut row, mut line) = (u32::from(declared.is_some()), reader.position().line());
    while reader.read_record(&mut record).map_err(SheetError::damaged)? {
        let inner: usize = record.iter().map(|cell| memchr::memchr_iter(b'\n', cell.as_bytes()).count()).sum();
        let lines = reader.position().line().saturating_sub(line);
        let empty = lines.saturating_sub(1).saturating_sub(inner as u64);
        row = row.saturating_add(u32::try_from(empty).unwrap_or(u32::MAX));
        for (column, cell) in record.iter().enumerate() {
            if cell.len() > limits.cell && cell.contains('\n') {
                let why = format!("the quotation mark opened in row {} is never closed", u64::from(row) + 1);
                return Err(SheetError::Damaged(why));
            }
            builder.push(row, column, cell, CellKind::Text)?;
        }
        line = reader.position().line();
        row = row.saturating_add(1);
    }
    Ok(builder.finish())
}

/// `sep=;` in the first line is how Excel is told.
fn without_declaration(text: &str) -> (Option<u8>, &str) {
    let Some((first, rest)) = text.split_once('\n') else { return (None, text) };
    match first.trim_end().strip_prefix("sep=").map(str::as_bytes) {
        Some([delimiter]) if DELIMITERS.contains(delimiter) => (Some(*delimiter), rest),
        _ => (None, text),
    }
}

/// The one that shows known headings; else the one that gives the same number of columns in most rows.
fn find_delimiter(text: &str) -> u8 {
    let mut end = text.len().min(LOOK_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = &text[..end];
    let best = DELIMITERS.into_iter().rev().max_by_key(|delimiter| {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(*delimiter)
            .from_reader(head.as_bytes())
            .into_records();
        let records: Vec<StringRecord> = reader.map_while(Result::ok).take(LOOK_ROWS).collect();
        let known = records.iter().map(|record| mapping::recognised(record.iter())).max().unwrap_or(0);
        let columns = records.first().map_or(0, StringRecord::len);
        let alike = records.iter().filter(|record| record.len() == columns).count();
        (known, if columns > 1 { alike } else { 0 }, columns)
    });
    best.unwrap_or(b',')
}
