//! XLS as Excel 97 to 2003 wrote it ([MS-XLS], BIFF8). Read here and not by calamine, which believes a sheet's claims about its
//! size and unrolls each use of a shared string.

mod strings;

use chrono::{Days, NaiveDate};

use self::strings::{Count, Strings, cut_off, shared_strings, string};
use super::STAMP_SHEET;
use super::cfb::{Compound, u16_at, u32_at};
use super::xlsx::{date_text, number_text};
use crate::error::SheetError;
use crate::limits::Limits;
use crate::mapping;
use crate::table::{Builder, CellKind, Format, Table};

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000a;
const CONTINUE: u16 = 0x003c;
const BIFF8: u16 = 0x0600;
/// A sheet of all 65,536 rows with 45 columns.
const CELLS_MAX: usize = 3_000_000;
const SHEETS_MAX: usize = 10;

pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Table, SheetError> {
    let compound = Compound::open(bytes)?;
    if compound.has("EncryptedPackage") {
        return Err(SheetError::Password);
    }
    let Some(stream) = compound.stream("Workbook")? else {
        let what = if compound.has("Book") {
            "this Excel file is older than Excel 97; open it and save it as .xlsx"
        } else {
            "this is an Office document and no spreadsheet; save the spreadsheet as .xlsx"
        };
        return Err(SheetError::NotASpreadsheet(what));
    };
    let workbook = Workbook::read(&stream, limits)?;
    let mut best = None;
    let mut stamp = None;
    let named_stamp = workbook.sheets.iter().filter(|sheet| sheet.name == STAMP_SHEET);
    for sheet in named_stamp {
        let table = workbook.sheet(sheet, limits)?;
        stamp = (!table.is_empty()).then(|| table.row(0).cell(0).text.chars().take(200).collect());
    }
    for sheet in workbook.sheets.iter().filter(|sheet| sheet.visible).take(SHEETS_MAX) {
        best = Some(mapping::better(best, workbook.sheet(sheet, limits)?));
    }
    let mut table = best.ok_or(SheetError::Empty)?;
    table.stamp = stamp;
    if compound.has("_VBA_PROJECT") {
        table.notes.push("this file has macros; they were ignored".to_owned());
    }
    Ok(table)
}

struct Record<'a> {
    kind: u16,
    data: &'a [u8],
}

/// The records of a stream, until it ends.
fn records(stream: &[u8]) -> impl Iterator<Item = Result<Record<'_>, SheetError>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= stream.len() {
            return None;
        }
        let record = (|| {
            let (kind, length) = (u16_at(stream, at)?, usize::from(u16_at(stream, at + 2)?));
            let data = stream.get(at + 4..at + 4 + length)?;
            at += 4 + length;
            Some(Record { kind, data })
        })();
        if record.is_none() {
            at = stream.len();
        }
        Some(record.ok_or_else(cut_off))
    })
}

struct Workbook<'a> {
    stream: &'a [u8],
    sheets: Vec<SheetEntry>,
    strings: Strings,
    /// By the format that a cell names: how its numbers look.
    looks: Vec<Look>,
    from_1904: bool,
}

struct SheetEntry {
    name: String,
    start: usize,
    visible: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Number,
    Date,
    /// Zeros in front, to this width.
    Padded(usize),
}

