//! ODS, streamed: repeated rows and cells are counted, never unrolled. (calamine unrolls a sheet before anybody can count it.)

use std::io::{BufReader, Cursor};

use chrono::NaiveDate;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::STAMP_SHEET;
use super::archive::unreadable;
use crate::error::SheetError;
use crate::limits::Limits;
use crate::mapping;
use crate::table::{Builder, CellKind, Format, Table};

pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Table, SheetError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    let content = archive.by_name("content.xml").map_err(unreadable)?;
    let mut reader = Reader::from_reader(BufReader::new(content));
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().check_end_names = false;
    let mut sheets = Sheets { limits, best: None, stamp: None, sheet: None };
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(damaged)? {
            Event::Start(tag) => sheets.start(&tag)?,
            Event::End(tag) => sheets.end(tag.local_name().as_ref())?,
            Event::Text(text) => sheets.text(&text.xml10_content()),
            Event::CData(text) => sheets.text(&text.xml10_content()),
            Event::GeneralRef(entity) => {
                let named = quick_xml::escape::resolve_xml_entity(&entity).map(str::to_owned);
                let given = entity.resolve_char_ref().map_err(damaged)?.map(String::from);
                sheets.text(&named.or(given).ok_or(SheetError::Entities)?);
            }
            Event::DocType(_) => return Err(SheetError::Entities),
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    let mut table = sheets.best.ok_or(SheetError::Empty)?;
    table.stamp = sheets.stamp;
    Ok(table)
}

fn damaged(error: impl std::fmt::Display) -> SheetError {
    SheetError::damaged(error)
}

struct Sheets {
    limits: Limits,
    best: Option<Table>,
    stamp: Option<String>,
    sheet: Option<Sheet>,
}

/// The sheet that is being read.
struct Sheet {
    builder: Builder,
    is_stamp: bool,
    row: u32,
    rows_repeated: u32,
    column: usize,
    cell: Option<OpenCell>,
    /// The row's cells, kept until it is known how often the row stands there.
    cells: Vec<(usize, String, CellKind)>,
    /// Merged areas with a value: the last row, and the columns.
    merged: Vec<(u32, std::ops::Range<usize>)>,
    /// Within a note on a cell.
    annotation: usize,
    depth: usize,
}

struct OpenCell {
    columns_repeated: usize,
    value: Option<(String, CellKind)>,
    text: String,
    paragraphs: usize,
    covered: bool,
    rows_spanned: u32,
    columns_spanned: u32,
    formula: bool,
}

