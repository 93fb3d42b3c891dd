//! Users, devices, numbers and locations from a file: what its rows ask for. A row finds its user or makes one; a cell sets, clears, or leaves what there is.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::address::CivicAddressInput;
use crate::device::Mac;
use crate::email::Email;
use crate::extension::{Destination, Extension};
use crate::id::{AccountId, ChangeId, ImportId, LicenseTypeId, TrackId, UserId};
use crate::phone_number::{E164, NumberKind};
use crate::plan::Fingerprint;
use crate::text::Name;
use crate::time_zone::TimeZone;
use crate::user::Role;
use crate::username::Username;

/// The most rows of one import.
pub const ROWS_MAX: usize = 100_000;

/// What a file lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    #[default]
    Users,
    Devices,
    Numbers,
    Locations,
}

impl ImportKind {
    pub const ALL: [Self; 4] = [Self::Users, Self::Devices, Self::Numbers, Self::Locations];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Devices => "devices",
            Self::Numbers => "numbers",
            Self::Locations => "locations",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// For people to read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Users => "Users",
            Self::Devices => "Devices",
            Self::Numbers => "Phone numbers",
            Self::Locations => "Locations",
        }
    }

    /// By what rows of this kind can be found, the likeliest first.
    pub fn keys(self) -> &'static [Key] {
        match self {
            Self::Users => &[Key::Username, Key::Email, Key::Extension],
            Self::Devices => &[Key::Mac],
            Self::Numbers => &[Key::PhoneNumber],
            Self::Locations => &[Key::Location],
        }
    }
}

/// By what a row finds its user, device, number or location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    #[default]
    Username,
    Email,
    Extension,
    Mac,
    PhoneNumber,
    Location,
}

impl Key {
    pub const ALL: [Self; 6] =
        [Self::Username, Self::Email, Self::Extension, Self::Mac, Self::PhoneNumber, Self::Location];

    pub fn kind(self) -> ImportKind {
        match self {
            Self::Username | Self::Email | Self::Extension => ImportKind::Users,
            Self::Mac => ImportKind::Devices,
            Self::PhoneNumber => ImportKind::Numbers,
            Self::Location => ImportKind::Locations,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Extension => "extension",
            Self::Mac => "mac",
            Self::PhoneNumber => "phone_number",
            Self::Location => "location",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Import {
    pub key: Key,
    pub rows: Vec<ImportRow>,
}

/// What a cell asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish<T> {
    /// A blank cell, or a column that is not there.
    #[default]
    Leave,
    Clear,
    Set(T),
}

impl<T: Clone> Wish<T> {
    pub fn get(&self) -> Option<&T> {
        if let Self::Set(value) = self { Some(value) } else { None }
    }

    pub fn is_left(&self) -> bool {
        matches!(self, Self::Leave)
    }

    /// What is there afterwards.
    #[must_use]
    pub fn over(&self, current: Option<T>) -> Option<T> {
        match self {
            Self::Leave => current,
            Self::Clear => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

impl<T: ToString> Wish<T> {
    /// What stands in a form's field afterwards.
    #[must_use]
    pub fn over_text(&self, current: String) -> String {
        match self {
            Self::Leave => current,
            Self::Clear => String::new(),
            Self::Set(value) => value.to_string(),
        }
    }
}

/// Numbers, places and devices by what a person calls them: planning finds them, so that what is applied is what is there then.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportRow {
    /// As the file's reader counts, from one.
    pub row: u32,
    pub first_name: Wish<Name>,
    pub last_name: Wish<Name>,
    pub username: Wish<Username>,
    pub email: Wish<Email>,
    pub email_voicemails: Wish<bool>,
    pub attach_recording: Wish<bool>,
    pub phone_number: Wish<E164>,
    pub mobile_number: Wish<E164>,
    pub extension: Wish<Extension>,
    pub unreachable: Wish<Destination>,
    pub location: Wish<Name>,
    pub time_zone: Wish<TimeZone>,
    pub department: Wish<Name>,
    pub role: Wish<Role>,
    /// For a user that the row adds.
    pub welcome: bool,
    pub e911: E911Wish,
    pub device: DeviceWish,
    pub number_kind: Wish<NumberKind>,
    /// In files of locations.
    pub site: Option<Box<SiteWish>>,
    /// In the order of tracks' identifiers. A list: thousands of rows have one or two.
    pub licenses: Vec<(TrackId, LicenseWish)>,
}

impl ImportRow {
    /// What the row says of this track's licenses.
    pub fn license(&mut self, track: TrackId) -> &mut LicenseWish {
        let at = self.licenses.binary_search_by_key(&track, |(track, _)| *track).unwrap_or_else(|at| {
            self.licenses.reserve_exact(1);
            self.licenses.insert(at, (track, LicenseWish::default()));
            at
        });
        &mut self.licenses[at].1
    }
}

/// The cells of an address that have something in them; the rest stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct E911Wish {
    pub street_number: Wish<SmolStr>,
    pub street_name: Wish<SmolStr>,
    pub unit: Wish<SmolStr>,
    pub city: Wish<SmolStr>,
    pub region: Wish<SmolStr>,
    pub postal_code: Wish<SmolStr>,
    pub country: Wish<SmolStr>,
    pub confirmed: bool,
}

impl E911Wish {
    pub fn is_left(&self) -> bool {
        let cells = [
            &self.street_number,
            &self.street_name,
            &self.unit,
            &self.city,
            &self.region,
            &self.postal_code,
            &self.country,
        ];
        !self.confirmed && cells.into_iter().all(Wish::is_left)
    }

    #[must_use]
    pub fn over(&self, current: CivicAddressInput) -> CivicAddressInput {
        CivicAddressInput {
            street_number: self.street_number.over_text(current.street_number),
            street_name: self.street_name.over_text(current.street_name),
            unit: self.unit.over_text(current.unit),
            city: self.city.over_text(current.city),
            region: self.region.over_text(current.region),
            postal_code: self.postal_code.over_text(current.postal_code),
            country: self.country.over_text(current.country),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeviceWish {
    /// A slug of [`crate::device::DeviceModel::ALL`].
    pub model: Wish<SmolStr>,
    pub mac: Wish<Mac>,
    pub label: Wish<Name>,
}

/// What a location has beside its name, address and time zone; checked as its form is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SiteWish {
    pub area_code: Wish<SmolStr>,
    pub contact_name: Wish<SmolStr>,
    pub contact_email: Wish<SmolStr>,
    pub contact_phone: Wish<SmolStr>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LicenseWish {
    pub license: Wish<LicenseTypeId>,
    /// A day that is over, or today, is now.
    pub date: Option<NaiveDate>,
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowEffect {
    Create,
    Change,
    Unchanged,
    Refused,
}

impl RowEffect {
    pub const ALL: [Self; 4] = [Self::Create, Self::Change, Self::Unchanged, Self::Refused];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == text)
    }

    /// For people to read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Create => "added",
            Self::Change => "changed",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }
}

/// One row of an import's plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRow {
    pub row: u32,
    pub effect: RowEffect,
    pub user_id: Option<UserId>,
    pub name: String,
}

/// Where an uploaded file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Its columns wait to be given their meaning.
    Mapping,
    Planned,
    /// Since [`ImportJob::started_at`].
    Applying,
    Done,
}

impl ImportState {
    pub const ALL: [Self; 4] = [Self::Mapping, Self::Planned, Self::Applying, Self::Done];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Planned => "planned",
            Self::Applying => "applying",
            Self::Done => "done",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Mapping => "Columns to be chosen",
            Self::Planned => "Planned, not applied",
            Self::Applying => "Being applied",
            Self::Done => "Applied",
        }
    }
}

