//! XLSX, streamed cell by cell. Macros are left where they are.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::iter::Peekable;

use calamine::{DataRef, Dimensions, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};

use super::archive::Contents;
use super::{STAMP_SHEET, guarded};
use crate::error::SheetError;
use crate::limits::Limits;
use crate::mapping;
use crate::table::{Builder, CellKind, Format, Table};

/// How many sheets are looked at for the one with the rows.
const SHEETS_MAX: usize = 10;

type Workbook<'a> = Xlsx<Cursor<&'a [u8]>>;

pub(super) fn read(bytes: &[u8], contents: &Contents, limits: Limits) -> Result<Table, SheetError> {
    guarded(|| {
        let mut workbook: Workbook<'_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
        let sheets: Vec<(String, bool)> = workbook
            .sheets_metadata()
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
            .collect();
        let mut best: Option<Table> = None;
        for (name, _) in sheets.iter().filter(|(_, visible)| *visible).take(SHEETS_MAX) {
            let table = read_sheet(&mut workbook, name, contents, limits)?;
            best = Some(mapping::better(best, table));
        }
        let mut table = best.ok_or(SheetError::Empty)?;
        if sheets.iter().any(|(name, _)| name == STAMP_SHEET) {
            table.stamp = stamp(&mut workbook)?;
        }
        if contents.macros {
            table.notes.push("this file has macros; they were ignored".to_owned());
        }
        Ok(table)
    })
}

fn unreadable(error: &XlsxError) -> SheetError {
    match error {
        XlsxError::Password => SheetError::Password,
        other => SheetError::damaged(other),
    }
}

fn read_sheet(
    workbook: &mut Workbook<'_>,
    name: &str,
    contents: &Contents,
    limits: Limits,
) -> Result<Table, SheetError> {
    let merged = if contents.merged {
        workbook.merge_cells_by_sheet_name(name).map_err(|error| unreadable(&error))?
    } else {
        Vec::new()
    };
    let mut builder = Builder::new(Format::Xlsx, Some(name.to_owned()), limits);
    let mut covered = Covered::new(&merged, limits);
    let mut reader = workbook.worksheet_cells_reader(name).map_err(|error| unreadable(&error))?;
    let padded: Vec<usize> = reader.styles().iter().map(padding).collect();
    loop {
        let (position, value, width) = if contents.formulas {
            let Some(cell) = reader.next_cell_with_formula_metadata().map_err(|error| unreadable(&error))? else {
                break;
            };
            if cell.formula.is_some() && cell.value == DataRef::Empty {
                if !covered.up_to(cell.pos, &mut builder)? {
                    builder.push(cell.pos.0, cell.pos.1 as usize, "", CellKind::Formula)?;
                }
                continue;
            }
            (cell.pos, cell.value, 0)
        } else {
            let Some((cell, style)) = reader.next_cell_with_style_id().map_err(|error| unreadable(&error))? else {
                break;
            };
            (cell.get_position(), cell.get_value().clone(), padded.get(style).copied().unwrap_or_default())
        };
        let text;
        let (text, kind) = match &value {
            DataRef::Empty => continue,
            DataRef::String(text) => (text.as_str(), CellKind::Text),
            DataRef::SharedString(text) => (*text, CellKind::Text),
            DataRef::Int(number) => {
                text = number.to_string();
                (text.as_str(), CellKind::Number)
            }
            DataRef::Float(number) => {
                text = format!("{:0>width$}", number_text(*number));
                (text.as_str(), CellKind::Number)
            }
            DataRef::Bool(on) => (if *on { "yes" } else { "no" }, CellKind::Bool),
            DataRef::DateTime(at) if at.is_duration() => {
                text = number_text(at.as_f64());
                (text.as_str(), CellKind::Number)
            }
            DataRef::DateTime(at) => {
                let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
                text = date_text((i32::from(year), month, day), (hour, minute, second));
                (text.as_str(), CellKind::Date)
            }
            DataRef::DateTimeIso(at) => (at.as_str(), CellKind::Date),
            DataRef::DurationIso(at) => (at.as_str(), CellKind::Text),
            DataRef::Error(error) => {
                text = error.to_string();
                (text.as_str(), CellKind::Error)
            }
        };
        if !covered.up_to(position, &mut builder)? && !text.trim().is_empty() {
            builder.push(position.0, position.1 as usize, text, kind)?;
            covered.holds(position);
        }
    }
    covered.up_to((u32::MAX, 0), &mut builder)?;
    Ok(builder.finish())
}