impl<'a> Workbook<'a> {
    fn read(stream: &'a [u8], limits: Limits) -> Result<Self, SheetError> {
        let (mut sheets, mut strings, mut from_1904) = (Vec::new(), Strings::default(), false);
        let (mut formats, mut used) = (Vec::new(), Vec::new());
        let mut all = records(stream).peekable();
        while let Some(record) = all.next() {
            let Record { kind, data } = record?;
            match kind {
                BOF if u16_at(data, 0) != Some(BIFF8) => {
                    let what = "this Excel file is older than Excel 97; open it and save it as .xlsx";
                    return Err(SheetError::NotASpreadsheet(what));
                }
                0x002f => return Err(SheetError::Password),
                0x0022 => from_1904 = u16_at(data, 0) == Some(1),
                0x041e => {
                    let id = u16_at(data, 0).ok_or_else(cut_off)?;
                    let code = string(data.get(2..).unwrap_or_default(), Count::Two).unwrap_or_default();
                    formats.push((id, look(&code)));
                }
                0x00e0 => used.push(u16_at(data, 2).ok_or_else(cut_off)?),
                0x0085 => sheets.extend(sheet_entry(data)),
                0x00fc => {
                    let mut pieces = vec![data.get(8..).ok_or_else(cut_off)?];
                    while let Some(Ok(next)) = all.next_if(|next| matches!(next, Ok(next) if next.kind == CONTINUE)) {
                        pieces.push(next.data);
                    }
                    strings = shared_strings(&pieces, limits)?;
                }
                EOF => break,
                _ => {}
            }
        }
        let looks = used.into_iter().map(|id| {
            let own = formats.iter().find(|(own, _)| *own == id).map(|(_, look)| *look);
            own.unwrap_or(if is_built_in_date(id) { Look::Date } else { Look::Number })
        });
        Ok(Self { stream, sheets, strings, looks: looks.collect(), from_1904 })
    }

    fn sheet(&self, entry: &SheetEntry, limits: Limits) -> Result<Table, SheetError> {
        let stream = self.stream.get(entry.start..).ok_or_else(cut_off)?;
        let mut sheet = Sheet { workbook: self, limits, cells: Vec::new(), text: String::new(), merged: Vec::new() };
        let mut depth = 0;
        let mut formula = None;
        for record in records(stream) {
            let Record { kind, data } = record?;
            match kind {
                BOF => depth += 1,
                EOF => {
                    depth -= 1;
                    if depth <= 0 {
                        break;
                    }
                }
                // A chart's own cells.
                _ if depth > 1 => {}
                0x0006 => formula = sheet.formula(data)?,
                0x0207 => {
                    if let Some((row, column)) = formula.take() {
                        let text = string(data, Count::Two).unwrap_or_default();
                        sheet.push(row, column, &text, CellKind::Text)?;
                    }
                }
                _ => sheet.record(kind, data)?,
            }
        }
        sheet.finish(&entry.name)
    }

    fn date(&self, serial: f64) -> Option<String> {
        let days = if (0.0..2_958_466.0).contains(&serial) { serial.trunc() } else { return None };
        let seconds = ((serial - days) * 86_400.0).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are within the bounds above")]
        let (days, seconds) = (days as u64, seconds as u32);
        let first = if self.from_1904 {
            NaiveDate::from_ymd_opt(1904, 1, 1)?
        } else {
            // Excel believes in 29 February 1900, day 60.
            NaiveDate::from_ymd_opt(1899, 12, if days < 60 { 31 } else { 30 })?
        };
        let day = first.checked_add_days(Days::new(days + u64::from(seconds / 86_400)))?;
        let part = |value: u32| u8::try_from(value).unwrap_or_default();
        let (month, date) = (part(chrono::Datelike::month(&day)), part(chrono::Datelike::day(&day)));
        let seconds = seconds % 86_400;
        let time = (part(seconds / 3600), part(seconds / 60 % 60), part(seconds % 60));
        Some(date_text((chrono::Datelike::year(&day), month, date), time))
    }
}

/// A sheet's cells as the file gives them: rows may come in any order.
struct Sheet<'a> {
    workbook: &'a Workbook<'a>,
    limits: Limits,
    cells: Vec<RawCell>,
    text: String,
    merged: Vec<[u16; 4]>,
}

#[derive(Clone, Copy)]
struct RawCell {
    row: u16,
    column: u16,
    kind: CellKind,
    start: u32,
    end: u32,
}

