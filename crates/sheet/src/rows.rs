//! A file's rows as what they ask for, and every error of every cell at once.

mod cell;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use lineside_model::id::UserId;
use lineside_model::import::{Import, ImportKind, ImportRow, Wish};
use lineside_model::license::Catalogue;
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, StrExt};

use crate::column::Column;
use crate::damage::{self, Habits};
use crate::mapping::{Mapping, Sheet};
use crate::merge::{Merge, Merged, MergedRow};
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
    /// When the file was exported by Lineside.
    pub merge: Option<&'a Merge>,
}

pub fn read_rows(sheet: &Sheet, mapping: &Mapping, corrections: &Corrections, setting: Setting<'_>) -> Rows {
    let all = Vec::with_capacity(sheet.row_count());
    let mut rows = Rows { import: Import { key: mapping.key, rows: all }, ..Rows::default() };
    for row in sheet.rows() {
        let reader = RowReader { row, number: row.number.saturating_add(1), mapping, corrections };
        if mapping.columns.keys().any(|column| !reader.cell(*column).is_blank()) {
            rows.total += 1;
            let merged = reader.merged(setting);
            if merged.is_some_and(|merged| merged.is_deleted() && !reader.is_edited(&merged, setting)) {
                let message = "left out: this user was deleted since the export".to_owned();
                let text = String::new();
                rows.notes.push(CellWord { row: reader.number, column: None, text, message });
                continue;
            }
            let read = reader.read(setting, &mut rows.errors, &mut rows.notes);
            rows.import.rows.push(read);
        }
    }
    name_duplicates(&mut rows, mapping);
    let refused: BTreeSet<u32> = rows.errors.iter().map(|error| error.row).collect();
    rows.import.rows.retain(|row| !refused.contains(&row.row));
    rows
}

/// Whose rows differ from the export that the file was made from: only their present cells are needed.
pub fn edited_users(sheet: &Sheet, mapping: &Mapping, corrections: &Corrections, setting: Setting<'_>) -> Vec<UserId> {
    let mut edited = Vec::new();
    for row in sheet.rows() {
        let reader = RowReader { row, number: row.number.saturating_add(1), mapping, corrections };
        edited.extend(reader.merged(setting).filter(|merged| reader.is_edited(merged, setting)).map(|row| row.user));
    }
    edited
}

const DELETED: &str = "this user was deleted since the export; delete the row, or bring the user back first";

const WITHOUT_KEY: &str = "others took this from its user since the export; let rows find their users by the username";