impl Sheets {
    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), SheetError> {
        let name = tag.local_name();
        let Some(sheet) = &mut self.sheet else {
            if name.as_ref() == "table" {
                let title = attribute(tag, "table:name")?.unwrap_or_default();
                self.sheet = Some(Sheet {
                    is_stamp: title == STAMP_SHEET,
                    builder: Builder::new(Format::Ods, Some(title), self.limits),
                    row: 0,
                    rows_repeated: 1,
                    column: 0,
                    cell: None,
                    cells: Vec::new(),
                    merged: Vec::new(),
                    annotation: 0,
                    depth: 1,
                });
            }
            return Ok(());
        };
        match name.as_ref() {
            // A table within a cell is part of that cell.
            "table" => sheet.depth += 1,
            "annotation" => sheet.annotation += 1,
            "table-row" if sheet.depth == 1 => {
                sheet.rows_repeated = repeated(tag, "table:number-rows-repeated")?;
                sheet.column = 0;
                sheet.cells.clear();
            }
            "table-cell" | "covered-table-cell" if sheet.depth == 1 => {
                sheet.cell = Some(OpenCell {
                    columns_repeated: repeated(tag, "table:number-columns-repeated")? as usize,
                    value: typed_value(tag)?,
                    text: String::new(),
                    paragraphs: 0,
                    covered: name.as_ref() == "covered-table-cell",
                    rows_spanned: repeated(tag, "table:number-rows-spanned")?,
                    columns_spanned: repeated(tag, "table:number-columns-spanned")?,
                    formula: attribute(tag, "table:formula")?.is_some(),
                });
            }
            "p" => {
                if let Some(cell) = &mut sheet.cell {
                    if cell.paragraphs > 0 && sheet.annotation == 0 {
                        cell.text.push('\n');
                    }
                    cell.paragraphs += usize::from(sheet.annotation == 0);
                }
            }
            "s" => {
                let spaces = repeated(tag, "text:c")?.min(1_000);
                sheet.text(&" ".repeat(spaces as usize), self.limits);
            }
            "tab" => sheet.text("\t", self.limits),
            "line-break" => sheet.text("\n", self.limits),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if let Some(sheet) = &mut self.sheet {
            sheet.text(text, self.limits);
        }
    }

    fn end(&mut self, name: &str) -> Result<(), SheetError> {
        let Some(sheet) = &mut self.sheet else { return Ok(()) };
        match name {
            "annotation" => sheet.annotation = sheet.annotation.saturating_sub(1),
            "table-cell" | "covered-table-cell" if sheet.depth == 1 => sheet.close_cell(self.limits)?,
            "table-row" if sheet.depth == 1 => sheet.close_row()?,
            "table" => {
                sheet.depth -= 1;
                if sheet.depth == 0
                    && let Some(sheet) = self.sheet.take()
                {
                    let table = sheet.builder.finish();
                    if sheet.is_stamp {
                        self.stamp = (!table.is_empty()).then(|| table.row(0).cell(0).text.chars().take(200).collect());
                    } else {
                        self.best = Some(mapping::better(self.best.take(), table));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Sheet {
    fn text(&mut self, text: &str, limits: Limits) {
        let Some(cell) = self.cell.as_mut().filter(|_| self.annotation == 0) else { return };
        // Between paragraphs lie the file's own line breaks.
        if cell.paragraphs > 0 && cell.text.len() <= limits.cell * 4 {
            cell.text.push_str(text);
        }
    }

    fn close_cell(&mut self, limits: Limits) -> Result<(), SheetError> {
        let Some(cell) = self.cell.take() else { return Ok(()) };
        let (text, kind) = match cell.value {
            _ if cell.covered => (String::new(), CellKind::Merged),
            Some(value) => value,
            None if cell.formula && cell.text.is_empty() => (String::new(), CellKind::Formula),
            None if cell.formula && cell.text.starts_with('#') => (cell.text, CellKind::Error),
            None => (cell.text, CellKind::Text),
        };
        let blank = text.trim().is_empty() && kind != CellKind::Formula && kind != CellKind::Merged;
        let (first, next) = (self.column, self.column.saturating_add(cell.columns_repeated));
        self.column = next;
        if kind == CellKind::Merged {
            let row = self.row;
            let hidden = |column: &usize| self.merged.iter().any(|(last, over)| row <= *last && over.contains(column));
            let hidden = (first..next.min(limits.columns)).filter(hidden).map(|column| (column, String::new(), kind));
            self.cells.extend(hidden);
            return Ok(());
        }
        if blank {
            return Ok(());
        }
        if cell.rows_spanned > 1 || cell.columns_spanned > 1 {
            self.merged.retain(|(last, _)| *last >= self.row);
            if self.merged.len() < limits.columns {
                let last = self.row.saturating_add(cell.rows_spanned.saturating_sub(1));
                self.merged.push((last, first..first.saturating_add(cell.columns_spanned as usize)));
            }
        }
        if next > limits.columns {
            return Err(SheetError::TooManyColumns { row: self.row.saturating_add(1), columns: limits.columns });
        }
        self.cells.extend((first..next).map(|column| (column, text.clone(), kind)));
        Ok(())
    }

    fn close_row(&mut self) -> Result<(), SheetError> {
        if !self.cells.is_empty() {
            for row in self.row..self.row.saturating_add(self.rows_repeated) {
                for (column, text, kind) in &self.cells {
                    self.builder.push(row, *column, text, *kind)?;
                }
            }
        }
        self.row = self.row.saturating_add(self.rows_repeated);
        Ok(())
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, SheetError> {
    let found = tag.try_get_attribute(name).map_err(damaged)?;
    let value = |found: quick_xml::events::attributes::Attribute<'_>| {
        found.normalized_value(quick_xml::XmlVersion::Implicit1_0).map(std::borrow::Cow::into_owned)
    };
    found.map(value).transpose().map_err(damaged)
}

fn repeated(tag: &BytesStart<'_>, name: &str) -> Result<u32, SheetError> {
    Ok(attribute(tag, name)?.map_or(1, |times| times.trim().parse().unwrap_or(u32::MAX)))
}

/// Numbers, dates and switches; text lies in the cell's paragraphs.
fn typed_value(tag: &BytesStart<'_>) -> Result<Option<(String, CellKind)>, SheetError> {
    let value = |name| attribute(tag, name);
    Ok(match value("office:value-type")?.as_deref() {
        Some("float" | "percentage" | "currency") => {
            let number = value("office:value")?.and_then(|number| number.trim().parse::<f64>().ok());
            number.map(|number| (super::xlsx::number_text(number), CellKind::Number))
        }
        Some("date") => value("office:date-value")?.map(|date| {
            let day = date.strip_suffix("T00:00:00").unwrap_or(&date).to_owned();
            let kind = if NaiveDate::parse_from_str(&day, "%Y-%m-%d").is_ok() || day.contains('T') {
                CellKind::Date
            } else {
                CellKind::Text
            };
            (day, kind)
        }),
        Some("boolean") => value("office:boolean-value")?
            .map(|on| (if on == "true" { "yes" } else { "no" }.to_owned(), CellKind::Bool)),
        _ => None,
    })
}
