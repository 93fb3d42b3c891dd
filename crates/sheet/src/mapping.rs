//! Which column of a file means what: guessed from its headings, by the presets of other systems, or as it was remembered.

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::import::{ImportKind, Key};
use lineside_model::license::Catalogue;
use lineside_model::text::fold;
use serde::{Deserialize, Serialize};

use crate::column::Column;
use crate::preset::{PRESETS, Preset, SYNONYMS};
use crate::table::Table;

/// A file's columns and what each means; what is not here is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mapping {
    pub key: Key,
    pub columns: BTreeMap<usize, Column>,
}

/// One heading of a file, for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    pub column: usize,
    pub text: String,
    /// The column to its left with the same heading.
    pub repeats: Option<usize>,
    /// The first cells below it.
    pub samples: Vec<String>,
}

/// A table that was looked at: where its headings are, and the rows below them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub table: Table,
    /// Among the rows with something in them.
    pub heading_row: usize,
    pub headings: Vec<Heading>,
}

/// How the heading begins that tells an export of ours where there is no hidden sheet.
pub const STAMP_HEADING: &str = "Lineside export ";

/// Headings are looked for in so many rows: titles and notes may stand above them.
const LOOK_ROWS: usize = 20;
const SAMPLES: usize = 3;

impl Sheet {
    pub fn new(mut table: Table) -> Self {
        let mut stamp = None;
        let (heading_row, _) = find_headings(&table);
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut headings = Vec::new();
        let below = (heading_row + 1).min(table.len());
        if !table.is_empty() {
            for (column, cell) in table.row(heading_row).cells() {
                let text = cell.text.split_whitespace().collect::<Vec<_>>().join(" ");
                if text.is_empty() {
                    continue;
                }
                if text.starts_with(STAMP_HEADING) {
                    stamp = Some(text);
                    continue;
                }
                let repeats = seen.get(&plain(&text)).copied();
                seen.entry(plain(&text)).or_insert(column);
                let rows = (below..table.len()).map(|at| table.row(at).cell(column)).filter(|cell| !cell.is_blank());
                let samples = rows.take(SAMPLES).map(|cell| cell.text.chars().take(40).collect()).collect();
                headings.push(Heading { column, text, repeats, samples });
            }
        }
        table.stamp = table.stamp.or(stamp);
        Self { table, heading_row, headings }
    }

    /// The rows to import, with their places.
    pub fn rows(&self) -> impl Iterator<Item = crate::table::Row<'_>> {
        (self.heading_row + 1..self.table.len()).map(|at| self.table.row(at))
    }

    pub fn row_count(&self) -> usize {
        self.table.len().saturating_sub(self.heading_row + 1)
    }

    /// Whose file this is, if its headings tell.
    pub fn preset(&self) -> Option<&'static Preset> {
        let headings: BTreeSet<String> = self.headings.iter().map(|heading| heading.text.to_lowercase()).collect();
        let has = |preset: &&Preset| preset.signature.iter().all(|name| headings.contains(&name.to_lowercase()));
        // Case tells the systems apart where the words do not.
        let exact: BTreeSet<&str> = self.headings.iter().map(|heading| heading.text.as_str()).collect();
        let spelled = |preset: &&Preset| preset.signature.iter().all(|name| exact.contains(name));
        let slug =
            PRESETS.iter().filter(has).find(spelled).or_else(|| PRESETS.iter().find(has)).map(|found| found.slug);
        slug.and_then(Preset::find)
    }

    /// The most likely meaning of every column; each meaning once.
    pub fn guess(&self, kind: ImportKind, catalogue: &Catalogue) -> Mapping {
        let columns = Column::all(kind, catalogue);
        let of_headings: BTreeMap<String, Column> =
            columns.iter().map(|column| (plain(&column.heading_in(kind, catalogue)), column.clone())).collect();
        let own = |text: &str| of_headings.get(&plain(text)).cloned();
        if kind != ImportKind::Users {
            let meant = |text: &str| synonym_in(kind, text).or_else(|| synonym(text));
            return self.map(kind, |text| own(text).or_else(|| meant(text).filter(|column| columns.contains(column))));
        }
        let known = self.headings.iter().filter(|heading| own(&heading.text).is_some()).count();
        let preset = self.preset().filter(|preset| preset.columns.len().min(self.headings.len()) > known);
        self.map(kind, |text| match preset {
            Some(preset) => preset.column(text),
            None => own(text).or_else(|| synonym(text)),
        })
    }

    /// As a preset says.
    pub fn by_preset(&self, preset: &Preset) -> Mapping {
        self.map(ImportKind::Users, |text| preset.column(text))
    }

    /// As it was remembered: by heading.
    pub fn remembered(&self, columns: &BTreeMap<String, Option<Column>>, key: Key) -> Mapping {
        let mapping = self.map(key.kind(), |text| columns.get(&plain(text)).cloned().flatten());
        Mapping { key, ..mapping }
    }

    /// Whether every heading was met before.
    pub fn knows_all(&self, columns: &BTreeMap<String, Option<Column>>) -> bool {
        self.headings.iter().all(|heading| columns.contains_key(&plain(&heading.text)))
    }

    /// What is remembered of a mapping; headings that were left out too.
    pub fn to_remember(&self, mapping: &Mapping) -> BTreeMap<String, Option<Column>> {
        let named = self.headings.iter().filter(|heading| heading.repeats.is_none());
        named.map(|heading| (plain(&heading.text), mapping.columns.get(&heading.column).cloned())).collect()
    }

    fn map(&self, kind: ImportKind, meaning: impl Fn(&str) -> Option<Column>) -> Mapping {
        let mut columns: BTreeMap<usize, Column> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for heading in &self.headings {
            if let Some(column) = meaning(&heading.text)
                && taken.insert(column.clone())
            {
                columns.insert(heading.column, column);
            }
        }
        let has = |key: &Key| taken.contains(&Column::of_key(*key));
        let keys = kind.keys();
        let key = keys.iter().copied().find(has).unwrap_or(keys[0]);
        Mapping { key, columns }
    }
}

