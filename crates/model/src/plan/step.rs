//! One record's before and after.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::account::Account;
use crate::department::Department;
use crate::device::{Device, Line};
use crate::e911::E911Address;
use crate::facts::Facts;
use crate::greeting::Greeting;
use crate::id::{AccountId, DepartmentId, LicenseTypeId, LocationId, UserId};
use crate::license::{Assignment, Seats};
use crate::location::Location;
use crate::mail::Mail;
use crate::phone_number::PhoneNumber;
use crate::user::User;

macro_rules! records {
    ($($name:ident),+ $(,)?) => {
        /// A row of one of the account's tables.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "record", rename_all = "snake_case")]
        pub enum Record {
            $($name(Box<$name>),)+
        }

        $(impl From<$name> for Record {
            fn from(record: $name) -> Self {
                Self::$name(Box::new(record))
            }
        })+

        impl Record {
            fn fields(&self) -> Value {
                match self {
                    $(Self::$name(record) => serde_json::to_value(record).unwrap_or_default(),)+
                }
            }
        }
    };
}

records!(
    Account,
    Location,
    Department,
    User,
    PhoneNumber,
    Device,
    Line,
    E911Address,
    Seats,
    Assignment,
    Greeting,
    Mail
);

impl Record {
    /// What kind of thing it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Location(_) => "location",
            Self::Department(_) => "department",
            Self::User(_) => "user",
            Self::PhoneNumber(_) => "phone number",
            Self::Device(_) => "device",
            Self::Line(_) => "line",
            Self::E911Address(_) => "E911 address",
            Self::Seats(_) => "seats",
            Self::Assignment(_) => "license",
            Self::Greeting(_) => "greeting",
            Self::Mail(_) => "mail",
        }
    }

    pub fn id(&self) -> Uuid {
        match self {
            Self::Account(account) => account.id.0,
            Self::Location(location) => location.id.0,
            Self::Department(department) => department.id.0,
            Self::User(user) => user.id.0,
            Self::PhoneNumber(number) => number.id.0,
            Self::Device(device) => device.id.0,
            Self::Line(line) => line.id.0,
            Self::E911Address(e911) => e911.user_id.0,
            Self::Seats(seats) => seats.license_type_id.0,
            Self::Assignment(assignment) => assignment.id.0,
            Self::Greeting(greeting) => greeting.user_id.0,
            Self::Mail(mail) => mail.id.0,
        }
    }

    pub fn version(&self) -> i64 {
        match self {
            Self::Account(account) => account.version,
            Self::Location(location) => location.version,
            Self::Department(department) => department.version,
            Self::User(user) => user.version,
            Self::PhoneNumber(number) => number.version,
            Self::Device(device) => device.version,
            Self::Line(line) => line.version,
            Self::E911Address(e911) => e911.version,
            Self::Seats(seats) => seats.version,
            Self::Assignment(assignment) => assignment.version,
            Self::Greeting(greeting) => greeting.version,
            Self::Mail(_) => 0,
        }
    }

    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user.id),
            Self::PhoneNumber(number) => number.user_id,
            Self::Device(device) => device.user_id,
            Self::Line(line) => Some(line.user_id),
            Self::E911Address(e911) => Some(e911.user_id),
            Self::Assignment(assignment) => Some(assignment.user_id),
            Self::Greeting(greeting) => Some(greeting.user_id),
            Self::Mail(mail) => Some(mail.user_id),
            Self::Account(_) | Self::Location(_) | Self::Department(_) | Self::Seats(_) => None,
        }
    }
}

/// One field, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    pub field: String,
    /// Empty: there was none.
    pub before: String,
    /// Empty: there is none.
    pub after: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub before: Option<Record>,
    pub after: Option<Record>,
    /// What it is about, such as "user Ana Duarte".
    pub title: String,
    pub changes: Vec<FieldChange>,
}

impl Step {
    pub(super) fn new(before: Option<Record>, after: Option<Record>, facts: &Facts) -> Self {
        let title = after.as_ref().or(before.as_ref()).map(|record| title(record, facts)).unwrap_or_default();
        let changes = differences(before.as_ref(), after.as_ref(), facts);
        Self { before, after, title, changes }
    }

    /// What is done: adds, changes, removes.
    pub fn verb(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "Add",
            (Some(_), Some(_)) => "Change",
            (Some(_), None) => "Remove",
        }
    }

    pub(super) fn identity(&self) -> (&'static str, Uuid) {
        let record = self.after.as_ref().or(self.before.as_ref());
        record.map_or(("", Uuid::nil()), |record| (record.kind(), record.id()))
    }

    pub(super) fn version_before(&self) -> Option<i64> {
        self.before.as_ref().map(Record::version)
    }

    pub(super) fn users(&self) -> impl Iterator<Item = UserId> {
        [&self.before, &self.after].into_iter().flatten().filter_map(Record::user_id)
    }
}

