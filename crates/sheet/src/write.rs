//! Files out: CSV and XLSX, every cell a text, so that a spreadsheet program takes nothing for a number, a date or a formula, and
//! what was written is read again.

use std::borrow::Cow;

use rust_xlsxwriter::{DataValidation, Format, FormatAlign, Workbook, Worksheet, XlsxError};
use thiserror::Error;

use crate::formula;
use crate::read::STAMP_SHEET;
use crate::table::column_letters;

/// What stands around the rows.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    pub headings: Vec<String>,
    /// By the column's place: what may be chosen there. XLSX only.
    pub choices: Vec<(usize, Vec<String>)>,
    /// What to write into a column and how, for the instructions sheet. XLSX only.
    pub instructions: Vec<(String, String)>,
    /// Kept in a hidden sheet. XLSX only.
    pub stamp: String,
}

#[derive(Debug, Error)]
#[error("the spreadsheet can't be written: {0}")]
pub struct WriteError(String);

impl From<XlsxError> for WriteError {
    fn from(error: XlsxError) -> Self {
        Self(error.to_string())
    }
}

impl From<csv::Error> for WriteError {
    fn from(error: csv::Error) -> Self {
        Self(error.to_string())
    }
}

/// UTF-8 with a mark, which Excel needs to know it by.
pub fn csv<R: IntoIterator<Item: AsRef<str>>>(
    layout: &Layout,
    rows: impl IntoIterator<Item = R>,
) -> Result<Vec<u8>, WriteError> {
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    let mut writer = csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(&mut bytes);
    writer.write_record(layout.headings.iter().map(|heading| as_text(heading).into_owned()))?;
    for row in rows {
        writer.write_record(row.into_iter().map(|cell| as_text(cell.as_ref()).into_owned()))?;
    }
    writer.flush().map_err(|error| WriteError(error.to_string()))?;
    drop(writer);
    Ok(bytes)
}

/// Rows that people go on to fill in are formatted as text and have their drop-downs, so many below the last.
const ROWS_TO_FILL: u32 = 1_000;
const WIDTH: f64 = 20.0;

/// Held on disk while it is written, not in memory.
pub fn xlsx<R: IntoIterator<Item: AsRef<str>>>(
    layout: &Layout,
    rows: impl IntoIterator<Item = R>,
) -> Result<Vec<u8>, WriteError> {
    let mut workbook = Workbook::new();
    let text = Format::new().set_num_format("@");
    let bold = Format::new().set_num_format("@").set_bold();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name("Users")?.set_freeze_panes(1, 0)?;
    for (heading, column) in layout.headings.iter().zip(0..) {
        sheet.set_column_format(column, &text)?.set_column_width(column, WIDTH)?;
        sheet.write_string_with_format(0, column, heading, &bold)?;
    }
    let mut last = 0;
    for row in rows {
        last += 1;
        for (cell, column) in row.into_iter().zip(0..) {
            let cell = cell.as_ref();
            if !cell.is_empty() {
                sheet.write_string_with_format(last, column, in_workbook(cell), &text)?;
            }
        }
    }
    for (nth, (column, values)) in layout.choices.iter().enumerate() {
        let Ok(column) = u16::try_from(*column) else { continue };
        if !values.is_empty() {
            let letters = column_letters(nth);
            let source = format!("={CHOICES_SHEET}!${letters}$1:${letters}${}", values.len());
            // Other values are shown as wrong, and may stand there all the same: a person may know better.
            let allowed = DataValidation::new()
                .allow_list_formula(source.as_str().into())
                .set_error_style(rust_xlsxwriter::DataValidationErrorStyle::Warning);
            sheet.add_data_validation(1, column, last.max(1) + ROWS_TO_FILL, column, &allowed)?;
        }
    }
    instruct(workbook.add_worksheet(), layout, &text, &bold)?;
    let choices = workbook.add_worksheet();
    choices.set_name(CHOICES_SHEET)?.set_hidden(true);
    for ((_, values), column) in layout.choices.iter().zip(0..) {
        for (value, row) in values.iter().zip(0..) {
            choices.write_string_with_format(row, column, value, &text)?;
        }
    }
    let stamp = workbook.add_worksheet();
    stamp.set_name(STAMP_SHEET)?.set_very_hidden(true);
    stamp.write_string(0, 0, &layout.stamp)?;
    Ok(workbook.save_to_buffer()?)
}