impl Mapping {
    /// What makes it impossible to read a file by it, in words.
    pub fn check(&self) -> Result<(), String> {
        let mut seen = BTreeMap::new();
        for (at, column) in &self.columns {
            if let Some(before) = seen.insert(column, *at) {
                let (one, two) = (crate::table::column_letters(before), crate::table::column_letters(*at));
                return Err(format!("columns {one} and {two} have the same meaning; leave one of them out"));
            }
        }
        let has = |column: &Column| seen.contains_key(column);
        if !has(&Column::of_key(self.key)) {
            let (kind, key) = (self.key.kind().as_str(), self.key.as_str().replace('_', " "));
            return Err(format!(
                "rows find their {kind} by {key}, and no column is the {key}; choose one, or another key"
            ));
        }
        if has(&Column::FullName) && (has(&Column::FirstName) || has(&Column::LastName)) {
            return Err("choose either the full name or first and last name".to_owned());
        }
        if has(&Column::E911Street) && (has(&Column::E911StreetNumber) || has(&Column::E911StreetName)) {
            return Err("choose either street and number in one column or in two".to_owned());
        }
        Ok(())
    }

    pub fn column_of(&self, column: &Column) -> Option<usize> {
        self.columns.iter().find(|(_, other)| *other == column).map(|(at, _)| *at)
    }
}

/// Of several sheets, the one whose headings say most.
pub(crate) fn better(best: Option<Table>, next: Table) -> Table {
    let score = |table: &Table| (find_headings(table).1, table.len().min(2));
    match best {
        Some(best) if score(&best) >= score(&next) => best,
        _ => next,
    }
}

/// How many of these are headings that somebody knows.
pub(crate) fn recognised<'a>(cells: impl Iterator<Item = &'a str>) -> usize {
    let known: BTreeSet<Column> = cells.filter_map(any_meaning).collect();
    known.len()
}

/// The row that looks most like headings, and how many of them are known.
fn find_headings(table: &Table) -> (usize, usize) {
    let rows = (0..table.len().min(LOOK_ROWS)).map(|at| recognised(table.row(at).cells().map(|(_, cell)| cell.text)));
    let best = rows.enumerate().max_by_key(|(at, known)| (*known, std::cmp::Reverse(*at)));
    best.unwrap_or((0, 0))
}

fn any_meaning(text: &str) -> Option<Column> {
    if text.len() > 80 {
        return None;
    }
    synonym(text).or_else(|| PRESETS.iter().find_map(|preset| preset.column(text)))
}

fn synonym(text: &str) -> Option<Column> {
    let text = plain(text);
    let (key, _) = SYNONYMS.iter().find(|(_, words)| words.contains(&text.as_str()))?;
    Column::parse(key)
}

/// Words that mean something else in files of users.
fn synonym_in(kind: ImportKind, text: &str) -> Option<Column> {
    Some(match (kind, plain(text).as_str()) {
        (ImportKind::Locations, "name") => Column::Location,
        (ImportKind::Devices, "name" | "label" | "description") => Column::DeviceLabel,
        (ImportKind::Numbers, "number" | "name") => Column::PhoneNumber,
        (ImportKind::Numbers, "kind" | "type") => Column::NumberKind,
        (ImportKind::Devices | ImportKind::Numbers, "assignedto" | "owner") => Column::Username,
        _ => return None,
    })
}

