//! A file's rows as what they ask for, and every error of every cell at once.

mod cell;

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::import::{Import, ImportRow, Wish};
use lineside_model::license::Catalogue;
use serde::{Deserialize, Serialize};

use crate::column::Column;
use crate::damage::{self, Habits};
use crate::mapping::{Mapping, Sheet};
use crate::table::{Address, Cell, CellKind, Row};

/// Something about one cell, or about a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellWord {
    /// Counted from one, as a spreadsheet shows it.
    pub row: u32,
    /// Counted from zero; `None` where no column of the file is to blame.
    pub column: Option<usize>,
    /// What the cell holds.
    pub text: String,
    pub message: String,
}

impl CellWord {
    /// `C7`, or `row 7`.
    pub fn place(&self) -> String {
        match self.column {
            Some(column) => Address { row: self.row.saturating_sub(1), column }.to_string(),
            None => format!("row {}", self.row),
        }
    }
}

/// Cells that were corrected on the page, by row (from one) and column (from zero).
pub type Corrections = BTreeMap<(u32, usize), String>;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// The rows without errors.
    pub import: Import,
    pub errors: Vec<CellWord>,
    /// What was repaired.
    pub notes: Vec<CellWord>,
    /// How many rows have something in a column that is imported.
    pub total: usize,
}

/// What an account's rows are read against.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub catalogue: &'a Catalogue,
    pub habits: Habits<'a>,
}

pub fn read_rows(sheet: &Sheet, mapping: &Mapping, corrections: &Corrections, setting: Setting<'_>) -> Rows {
    let mut rows = Rows { import: Import { key: mapping.key, rows: Vec::new() }, ..Rows::default() };
    for row in sheet.rows() {
        let reader = RowReader { row, number: row.number.saturating_add(1), mapping, corrections };
        if mapping.columns.keys().any(|column| !reader.cell(*column).is_blank()) {
            rows.total += 1;
            let read = reader.read(setting, &mut rows.errors, &mut rows.notes);
            rows.import.rows.push(read);
        }
    }
    name_duplicates(&mut rows, mapping);
    let refused: BTreeSet<u32> = rows.errors.iter().map(|error| error.row).collect();
    rows.import.rows.retain(|row| !refused.contains(&row.row));
    rows
}

struct RowReader<'a> {
    row: Row<'a>,
    number: u32,
    mapping: &'a Mapping,
    corrections: &'a Corrections,
}

impl<'a> RowReader<'a> {
    fn cell(&self, column: usize) -> Cell<'a> {
        match self.corrections.get(&(self.number, column)) {
            Some(text) => Cell { text, kind: CellKind::Text },
            None => self.row.cell(column),
        }
    }

    fn read(&self, setting: Setting<'_>, errors: &mut Vec<CellWord>, notes: &mut Vec<CellWord>) -> ImportRow {
        let mut read = ImportRow { row: self.number, ..ImportRow::default() };
        for (at, column) in &self.mapping.columns {
            let cell = self.cell(*at);
            let word = |message: String| {
                let text = cell.text.chars().take(200).collect();
                CellWord { row: self.number, column: Some(*at), text, message }
            };
            if cell.is_blank() {
                continue;
            }
            if cell.clears() && column.can_be_cleared() {
                cell::clear(&mut read, column, setting.catalogue);
                continue;
            }
            match damage::repair(column, cell, setting.habits) {
                Err(message) => errors.push(word(message)),
                Ok(repaired) => {
                    let before = errors.len();
                    errors.extend(cell::set(&mut read, column, &repaired.text, setting.catalogue).err().map(word));
                    notes.extend(repaired.note.filter(|_| errors.len() == before).map(word));
                }
            }
        }
        read
    }
}

/// What only one user can have, in two rows: both are named.
fn name_duplicates(rows: &mut Rows, mapping: &Mapping) {
    let mut seen: BTreeMap<(&str, String), u32> = BTreeMap::new();
    let mut named = BTreeSet::new();
    let mut errors = Vec::new();
    for row in &rows.import.rows {
        for (column, what, value) in unique_values(row, mapping) {
            let Some(other) = seen.insert((what, value.to_lowercase()), row.row) else { continue };
            for (row, other) in [(other, row.row), (row.row, other)] {
                if named.insert((row, what)) {
                    let message = format!("row {other} has the same {what}; keep one of them");
                    let at = mapping.column_of(&column);
                    errors.push(CellWord { row, column: at, text: value.clone(), message });
                }
            }
        }
    }
    rows.errors.extend(errors);
    rows.errors.sort_by_key(|error| (error.row, error.column));
}

fn unique_values(row: &ImportRow, mapping: &Mapping) -> Vec<(Column, &'static str, String)> {
    let mut values = Vec::new();
    let mut add = |column: Column, what, value: Option<String>| {
        values.extend(value.map(|value| (column, what, value)));
    };
    add(Column::Username, "username", row.username.get().map(ToString::to_string));
    add(Column::Extension, "extension", row.extension.get().map(ToString::to_string));
    add(Column::PhoneNumber, "phone number", row.phone_number.get().map(ToString::to_string));
    add(Column::MobileNumber, "phone number", row.mobile_number.get().map(ToString::to_string));
    add(Column::DeviceMac, "MAC address", row.device.mac.get().map(ToString::to_string));
    if mapping.key == lineside_model::import::Key::Email {
        add(Column::Email, "email address", row.email.get().map(ToString::to_string));
    }
    values
}