fn stamp(workbook: &mut Workbook<'_>) -> Result<Option<String>, SheetError> {
    let mut reader = workbook.worksheet_cells_reader(STAMP_SHEET).map_err(|error| unreadable(&error))?;
    let cell = reader.next_cell().map_err(|error| unreadable(&error))?;
    Ok(cell.and_then(|cell| match cell.get_value() {
        DataRef::String(text) => Some(text.chars().take(200).collect()),
        DataRef::SharedString(text) => Some(text.chars().take(200).collect()),
        _ => None,
    }))
}

/// A number format of zeros only, such as `00000`, shows zeros that the number itself has not.
fn padding(style: &calamine::Style) -> usize {
    let code = style.number_format.as_ref().map_or("", |format| format.format_code.as_str());
    if code.len() > 1 && code.len() <= 20 && code.bytes().all(|byte| byte == b'0') { code.len() } else { 0 }
}

/// Whole numbers as digits; no exponent below 10^15, up to which a spreadsheet keeps every digit.
pub(super) fn number_text(number: f64) -> String {
    if number.abs() >= 1e15 { format!("{number:E}") } else { number.to_string() }
}

pub(super) fn date_text((year, month, day): (i32, u8, u8), (hour, minute, second): (u8, u8, u8)) -> String {
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) { date } else { format!("{date}T{hour:02}:{minute:02}:{second:02}") }
}

/// Cells beneath merged ones: a person sees one value over all of them, the file has it in the first only.
struct Covered {
    /// The first cell of each area, and whether it holds a value.
    firsts: BTreeMap<Position, bool>,
    /// The covered cells that are still to come, in order, with the first cell of what covers them.
    cells: Peekable<std::vec::IntoIter<(Position, Position)>>,
}

type Position = (u32, u32);

/// Covered cells that are named one by one; a heading merged over whole columns is none of them.
const COVERED_MAX: usize = 100_000;

impl Covered {
    fn new(merged: &[Dimensions], limits: Limits) -> Self {
        let last_column = u32::try_from(limits.columns).unwrap_or(u32::MAX).saturating_sub(1);
        let mut cells = Vec::new();
        for area in merged {
            for row in area.start.0..=area.end.0 {
                if cells.len() >= COVERED_MAX {
                    break;
                }
                let columns = (area.start.1..=area.end.1.min(last_column)).map(|column| (row, column));
                cells.extend(columns.filter(|cell| *cell != area.start).map(|cell| (cell, area.start)));
            }
        }
        cells.sort_unstable();
        cells.dedup_by_key(|(cell, _)| *cell);
        let firsts = merged.iter().map(|area| (area.start, false)).collect();
        Self { firsts, cells: cells.into_iter().peekable() }
    }

    /// Names the covered cells up to this one; tells whether this is one of them.
    fn up_to(&mut self, position: Position, builder: &mut Builder) -> Result<bool, SheetError> {
        let mut is_covered = false;
        while let Some((cell, first)) = self.cells.next_if(|(cell, _)| *cell <= position) {
            is_covered = cell == position;
            if self.firsts.get(&first) == Some(&true) {
                builder.push(cell.0, cell.1 as usize, "", CellKind::Merged)?;
            }
        }
        Ok(is_covered)
    }

    /// This cell holds a value.
    fn holds(&mut self, position: Position) {
        if let Some(holds) = self.firsts.get_mut(&position) {
            *holds = true;
        }
    }
}