/// A heading as it is compared: folded, letters and digits only; a star for "required" and the like fall away.
fn plain(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn sheet(text: &str) -> Sheet {
        Sheet::new(crate::read::read(text.as_bytes(), Limits::default()).unwrap())
    }

    fn guessed(text: &str) -> Vec<String> {
        sheet(text)
            .guess(ImportKind::Users, &Catalogue::default_catalogue())
            .columns
            .values()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn headings_are_guessed_as_people_write_them() {
        let columns = guessed("Given Name;SURNAME;E-Mail;Ext.;Telefonnummer;Shoe size\nAna;Duarte;a@x.io;201;;39\n");
        assert_eq!(columns, ["first_name", "last_name", "email", "extension", "phone_number"]);
    }

    #[test]
    fn a_word_means_what_the_files_kind_makes_of_it() {
        let guessed = |kind, text| {
            let mapping = sheet(text).guess(kind, &Catalogue::default_catalogue());
            let columns: Vec<String> = mapping.columns.values().map(ToString::to_string).collect();
            (mapping.key, columns.join(" "))
        };
        let devices = guessed(ImportKind::Devices, "MAC,Model,Name,User,Email\na,b,c,d,e\n");
        assert_eq!(devices, (Key::Mac, "device_mac device_model device_label username".to_owned()));
        let numbers = guessed(ImportKind::Numbers, "Number;Type;Site;Assigned to\na;b;c;d\n");
        assert_eq!(numbers, (Key::PhoneNumber, "phone_number number_kind location username".to_owned()));
        let locations = guessed(ImportKind::Locations, "Name,Address,City,State,ZIP,Country,Timezone\na,b,c,d,e,f,g\n");
        assert_eq!(locations.0, Key::Location);
        assert!(locations.1.starts_with("location e911_street e911_city e911_region"), "{}", locations.1);
    }

    #[test]
    fn the_files_of_other_systems_are_known() {
        for (headings, slug, key) in [
            ("Number,FirstName,LastName,EmailAddress,MobileNumber,DID,Role,Department,MAC,Model", "3cx", Key::Email),
            ("extension,name,description,tech,secret,voicemail_email,emergency_cid", "freepbx", Key::Email),
            ("extension,password,directory_first_name,directory_last_name,enabled", "fusionpbx", Key::Extension),
            (
                "User Name,First Name,Last Name,Display Name,Job Title,Department,Office Phone",
                "microsoft-365",
                Key::Email,
            ),
            ("First Name,Last Name,Username,Email,Phone Number,Extension,Location", "nextiva", Key::Username),
            ("First name,Surname,Email,Department,Voice,Mobile data", "telavox", Key::Email),
        ] {
            let sheet = sheet(&format!("{headings}\n1,2,3,4,5,6,7,8,9,10\n"));
            assert_eq!(sheet.preset().map(|preset| preset.slug), Some(slug), "{headings}");
            let mapping = sheet.guess(ImportKind::Users, &Catalogue::default_catalogue());
            assert_eq!(mapping.key, key, "{headings}");
            assert!(mapping.columns.len() >= 3, "{headings}");
            for (name, key) in Preset::find(slug).unwrap().columns {
                assert!(Column::parse(key).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn titles_above_the_headings_are_passed_over_and_repeated_headings_named() {
        let sheet = sheet("Staff list 2026\n\nFirst name,Last name,Email,Email\nAna,Duarte,a@x.io,b@x.io\n");
        assert_eq!(sheet.heading_row, 1);
        assert_eq!(sheet.headings[3].repeats, Some(2));
        assert_eq!(sheet.rows().map(|row| row.number).collect::<Vec<_>>(), [3]);
        let mapping = sheet.guess(ImportKind::Users, &Catalogue::default_catalogue());
        assert_eq!(mapping.column_of(&Column::Email), Some(2));
        assert_eq!(mapping.columns.get(&3), None);
    }

    #[test]
    fn a_mapping_is_remembered_by_headings_wherever_they_stand() {
        let first = sheet("A,B,Ext\nx,y,201\n");
        let columns = BTreeMap::from([(0, Column::FirstName), (1, Column::LastName), (2, Column::Extension)]);
        let mapping = Mapping { key: Key::Extension, columns };
        let remembered = first.to_remember(&mapping);
        let moved = sheet("Ext,B,A,C\n201,y,x,z\n").remembered(&remembered, mapping.key);
        assert_eq!(moved.column_of(&Column::Extension), Some(0));
        assert_eq!(moved.column_of(&Column::FirstName), Some(2));
        assert_eq!(moved.columns.len(), 3);
    }

    #[test]
    fn an_impossible_mapping_says_what_to_choose() {
        let mapping =
            |columns: &[Column]| Mapping { key: Key::Username, columns: columns.iter().cloned().enumerate().collect() };
        assert!(mapping(&[Column::Username, Column::Email]).check().is_ok());
        assert!(mapping(&[Column::Email]).check().unwrap_err().contains("another key"));
        assert!(mapping(&[Column::Username, Column::Username]).check().unwrap_err().contains("A and B"));
        assert!(mapping(&[Column::Username, Column::FullName, Column::LastName]).check().is_err());
    }
}