fn title(record: &Record, facts: &Facts) -> String {
    let name = match record {
        Record::Account(account) => account.settings.name.to_string(),
        Record::Location(location) => location.site.name.to_string(),
        Record::Department(department) => department.name.to_string(),
        Record::User(user) => user.profile.full_name(),
        Record::PhoneNumber(number) => number.number.pretty(),
        Record::Device(device) => device.title(),
        Record::Line(line) => facts.devices.get(&line.device_id).map(Device::title).unwrap_or_default(),
        Record::Seats(seats) => license_name(facts, seats.license_type_id),
        Record::Assignment(assignment) => {
            format!("{} for {}", license_name(facts, assignment.license_type_id), user_name(facts, assignment.user_id))
        }
        Record::E911Address(e911) => user_name(facts, e911.user_id),
        Record::Greeting(greeting) => user_name(facts, greeting.user_id),
        Record::Mail(mail) => format!("{} to {}", mail.kind.as_str().replace('_', " "), mail.to),
    };
    format!("{} {name}", record.kind()).trim_end().to_owned()
}

/// Fields that say nothing to a person.
const HIDDEN: [&str; 14] = [
    "id",
    "account_id",
    "version",
    "created_at",
    "audio",
    "provisioning_token",
    "provisioning_hash",
    "generated_at",
    "wizard",
    "next_at",
    "starts_at",
    "uploaded_at",
    "done_at",
    "attempts",
];

fn differences(before: Option<&Record>, after: Option<&Record>, facts: &Facts) -> Vec<FieldChange> {
    let (before, after) = (flatten(before), flatten(after));
    let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
    fields.sort();
    fields.dedup();
    let text = |values: &BTreeMap<String, Value>, field: &String| {
        values.get(field).map(|value| in_words(field, value, facts)).unwrap_or_default()
    };
    fields
        .into_iter()
        .filter(|field| before.get(*field) != after.get(*field))
        .map(|field| FieldChange { field: field.clone(), before: text(&before, field), after: text(&after, field) })
        .filter(|change| change.before != change.after)
        .collect()
}

/// The record's fields with their groups (`profile`, `settings`, `site`, `address`) dissolved.
fn flatten(record: Option<&Record>) -> BTreeMap<String, Value> {
    fn dissolve(value: Value, into: &mut BTreeMap<String, Value>) {
        let Value::Object(fields) = value else { return };
        for (field, value) in fields {
            match field.as_str() {
                field if HIDDEN.contains(&field) => {}
                "profile" | "settings" | "site" | "address" | "dial_plan" => dissolve(value, into),
                _ => {
                    into.insert(field, value);
                }
            }
        }
    }
    let mut fields = BTreeMap::new();
    if let Some(record) = record {
        dissolve(record.fields(), &mut fields);
    }
    fields
}

fn in_words(field: &str, value: &Value, facts: &Facts) -> String {
    let id = || value.as_str().and_then(|text| Uuid::parse_str(text).ok());
    match (field, id()) {
        ("location_id", Some(id)) => {
            return facts
                .locations
                .get(&LocationId(id))
                .map_or_else(|| id.to_string(), |location| location.site.name.to_string());
        }
        ("department_id", Some(id)) => {
            return facts
                .departments
                .get(&DepartmentId(id))
                .map_or_else(|| id.to_string(), |department| department.name.to_string());
        }
        ("user_id", Some(id)) => return user_name(facts, UserId(id)),
        ("license_type_id", Some(id)) => return license_name(facts, LicenseTypeId(id)),
        ("track_id", Some(id)) => {
            return facts.catalogue.track(crate::id::TrackId(id)).map(|track| track.name.clone()).unwrap_or_default();
        }
        _ => {}
    }
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::Object(fields) if field == "confirmed" => {
            fields.get("by").and_then(Value::as_str).map(|by| format!("by {by}")).unwrap_or_default()
        }
        Value::Object(fields) => fields.values().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        Value::Array(values) => values.iter().map(|value| in_words("", value, facts)).collect::<Vec<_>>().join("; "),
        Value::Number(number) => number.to_string(),
    }
}

fn user_name(facts: &Facts, id: UserId) -> String {
    facts.users.get(&id).map_or_else(String::new, |user| user.profile.full_name())
}

fn license_name(facts: &Facts, id: LicenseTypeId) -> String {
    facts.catalogue.license_type(id).map(|license| license.name.clone()).unwrap_or_default()
}

/// For records whose account is not yet in the database.
impl Step {
    pub fn account_id(&self) -> Option<AccountId> {
        match self.after.as_ref().or(self.before.as_ref())? {
            Record::Account(account) => Some(account.id),
            _ => None,
        }
    }
}