/// An uploaded file, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportJob {
    pub id: ImportId,
    pub account_id: AccountId,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub state: ImportState,
    pub owner: String,
    pub file_name: String,
    /// SHA-256 of the file, in hex.
    pub file_hash: String,
    /// What kind of file it was, in words.
    pub format: String,
    pub key: Key,
    /// The meaning of columns, by their place from zero.
    pub columns: BTreeMap<usize, String>,
    /// What each heading meant, for the next file of the account; `None` was left out.
    pub remembered: BTreeMap<String, Option<String>>,
    /// Cells corrected on the page: row from one, column from zero, text.
    pub corrections: Vec<(u32, usize, String)>,
    pub counts: RowCounts,
    pub good_rows_only: bool,
    /// Of the plan of the rows without errors.
    pub fingerprint: Option<Fingerprint>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it was not applied.
    pub trouble: Option<String>,
}

impl ImportJob {
    /// The change that applies it: at most once, and in the journal under this name.
    pub fn change_id(&self) -> ChangeId {
        ChangeId(self.id.0)
    }
}

/// How many rows there are of each effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowCounts {
    pub create: usize,
    pub change: usize,
    pub unchanged: usize,
    pub refused: usize,
}

impl RowCounts {
    pub fn of(rows: &[PlannedRow]) -> Self {
        let count = |effect| rows.iter().filter(|row| row.effect == effect).count();
        Self {
            create: count(RowEffect::Create),
            change: count(RowEffect::Change),
            unchanged: count(RowEffect::Unchanged),
            refused: count(RowEffect::Refused),
        }
    }

    pub fn total(self) -> usize {
        self.create + self.change + self.unchanged + self.refused
    }

    pub fn get(self, effect: RowEffect) -> usize {
        match effect {
            RowEffect::Create => self.create,
            RowEffect::Change => self.change,
            RowEffect::Unchanged => self.unchanged,
            RowEffect::Refused => self.refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred thousand of them are in memory at once.
    #[test]
    fn a_row_is_small() {
        assert!(size_of::<ImportRow>() <= 544, "{}", size_of::<ImportRow>());
        assert_eq!(size_of::<Wish<Name>>(), size_of::<SmolStr>());
    }
}