fn shown(now: &str) -> &str {
    if now.is_empty() { "nothing" } else { now }
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

    /// A user's name can't be, but whose a device or number is can.
    fn can_be_cleared(&self, column: &Column) -> bool {
        column.can_be_cleared() || (*column == Column::Username && self.mapping.key.kind() != ImportKind::Users)
    }

    /// The row's user in the export.
    fn merged<'m>(&self, setting: Setting<'m>) -> Option<MergedRow<'m>> {
        let key = Column::of_key(self.mapping.key);
        let text = self.text(self.mapping.column_of(&key)?, &key, setting)?;
        setting.merge?.row(&text)
    }

    fn is_edited(&self, merged: &MergedRow<'_>, setting: Setting<'_>) -> bool {
        self.mapping.columns.iter().any(|(at, column)| {
            let text = self.text(*at, column, setting);
            text.is_some_and(|text| !matches!(merged.cell(column, &text), Merged::Untouched(_)))
        })
    }

    /// What the cell asks for: `None` is nothing or what can't be read, an empty text clears.
    fn text(&self, at: usize, column: &Column, setting: Setting<'_>) -> Option<Cow<'a, str>> {
        let cell = self.cell(at);
        if cell.is_blank() {
            None
        } else if cell.clears() && self.can_be_cleared(column) {
            Some(Cow::Borrowed(""))
        } else {
            damage::repair(column, cell, setting.habits).ok().map(|repaired| repaired.text)
        }
    }

    fn read(&self, setting: Setting<'_>, errors: &mut Vec<CellWord>, notes: &mut Vec<CellWord>) -> ImportRow {
        let mut read = ImportRow { row: self.number, ..ImportRow::default() };
        let merged = self.merged(setting);
        let key = Column::of_key(self.mapping.key);
        for (at, column) in &self.mapping.columns {
            let cell = self.cell(*at);
            let word = |message: String| {
                let text = cell.text.chars().take(200).collect();
                CellWord { row: self.number, column: Some(*at), text, message }
            };
            if cell.is_blank() {
                continue;
            }
            if let Some(merged) = merged {
                if *column == key {
                    match merged.key() {
                        Some(now) if !now.is_empty() => {
                            errors.extend(cell::set(&mut read, column, now, setting.catalogue).err().map(word));
                        }
                        Some(_) => errors.push(word(WITHOUT_KEY.to_owned())),
                        None => errors.push(word(DELETED.to_owned())),
                    }
                    continue;
                }
                if !self.corrections.contains_key(&(self.number, *at))
                    && let Some(text) = self.text(*at, column, setting)
                {
                    match merged.cell(column, &text) {
                        Merged::Edited => {}
                        Merged::Untouched(None) => continue,
                        Merged::Untouched(Some(now)) => {
                            notes.push(word(format!("others wrote {} since the export, and that stays", shown(now))));
                            continue;
                        }
                        Merged::Both(now) => {
                            let now = shown(now);
                            errors.push(word(format!(
                                "others wrote {now} here since the export: write which of the two it shall be"
                            )));
                            continue;
                        }
                    }
                }
            }
            if cell.clears() && self.can_be_cleared(column) {
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
    let mut seen: BTreeMap<(&str, SmolStr), u32> = BTreeMap::new();
    let mut named = BTreeSet::new();
    let mut errors = Vec::new();
    for row in &rows.import.rows {
        for (column, what, value) in unique_values(row, mapping) {
            let Some(other) = seen.insert((what, value.to_lowercase_smolstr()), row.row) else { continue };
            for (row, other) in [(other, row.row), (row.row, other)] {
                if named.insert((row, what)) {
                    let message = format!("row {other} has the same {what}; keep one of them");
                    let at = mapping.column_of(&column);
                    errors.push(CellWord { row, column: at, text: value.to_string(), message });
                }
            }
        }
    }
    rows.errors.extend(errors);
    rows.errors.sort_by_key(|error| (error.row, error.column));
}

fn unique_values(row: &ImportRow, mapping: &Mapping) -> Vec<(Column, &'static str, SmolStr)> {
    let kind = mapping.key.kind();
    let mut values = Vec::new();
    let mut add = |column: Column, what, value: Option<SmolStr>| {
        values.extend(value.map(|value| (column, what, value)));
    };
    if kind == ImportKind::Users {
        add(Column::Username, "username", row.username.get().cloned().map(SmolStr::from));
    }
    if kind == ImportKind::Locations {
        add(Column::Location, "name", row.location.get().map(|name| lineside_model::text::fold(name.as_str()).into()));
    }
    add(Column::Extension, "extension", row.extension.get().cloned().map(SmolStr::from));
    add(Column::PhoneNumber, "phone number", row.phone_number.get().cloned().map(SmolStr::from));
    add(Column::MobileNumber, "phone number", row.mobile_number.get().cloned().map(SmolStr::from));
    add(Column::DeviceMac, "MAC address", row.device.mac.get().cloned().map(SmolStr::from));
    if mapping.key == lineside_model::import::Key::Email {
        add(Column::Email, "email address", row.email.get().cloned().map(SmolStr::from));
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
        let mapping = sheet.guess(ImportKind::Users, &catalogue);
        mapping.check().unwrap();
        let habits = Habits { dial_plan: &plan, country: "US" };
        read_rows(&sheet, &mapping, corrections, Setting { catalogue: &catalogue, habits, merge: None })
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
        assert_eq!(rows.import.rows[0].e911.street_number.get().map(SmolStr::as_str), Some("3550"));
        assert_eq!(rows.import.rows[1].e911.street_name.get().map(SmolStr::as_str), Some("Hauptstr."));
        assert_eq!(rows.import.rows[1].device.model.get().map(SmolStr::as_str), Some("yealink-t46u"));
        assert_eq!(rows.errors.iter().map(CellWord::place).collect::<Vec<_>>(), ["B4", "C4"]);
    }

    const EXPORTED: &str = "id,username,department,email,extension\n\
        01a216a7-0000-7000-8000-000000000001,ana.d,Sales,ana@x.io,0201\n\
        01a216a7-0000-7000-8000-000000000002,bo.l,Sales,,0202\n\
        01a216a7-0000-7000-8000-000000000003,cy.m,Sales,,0203\n";

    fn user(n: u128) -> UserId {
        UserId(uuid::Uuid::from_u128(0x01a2_16a7_0000_7000_8000_0000_0000_0000 + n))
    }

    /// Ana was renamed and moved to Support since, Cy was deleted.
    fn merged(text: &str, corrections: &Corrections) -> Rows {
        let merge = Merge {
            export: crate::merge::Export::read(EXPORTED.as_bytes(), lineside_model::import::Key::Username).unwrap(),
            keys: BTreeMap::from([(user(1), "ana.duarte".to_owned()), (user(2), "bo.l".to_owned())]),
            now: BTreeMap::from([
                (user(1), ["ana.duarte", "Support", "ana@x.io", "0201"].map(str::to_owned).to_vec()),
                (user(2), ["bo.l", "Sales", "", "0202"].map(str::to_owned).to_vec()),
            ]),
        };
        let catalogue = Catalogue::default_catalogue();
        let plan = DialPlan::new(4, 4, Extension::parse("0201").unwrap()).unwrap();
        let sheet = Sheet::new(read(text.as_bytes(), Limits::default()).unwrap());
        let mapping = sheet.guess(ImportKind::Users, &catalogue);
        let habits = Habits { dial_plan: &plan, country: "US" };
        read_rows(&sheet, &mapping, corrections, Setting { catalogue: &catalogue, habits, merge: Some(&merge) })
    }

    #[test]
    fn what_others_wrote_since_the_export_stays_and_what_the_file_changed_is_done() {
        // A spreadsheet dropped Ana's zero; she got an email address, and Bo a department.
        let rows = merged(
            "Username,Department,Email,Extension\nana.d,Sales,ana@y.io,201\nbo.l,Support,,0202\nnew.one,Sales,,0204\n",
            &Corrections::new(),
        );
        assert_eq!(said(&rows), [""; 0]);
        let [ana, bo, new] = &rows.import.rows[..] else { panic!("{rows:?}") };
        assert_eq!(ana.username.get().unwrap().as_str(), "ana.duarte");
        assert!(ana.department.is_left() && ana.extension.is_left());
        assert_eq!(ana.email.get().unwrap().as_str(), "ana@y.io");
        assert_eq!(bo.department.get().unwrap().as_str(), "Support");
        assert_eq!(new.department.get().unwrap().as_str(), "Sales");
        let notes: Vec<_> = rows.notes.iter().map(|note| format!("{}: {}", note.place(), note.message)).collect();
        assert_eq!(notes, ["B2: others wrote Support since the export, and that stays"]);
    }

    #[test]
    fn where_both_changed_a_cell_the_person_decides() {
        let text = "Username,Department\nana.d,Field\n";
        let rows = merged(text, &Corrections::new());
        assert_eq!(said(&rows), ["B2: others wrote Support here since the export: write which of the two it shall be"]);
        for decided in ["Field", "Support"] {
            let rows = merged(text, &Corrections::from([((2, 1), decided.to_owned())]));
            assert_eq!(said(&rows), [""; 0]);
            assert_eq!(rows.import.rows[0].department.get().unwrap().as_str(), decided);
        }
        // To clear it is a change too, and so is to write what others wrote already.
        assert_eq!(merged("Username,Department\nana.d,-\n", &Corrections::new()).errors.len(), 1);
        assert_eq!(merged("Username,Department\nana.d,Support\n", &Corrections::new()).errors.len(), 0);
    }

    #[test]
    fn rows_of_users_who_were_deleted_since_are_left_out_and_named_when_they_ask_for_something() {
        let rows = merged("Username,Department\ncy.m,Sales\n", &Corrections::new());
        assert_eq!((rows.import.rows.len(), rows.errors.len(), rows.notes.len()), (0, 0, 1));
        let rows = merged("Username,Department\ncy.m,Support\n", &Corrections::new());
        assert!(said(&rows)[0].contains("was deleted since"), "{:?}", said(&rows));
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