/// For a cell that asks for something.
fn wish<T, E: ToString>(field: &mut Wish<T>, parsed: Result<T, E>) -> Result<(), String> {
    *field = Wish::Set(parsed.map_err(|error| error.to_string())?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use lineside_model::extension::{DialPlan, Extension};

    use super::*;
    use crate::limits::Limits;
    use crate::read::read;

    fn rows(text: &str, corrections: &Corrections) -> Rows {
        let catalogue = Catalogue::default_catalogue();
        let plan = DialPlan::new(3, 3, Extension::parse("201").unwrap()).unwrap();
        let sheet = Sheet::new(read(text.as_bytes(), Limits::default()).unwrap());
        let mapping = sheet.guess(&catalogue);
        mapping.check().unwrap();
        let habits = Habits { dial_plan: &plan, country: "US" };
        read_rows(&sheet, &mapping, corrections, Setting { catalogue: &catalogue, habits })
    }

    fn said(rows: &Rows) -> Vec<String> {
        rows.errors.iter().map(|error| format!("{}: {}", error.place(), error.message)).collect()
    }

    #[test]
    fn every_error_of_every_cell_is_named_at_once() {
        let rows = rows(
            "Username,First name,Ext,Email,Voice license,Phone number\n\
             ana_d,Ana,911,ana,Gold,4.67E+10\n\
             bo.lind,Bo,202,bo@x.io,Business,+14805550143\n",
            &Corrections::new(),
        );
        assert_eq!(rows.import.rows.len(), 1);
        assert_eq!(rows.total, 2);
        let places: Vec<String> = rows.errors.iter().map(CellWord::place).collect();
        assert_eq!(places, ["A2", "C2", "D2", "E2", "F2"], "{:?}", said(&rows));
        assert!(rows.errors[3].message.contains("Basic, Business, Business Mobile"), "{}", rows.errors[3].message);
    }

    #[test]
    fn a_corrected_cell_counts_in_place_of_the_files() {
        let corrections = Corrections::from([((2, 2), "201".to_owned())]);
        let rows = rows("Username,First name,Ext\nana.d,Ana,911\n", &corrections);
        assert_eq!(said(&rows), [""; 0]);
        assert_eq!(rows.import.rows[0].extension.get().unwrap().as_str(), "201");
    }

    #[test]
    fn duplicates_name_each_other() {
        let rows = rows("Username,Ext\nana.d,201\nbo.l,202\nANA.D,201\n", &Corrections::new());
        assert_eq!(
            said(&rows),
            [
                "A2: row 4 has the same username; keep one of them",
                "B2: row 4 has the same extension; keep one of them",
                "A4: row 2 has the same username; keep one of them",
                "B4: row 2 has the same extension; keep one of them",
            ]
        );
        assert_eq!(rows.import.rows.len(), 1);
    }

    #[test]
    fn blank_leaves_a_dash_clears_and_a_missing_column_says_nothing() {
        let rows = rows("Username,Email,Department,Location\nana.d,,-,Phoenix\n", &Corrections::new());
        let row = &rows.import.rows[0];
        assert_eq!((&row.email, &row.department), (&Wish::Leave, &Wish::Clear));
        assert_eq!(row.location.get().unwrap().as_str(), "Phoenix");
        assert!(row.extension.is_left() && row.e911.is_left());
    }

    #[test]
    fn names_and_streets_in_one_cell_are_taken_apart() {
        let rows = rows(
            "Login,Name,Address,Model\nana.d,Ana Maria Duarte,3550 N Central Ave,Yealink T54W\nbo.l,\"Lind, Bo\",Hauptstr. 5,t46u\nx.y,Cher,Main Street,\n",
            &Corrections::new(),
        );
        let names: Vec<_> = rows.import.rows.iter().map(|row| (row.first_name.get(), row.last_name.get())).collect();
        let name = |text: &str| lineside_model::text::Name::parse(text).unwrap();
        let (ana, bo) = ((name("Ana Maria"), name("Duarte")), (name("Bo"), name("Lind")));
        assert_eq!(names, [(Some(&ana.0), Some(&ana.1)), (Some(&bo.0), Some(&bo.1))]);
        assert_eq!(rows.import.rows[0].e911.street_number.get().map(String::as_str), Some("3550"));
        assert_eq!(rows.import.rows[1].e911.street_name.get().map(String::as_str), Some("Hauptstr."));
        assert_eq!(rows.import.rows[1].device.model.get().map(String::as_str), Some("yealink-t46u"));
        assert_eq!(rows.errors.iter().map(CellWord::place).collect::<Vec<_>>(), ["B4", "C4"]);
    }

    #[test]
    fn repairs_are_noted() {
        let rows = rows("Username,Ext,Phone number\nana.d,7,46812345678\n", &Corrections::new());
        let notes: Vec<_> = rows.notes.iter().map(|note| format!("{}: {}", note.place(), note.message)).collect();
        assert_eq!(
            notes,
            [
                "B2: 7 read as 007: spreadsheets drop leading zeros",
                "C2: 46812345678 read as +46812345678: spreadsheets drop the +"
            ]
        );
    }
}
