//! Lists as people read them: what to filter by, and what a row shows.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::address::CivicAddress;
use crate::device::{Device, Line};
use crate::device_limit::DeviceLimit;
use crate::e911::E911Address;
use crate::greeting::Greeting;
use crate::id::{AccountId, DepartmentId, DeviceId, LicenseTypeId, LocationId, NumberId, UserId};
use crate::license::{Assignment, Seats};
use crate::location::Location;
use crate::mail::Mail;
use crate::phone_number::{E164, NumberKind, NumberState, PhoneNumber};
use crate::readiness::{LampKind, Lamps};
use crate::resync::Resync;
use crate::schedule::ScheduleEntry;
use crate::user::{Role, User, UserState, WizardStep};

/// Rows a page.
pub const PAGE: i64 = 50;

/// One page of a list. `total` is exact up to [`TOTAL_MAX`]; past that, `more_than` is set and the total stops there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// From 1.
    pub page: i64,
    pub total: i64,
    pub more_than: bool,
}

/// Counting stops here for searches, so that one letter over 100,000 users costs no more than a page.
pub const TOTAL_MAX: i64 = 2_000;

impl<T> Page<T> {
    pub fn last_page(&self) -> i64 {
        ((self.total + PAGE - 1) / PAGE).max(1)
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(f).collect(),
            page: self.page,
            total: self.total,
            more_than: self.more_than,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserSort {
    #[default]
    Name,
    Extension,
    Location,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UserFilter {
    /// Beginnings of words: names, username, extension, email, digits of a number. Every word must match.
    pub search: String,
    pub location_id: Option<LocationId>,
    pub department_id: Option<DepartmentId>,
    /// The Voice license held.
    pub license_type_id: Option<LicenseTypeId>,
    pub no_license: bool,
    /// Holds this license type, of whatever track.
    pub holds: Option<LicenseTypeId>,
    /// Does not hold it.
    pub lacks: Option<LicenseTypeId>,
    pub state: Option<UserState>,
    /// `Some(true)`: every lamp is ready.
    pub ready: Option<bool>,
    /// This lamp is needed and not ready. A phone whose registration has just run out is listed with the next sweep.
    pub missing: Option<LampKind>,
    /// Add user was left half way.
    pub unfinished: bool,
    /// Has never dialled 933 to hear their address.
    pub untested: bool,
    pub sort: UserSort,
    pub descending: bool,
    /// From 1.
    pub page: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    pub id: UserId,
    pub first_name: String,
    pub last_name: String,
    pub username: String,
    pub extension: Option<String>,
    /// The landline, or else the mobile number.
    pub number: Option<E164>,
    pub location: Option<String>,
    pub department: Option<String>,
    pub license: Option<String>,
    pub email: Option<String>,
    pub role: Role,
    pub created_at: DateTime<Utc>,
    pub state: UserState,
    pub wizard: Option<WizardStep>,
    pub lamps: Lamps,
}

impl UserRow {
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

/// All that a user's page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserDetail {
    pub user: User,
    pub location: Option<Location>,
    pub department: Option<String>,
    pub numbers: Vec<PhoneNumber>,
    pub assignments: Vec<Assignment>,
    /// Scheduled and failed, by date.
    pub schedule: Vec<ScheduleEntry>,
    pub devices: Vec<DeviceDetail>,
    pub e911: Option<E911Address>,
    pub greeting: Option<Greeting>,
    /// The newest first, at most 20.
    pub mails: Vec<Mail>,
    pub lamps: Lamps,
    pub last_sign_in: Option<DateTime<Utc>>,
    pub has_password: bool,
}

impl UserDetail {
    /// Where the E911 address says that the user is, or else the location: what a person is asked to confirm.
    pub fn address_to_confirm(&self) -> Option<&CivicAddress> {
        let own = self.e911.as_ref().map(|e911| &e911.address);
        own.or(self.location.as_ref().map(|location| &location.site.address))
    }

    /// The landline, or else the mobile number.
    pub fn number(&self) -> Option<&PhoneNumber> {
        self.numbers.iter().min_by_key(|number| number.kind)
    }
}

/// A device with what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceDetail {
    pub device: Device,
    pub line: Option<Line>,
    pub user: Option<UserName>,
    pub fetch: Option<Fetch>,
    pub registrations: Vec<Registration>,
    pub last_registered_at: Option<DateTime<Utc>>,
    /// The license's limit, when the device is beyond it and does not work.
    pub beyond: Option<DeviceLimit>,
    /// The last time that it was to be asked to fetch its configuration.
    pub resync: Option<Resync>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserName {
    pub id: UserId,
    pub name: String,
    pub extension: Option<String>,
}

/// The last time that a device fetched its configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    pub at: DateTime<Utc>,
    pub from: String,
    pub user_agent: String,
}

/// A registered contact as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub transport: String,
    pub source: String,
    pub user_agent: String,
    pub registered_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NumberFilter {
    /// Digits anywhere at the beginning of the number, its national part or its last seven or four.
    pub search: String,
    pub state: Option<NumberState>,
    pub kind: Option<NumberKind>,
    pub location_id: Option<LocationId>,
    pub page: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRow {
    pub number: PhoneNumber,
    /// Who has it, gets it when it ports in, or answers it for who left.
    pub user: Option<UserName>,
    pub location: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceFilter {
    /// Beginning of the MAC, label, model or its user's name.
    pub search: String,
    pub model: Option<String>,
    pub assigned: Option<bool>,
    pub page: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    pub id: DeviceId,
    pub model: String,
    pub mac: Option<String>,
    pub label: Option<String>,
    pub locked: bool,
    pub user: Option<UserName>,
    pub fetched_at: Option<DateTime<Utc>>,
    pub registered_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationRow {
    pub location: Location,
    pub users: i64,
    pub numbers: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartmentRow {
    pub id: DepartmentId,
    pub version: i64,
    pub name: String,
    pub users: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct JournalFilter {
    pub user_id: Option<UserId>,
    /// An action such as `edit_profile`.
    pub action: String,
    /// Words of the summary or the actor's name.
    pub search: String,
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub page: i64,
}

/// What Home shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    pub account: Account,
    pub users: i64,
    pub not_ready: i64,
    /// How many users lack each lamp, in the order of [`LampKind::ALL`]: as many as a list filtered by it has.
    pub missing: [i64; 5],
    pub unfinished: i64,
    pub locations: i64,
    pub numbers: i64,
    pub numbers_free: i64,
    pub devices: i64,
    pub seats: Vec<Seats>,
    pub mails_waiting: i64,
    pub mails_failed: i64,
}

/// Counts for the rail beside every page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RailCounts {
    pub users: i64,
    /// Scheduled entries that would fail, and those that did.
    pub failing: i64,
    /// Calls for help that nobody has looked at.
    pub emergencies: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountFilter {
    /// Beginning of the name, number or SIP domain.
    pub search: String,
    /// From 1.
    pub page: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub id: AccountId,
    pub number: String,
    pub name: String,
    pub sip_domain: String,
    pub users: i64,
    pub created_at: DateTime<Utc>,
}

/// A free number as Add user offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeNumber {
    pub id: NumberId,
    pub number: E164,
    pub kind: NumberKind,
    /// In the location's own area code.
    pub local: bool,
}
