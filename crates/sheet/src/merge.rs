//! A file that was exported, edited, and meanwhile overtaken: cell by cell, what the person changed against the export is done,
//! what others changed since stays, and where both changed the same cell, the person is asked.

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::id::UserId;
use lineside_model::import::Key;
use uuid::Uuid;

use crate::column::Column;
use crate::error::SheetError;
use crate::limits::Limits;
use crate::read::read;
use crate::table::Table;

/// What an export held: its rows, each with its user's identifier in front.
#[derive(Debug, Clone)]
pub struct Export {
    table: Table,
    columns: Vec<Column>,
    /// By the key's text in lower case.
    rows: BTreeMap<String, usize>,
}

impl Export {
    /// The heading above the identifiers; the others are columns by their keys.
    pub const ID: &str = "id";

    /// As it was kept: CSV, with keys of columns for headings.
    pub fn read(file: &[u8], key: Key) -> Result<Self, SheetError> {
        let table = read(file, Limits::default())?;
        let mut export = Self { columns: Vec::new(), rows: BTreeMap::new(), table };
        if export.table.is_empty() {
            return Ok(export);
        }
        let headings = export.table.row(0);
        // A column whose track is gone is nobody's.
        let columns = headings.cells().skip(1).map(|(_, cell)| Column::parse(cell.text));
        export.columns = columns.map(|column| column.unwrap_or(Column::Welcome)).collect();
        let by = Column::of_key(key);
        let mut twice = BTreeSet::new();
        for at in 1..export.table.len() {
            let Some(text) = export.cell(at, &by).filter(|text| !text.is_empty()).map(str::to_lowercase) else {
                continue;
            };
            if export.rows.insert(text.clone(), at).is_some() {
                twice.insert(text);
            }
        }
        // Of two users with one email address neither is meant.
        export.rows.retain(|text, _| !twice.contains(text));
        Ok(export)
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn find(&self, key: &str) -> Option<usize> {
        self.rows.get(&key.trim().to_lowercase()).copied()
    }

    fn user(&self, row: usize) -> Option<UserId> {
        Uuid::parse_str(self.table.row(row).cell(0).text).ok().map(UserId)
    }

    /// `None` where the export had no such column.
    fn cell(&self, row: usize, column: &Column) -> Option<&str> {
        let at = self.columns.iter().position(|other| other == column)?;
        Some(self.table.row(row).cell(at + 1).text)
    }
}

/// The export that a file was made from, and its users as they are now.
#[derive(Debug, Clone)]
pub struct Merge {
    pub export: Export,
    /// The present keys of those who are still there.
    pub keys: BTreeMap<UserId, String>,
    /// The present cells, in the export's columns; only of users whose rows were edited.
    pub now: BTreeMap<UserId, Vec<String>>,
}

/// What becomes of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged<'a> {
    /// It is as it was exported: it asks for nothing. What others wrote there since, if they did.
    Untouched(Option<&'a str>),
    Edited,
    /// Both edited it; what it holds now.
    Both(&'a str),
}

/// A row of the file whose user the export held.
#[derive(Debug, Clone, Copy)]
pub struct MergedRow<'a> {
    merge: &'a Merge,
    row: usize,
    pub user: UserId,
}

impl Merge {
    pub fn row(&self, key: &str) -> Option<MergedRow<'_>> {
        let row = self.export.find(key)?;
        Some(MergedRow { merge: self, row, user: self.export.user(row)? })
    }
}

impl<'a> MergedRow<'a> {
    pub fn is_deleted(&self) -> bool {
        !self.merge.keys.contains_key(&self.user)
    }

    /// By what the user is found now: others may have written another name.
    pub fn key(&self) -> Option<&'a str> {
        self.merge.keys.get(&self.user).map(String::as_str)
    }

    /// `text` is the cell's, repaired; empty when it clears.
    pub fn cell(&self, column: &Column, text: &str) -> Merged<'a> {
        let Some(exported) = self.merge.export.cell(self.row, column) else { return Merged::Edited };
        let now = self.now(column).unwrap_or(exported);
        if same(text, exported) {
            Merged::Untouched((!same(now, exported)).then_some(now))
        } else if same(now, exported) || same(now, text) {
            Merged::Edited
        } else {
            Merged::Both(now)
        }
    }

    fn now(&self, column: &Column) -> Option<&'a str> {
        let at = self.merge.export.columns.iter().position(|other| other == column)?;
        Some(self.merge.now.get(&self.user)?.get(at)?.as_str())
    }
}

fn same(one: &str, other: &str) -> bool {
    one.trim() == other.trim()
}