impl Sheet<'_> {
    fn record(&mut self, kind: u16, data: &[u8]) -> Result<(), SheetError> {
        let field = |at| u16_at(data, at).ok_or_else(cut_off);
        match kind {
            // Number
            0x0203 => {
                let number = data.get(6..14).and_then(|eight| eight.try_into().ok()).map(f64::from_le_bytes);
                self.number(field(0)?, field(2)?, field(4)?, number.ok_or_else(cut_off)?)
            }
            // RK
            0x027e => self.number(field(0)?, field(2)?, field(4)?, short_number(u32_at(data, 6).ok_or_else(cut_off)?)),
            // MulRk
            0x00bd => {
                let (row, first) = (field(0)?, field(2)?);
                let cells = data.get(4..data.len().saturating_sub(2)).unwrap_or_default().chunks_exact(6);
                for (cell, column) in cells.zip(first..=u16::MAX) {
                    let (format, number) = (u16_at(cell, 0), u32_at(cell, 2));
                    if let (Some(format), Some(number)) = (format, number) {
                        self.number(row, column, format, short_number(number))?;
                    }
                }
                Ok(())
            }
            // LabelSst
            0x00fd => {
                let at = u32_at(data, 6).ok_or_else(cut_off)? as usize;
                let workbook = self.workbook;
                let text = workbook.strings.get(at).ok_or_else(|| SheetError::damaged("a text is missing"))?;
                self.push(field(0)?, field(2)?, text, CellKind::Text)
            }
            // Label, RString
            0x0204 | 0x00d6 => {
                let text = string(data.get(6..).unwrap_or_default(), Count::Two).unwrap_or_default();
                self.push(field(0)?, field(2)?, &text, CellKind::Text)
            }
            // BoolErr
            0x0205 => {
                let (value, is_error) = (data.get(6).copied().unwrap_or(0), data.get(7) == Some(&1));
                self.switch(field(0)?, field(2)?, value, is_error)
            }
            // MergeCells
            0x00e5 => {
                let areas = data.get(2..).unwrap_or_default().chunks_exact(8);
                let corner = |area: &[u8], at| u16_at(area, at).unwrap_or_default();
                self.merged.extend(areas.map(|a| [corner(a, 0), corner(a, 2), corner(a, 4), corner(a, 6)]));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The calculated value; the cell, when that is a text in the next record.
    fn formula(&mut self, data: &[u8]) -> Result<Option<(u16, u16)>, SheetError> {
        let field = |at| u16_at(data, at).ok_or_else(cut_off);
        let (row, column, format) = (field(0)?, field(2)?, field(4)?);
        let value: [u8; 8] = data.get(6..14).and_then(|value| value.try_into().ok()).ok_or_else(cut_off)?;
        match value {
            [0, .., 0xff, 0xff] => return Ok(Some((row, column))),
            [1, _, on, .., 0xff, 0xff] => self.switch(row, column, on, false)?,
            [2, _, error, .., 0xff, 0xff] => self.switch(row, column, error, true)?,
            [_, .., 0xff, 0xff] => {}
            value => self.number(row, column, format, f64::from_le_bytes(value))?,
        }
        Ok(None)
    }

    fn number(&mut self, row: u16, column: u16, format: u16, number: f64) -> Result<(), SheetError> {
        match self.workbook.looks.get(usize::from(format)).copied().unwrap_or(Look::Number) {
            Look::Date => match self.workbook.date(number) {
                Some(date) => self.push(row, column, &date, CellKind::Date),
                None => self.push(row, column, &number_text(number), CellKind::Number),
            },
            Look::Number => self.push(row, column, &number_text(number), CellKind::Number),
            Look::Padded(width) => {
                self.push(row, column, &format!("{:0>width$}", number_text(number)), CellKind::Number)
            }
        }
    }

    fn switch(&mut self, row: u16, column: u16, value: u8, is_error: bool) -> Result<(), SheetError> {
        if !is_error {
            return self.push(row, column, if value == 0 { "no" } else { "yes" }, CellKind::Bool);
        }
        let error = match value {
            0x00 => "#NULL!",
            0x07 => "#DIV/0!",
            0x0f => "#VALUE!",
            0x17 => "#REF!",
            0x1d => "#NAME?",
            0x24 => "#NUM!",
            _ => "#N/A",
        };
        self.push(row, column, error, CellKind::Error)
    }

    fn push(&mut self, row: u16, column: u16, text: &str, kind: CellKind) -> Result<(), SheetError> {
        if text.trim().is_empty() && kind != CellKind::Merged {
            return Ok(());
        }
        let start = u32::try_from(self.text.len()).map_err(SheetError::damaged)?;
        self.text.push_str(text);
        if self.text.len() > self.limits.text {
            return Err(SheetError::TooMuchText(self.limits.text >> 20));
        }
        if self.cells.len() >= CELLS_MAX {
            return Err(SheetError::Bomb);
        }
        let end = u32::try_from(self.text.len()).map_err(SheetError::damaged)?;
        self.cells.push(RawCell { row, column, kind, start, end });
        Ok(())
    }

    fn finish(mut self, name: &str) -> Result<Table, SheetError> {
        // The last word on a cell counts; a value counts more than the area over it.
        self.cells.sort_by_key(|cell| (cell.row, cell.column));
        let held = self.cells.len();
        for [first_row, last_row, first, last] in std::mem::take(&mut self.merged) {
            let place = |cell: &RawCell| (cell.row, cell.column);
            let holds = self.cells[..held].binary_search_by_key(&(first_row, first), place).is_ok();
            for row in (first_row..=last_row).filter(|_| holds) {
                let columns = (first..=last).take(self.limits.columns);
                for column in columns.filter(|column| (row, *column) != (first_row, first)) {
                    self.push(row, column, "", CellKind::Merged)?;
                }
            }
        }
        self.cells.sort_by_key(|cell| (cell.row, cell.column));
        let mut builder = Builder::new(Format::Xls, Some(name.to_owned()), self.limits);
        for (at, cell) in self.cells.iter().enumerate() {
            let again = self.cells.get(at + 1).is_some_and(|next| (next.row, next.column) == (cell.row, cell.column));
            if !again {
                let text = self.text.get(cell.start as usize..cell.end as usize).unwrap_or_default();
                builder.push(u32::from(cell.row), usize::from(cell.column), text, cell.kind)?;
            }
        }
        Ok(builder.finish())
    }
}

/// A number in 30 bits: the upper part of a double, or an integer; either perhaps a hundredfold.
fn short_number(raw: u32) -> f64 {
    let number =
        if raw & 2 == 0 { f64::from_bits(u64::from(raw & !3) << 32) } else { f64::from(raw.cast_signed() >> 2) };
    if raw & 1 == 0 { number } else { number / 100.0 }
}

fn sheet_entry(data: &[u8]) -> Option<SheetEntry> {
    // Only worksheets; charts and macro sheets have no rows.
    if data.get(5) != Some(&0) {
        return None;
    }
    let visible = matches!(data.get(4)? % 4, 0);
    Some(SheetEntry { start: u32_at(data, 0)? as usize, visible, name: string(data.get(6..)?, Count::One)? })
}

/// [MS-XLS] 2.5.165: the date formats that need no text of their own, those of East Asia among them.
fn is_built_in_date(id: u16) -> bool {
    matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

fn look(code: &str) -> Look {
    if code.len() > 1 && code.len() <= 20 && code.bytes().all(|byte| byte == b'0') {
        return Look::Padded(code.len());
    }
    // Only the first section; text in quotes or behind a backslash, and what stands in brackets, is no part of a date.
    let (mut quoted, mut bracket, mut escaped) = (false, false, false);
    for c in code.split(';').next().unwrap_or_default().chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' | '_' | '*' => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => bracket = true,
            ']' => bracket = false,
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' if !quoted && !bracket => return Look::Date,
            _ => {}
        }
    }
    Look::Number
}