const CHOICES_SHEET: &str = "_choices";

fn instruct(sheet: &mut Worksheet, layout: &Layout, text: &Format, bold: &Format) -> Result<(), WriteError> {
    let wrapped = text.clone().set_text_wrap().set_align(FormatAlign::Top);
    sheet.set_name("Instructions")?.set_column_width(0, 28)?.set_column_width(1, 100)?;
    for ((column, how), row) in layout.instructions.iter().zip(0..) {
        sheet.write_string_with_format(row, 0, column, bold)?;
        sheet.write_string_with_format(row, 1, how, &wrapped)?;
    }
    Ok(())
}

fn as_text(cell: &str) -> Cow<'_, str> {
    formula::neutralise(cell).map_or(Cow::Borrowed(cell), Cow::Owned)
}

/// A text cell is no formula, so that only what would be read otherwise than it is meant stands behind an apostrophe: a lone `-`,
/// and a text that has its apostrophe already.
fn in_workbook(cell: &str) -> Cow<'_, str> {
    if cell.trim() == "-" || formula::restore(cell).is_some() { as_text(cell) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::Limits;
    use crate::read::read;
    use crate::table::{CellKind, Table};

    fn layout() -> Layout {
        Layout {
            headings: vec!["First name".into(), "Last name".into(), "Username".into()],
            choices: vec![(1, vec!["Duarte".into(), "Rossi".into()])],
            instructions: vec![("First name".into(), "As people call them.".into())],
            stamp: "users 1".into(),
        }
    }

    fn cells(table: &Table) -> Vec<Vec<String>> {
        let texts = |at: usize| (0..3).map(|column| table.row(at).cell(column).text.to_owned()).collect();
        (1..table.len()).map(texts).collect()
    }

    #[test]
    fn a_formula_in_a_name_is_harmless_in_both_kinds_of_file() {
        let rows = [["=cmd|' /C calc'!A0", "-", "@x"]];
        let text = String::from_utf8(csv(&layout(), rows).unwrap()).unwrap();
        assert!(text.contains("'=cmd|' /C calc'!A0,'-,'@x"), "{text}");
        for file in [csv(&layout(), rows).unwrap(), xlsx(&layout(), rows).unwrap()] {
            let table = read(&file, Limits::default()).unwrap();
            assert_eq!(cells(&table), rows.map(|row| row.map(str::to_owned).to_vec()));
            assert_eq!(table.row(1).cell(1).kind, CellKind::Literal, "a name of one dash is no mark that clears");
        }
    }

    #[test]
    fn a_workbook_tells_that_it_is_ours() {
        let file = xlsx(&layout(), [["Ana", "Duarte", "ana"]]).unwrap();
        let table = read(&file, Limits::default()).unwrap();
        assert_eq!((table.stamp.as_deref(), table.sheet.as_deref()), (Some("users 1"), Some("Users")));
        let empty: [[&str; 3]; 0] = [];
        assert_eq!(read(&xlsx(&layout(), empty).unwrap(), Limits::default()).unwrap().len(), 1);
    }

    fn odd() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~]{0,12}",
            "\\PC{0,12}",
            "'{0,3}[=+@\\-]\\PC{0,6}",
            Just("-".to_owned()),
            Just("0012".to_owned()),
            Just("4.67E+10".to_owned()),
            Just("a\nb".to_owned()),
            Just("a\tb, \"c\"; d|e".to_owned()),
            Just("_x0041_".to_owned()),
            Just("\u{feff}x".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(rows in proptest::collection::vec([odd(), odd(), odd()], 1..8)) {
            // A row without anything is no row.
            let rows: Vec<[String; 3]> =
                rows.into_iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
            let blank = |cell: &String| if cell.trim().is_empty() { String::new() } else { cell.clone() };
            let expected: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(blank).collect()).collect();
            for file in [csv(&layout(), &rows).unwrap(), xlsx(&layout(), &rows).unwrap()] {
                let table = read(&file, Limits::default()).unwrap();
                prop_assert_eq!(cells(&table), expected.clone());
                for at in 1..table.len() {
                    for (_, cell) in table.row(at).cells() {
                        prop_assert!(!cell.clears());
                    }
                }
            }
        }
    }
}
