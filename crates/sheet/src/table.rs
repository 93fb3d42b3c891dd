//! A sheet's cells as text with their addresses, whatever kind of file they came from.

use std::fmt;

use crate::error::SheetError;
use crate::formula;
use crate::limits::Limits;

/// What the file said that a cell is. Files of plain text know only text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CellKind {
    #[default]
    Text,
    /// Text that was written behind an apostrophe, so that no program takes it for a formula: never a mark that clears.
    Literal,
    /// Digits that a spreadsheet holds as a number; what it does to zeros and long numbers is for the column to repair.
    Number,
    /// `2026-03-01`, with `T10:30:00` behind it when there is a time.
    Date,
    Bool,
    /// `#REF!` and the like.
    Error,
    /// A formula that was never calculated: the file holds no value.
    Formula,
    /// Hidden beneath a merged cell that holds a value.
    Merged,
    /// Cut at the limit.
    TooLong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell<'a> {
    pub text: &'a str,
    pub kind: CellKind,
}

impl Cell<'_> {
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty() && !matches!(self.kind, CellKind::Formula | CellKind::Merged)
    }

    /// The mark that clears a field.
    pub fn clears(&self) -> bool {
        self.kind == CellKind::Text && self.text.trim() == "-"
    }
}

/// A cell's place as people read it: `C7`. Counted from zero inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    pub row: u32,
    pub column: usize,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", column_letters(self.column), u64::from(self.row) + 1)
    }
}

/// `A`, `B` … `Z`, `AA`.
pub fn column_letters(column: usize) -> String {
    let (mut letters, mut rest) = (Vec::new(), column + 1);
    while rest > 0 {
        letters.push(b'A' + u8::try_from((rest - 1) % 26).unwrap_or_default());
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

/// What a file was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv { delimiter: u8, encoding: &'static str },
    Xlsx,
    Xls,
    Ods,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Csv { delimiter, encoding } => {
                let between = match delimiter {
                    b';' => "semicolons",
                    b'\t' => "tabs",
                    b'|' => "pipes",
                    _ => "commas",
                };
                write!(f, "text ({encoding}) with {between}")
            }
            Self::Xlsx => f.write_str("XLSX"),
            Self::Xls => f.write_str("XLS"),
            Self::Ods => f.write_str("ODS"),
        }
    }
}

/// The rows with something in them. All text lies in one piece: a hundred thousand rows are millions of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub format: Format,
    /// The sheet's name; none for text files.
    pub sheet: Option<String>,
    /// What Lineside wrote into a hidden sheet, when the file is one of its own.
    pub stamp: Option<String>,
    /// What the reader left out, in words.
    pub notes: Vec<String>,
    text: String,
    cells: Vec<Piece>,
    rows: Vec<Line>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    column: u16,
    kind: CellKind,
    /// Where its text ends; it begins where the one before it ends.
    end: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    number: u32,
    /// The first of its cells.
    first: u32,
}

impl Table {
    pub(crate) fn new(format: Format, sheet: Option<String>) -> Self {
        let (text, cells, rows) = (String::new(), Vec::new(), Vec::new());
        Self { format, sheet, stamp: None, notes: Vec::new(), text, cells, rows }
    }

    /// How many rows have something in them, the headings too.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.rows.len()).map(|at| self.row(at))
    }

    /// The row of this number, counted from zero.
    pub fn row_numbered(&self, number: u32) -> Option<Row<'_>> {
        self.rows.binary_search_by_key(&number, |line| line.number).ok().map(|at| self.row(at))
    }

    /// The row at this place among those with something in them.
    pub fn row(&self, at: usize) -> Row<'_> {
        let first = self.rows[at].first as usize;
        let end = self.rows.get(at + 1).map_or(self.cells.len(), |next| next.first as usize);
        Row { table: self, number: self.rows[at].number, first, end }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    /// Counted from zero, as the file counts: empty rows count too.
    pub number: u32,
    first: usize,
    end: usize,
}

impl<'a> Row<'a> {
    /// The cells that are not blank, from left to right, with their columns.
    pub fn cells(self) -> impl Iterator<Item = (usize, Cell<'a>)> {
        (self.first..self.end).map(move |at| (usize::from(self.table.cells[at].column), self.piece(at)))
    }

    pub fn cell(self, column: usize) -> Cell<'a> {
        let pieces = &self.table.cells[self.first..self.end];
        match pieces.binary_search_by_key(&column, |piece| usize::from(piece.column)) {
            Ok(at) => self.piece(self.first + at),
            Err(_) => Cell::default(),
        }
    }

    fn piece(self, at: usize) -> Cell<'a> {
        let start = at.checked_sub(1).map_or(0, |before| self.table.cells[before].end as usize);
        let piece = self.table.cells[at];
        Cell { text: &self.table.text[start..piece.end as usize], kind: piece.kind }
    }
}

/// A table in the making, within limits.
pub(crate) struct Builder {
    table: Table,
    limits: Limits,
}

impl Builder {
    pub(crate) fn new(format: Format, sheet: Option<String>, limits: Limits) -> Self {
        Self { table: Table::new(format, sheet), limits }
    }

    /// The next cell, from left to right and downwards. Blank ones are left out.
    pub(crate) fn push(&mut self, row: u32, column: usize, text: &str, kind: CellKind) -> Result<(), SheetError> {
        let valueless = matches!(kind, CellKind::Formula | CellKind::Merged);
        if text.trim().is_empty() && !valueless {
            return Ok(());
        }
        let Some(at) = u16::try_from(column).ok().filter(|_| column < self.limits.columns) else {
            return Err(SheetError::TooManyColumns { row: row.saturating_add(1), columns: self.limits.columns });
        };
        self.row(row, at)?;
        let (text, kind) = match kind {
            CellKind::Text => formula::restore(text).map_or((text, kind), |text| (text, CellKind::Literal)),
            _ => (text, kind),
        };
        let table = &mut self.table;
        // Most cells have fewer bytes than the limit has characters.
        let cut = if text.len() > self.limits.cell { text.char_indices().nth(self.limits.cell) } else { None };
        let (text, kind) = cut.map_or((text, kind), |(cut, _)| (&text[..cut], CellKind::TooLong));
        table.text.push_str(text);
        if table.text.len() > self.limits.text {
            return Err(SheetError::TooMuchText(self.limits.text >> 20));
        }
        let end = u32::try_from(table.text.len()).map_err(SheetError::damaged)?;
        table.cells.push(Piece { column: at, kind, end });
        Ok(())
    }

    fn row(&mut self, row: u32, column: u16) -> Result<(), SheetError> {
        let table = &mut self.table;
        match table.rows.last() {
            Some(last) if last.number == row => {
                if table.cells.last().is_some_and(|before| before.column >= column) {
                    return Err(SheetError::damaged(format_args!("the cells of row {} are out of order", row + 1)));
                }
            }
            Some(last) if last.number > row => {
                return Err(SheetError::damaged("its rows are out of order"));
            }
            _ => {
                // One more than the limit: the headings.
                if table.rows.len() > self.limits.rows {
                    return Err(SheetError::TooManyRows(self.limits.rows));
                }
                let first = u32::try_from(table.cells.len()).map_err(SheetError::damaged)?;
                table.rows.push(Line { number: row, first });
            }
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Table {
        // A third of it would stay empty for as long as the table is looked at.
        self.table.text.shrink_to_fit();
        self.table.cells.shrink_to_fit();
        self.table.rows.shrink_to_fit();
        self.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered_as_spreadsheets_do() {
        let letters: Vec<String> = [0, 25, 26, 51, 52, 701, 702].into_iter().map(column_letters).collect();
        assert_eq!(letters, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
        assert_eq!(Address { row: 6, column: 2 }.to_string(), "C7");
    }

    #[test]
    fn blank_cells_and_rows_take_no_place() {
        let mut builder = Builder::new(Format::Xlsx, None, Limits::default());
        for (row, column, text) in [(0, 0, "a"), (0, 3, "b"), (7, 1, " "), (9, 2, "c")] {
            builder.push(row, column, text, CellKind::Text).unwrap();
        }
        let table = builder.finish();
        assert_eq!(table.len(), 2);
        assert_eq!(table.row(0).cell(3).text, "b");
        assert!(table.row(0).cell(1).is_blank());
        let last: Vec<_> = table.row(1).cells().map(|(column, cell)| (column, cell.text)).collect();
        assert_eq!((table.row(1).number, last), (9, vec![(2, "c")]));
    }
}
