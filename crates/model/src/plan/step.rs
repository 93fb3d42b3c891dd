//! One record's before and after.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::account::Account;
use crate::call_settings::CallSettings;
use crate::department::Department;
use crate::device::{Device, Line};
use crate::e911::E911Address;
use crate::facts::Facts;
use crate::forwarding::Forwarding;
use crate::greeting::Greeting;
use crate::id::{AccountId, UserId};
use crate::license::{Assignment, Seats};
use crate::location::Location;
use crate::mail::Mail;
use crate::phone_number::PhoneNumber;
use crate::plan::words;
use crate::recording::RecordingChoice;
use crate::schedule::ScheduleEntry;
use crate::trunk::Trunk;
use crate::user::User;
use crate::voicemail::{Mailbox, VoicemailMessage};

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
    ScheduleEntry,
    Greeting,
    Mail,
    CallSettings,
    Trunk,
    Forwarding,
    Mailbox,
    RecordingChoice,
    VoicemailMessage
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
            Self::ScheduleEntry(_) => "scheduled license",
            Self::Greeting(_) => "greeting",
            Self::Mail(_) => "mail",
            Self::CallSettings(_) => "call settings",
            Self::Trunk(_) => "trunk",
            Self::Forwarding(_) => "forwarding",
            Self::Mailbox(_) => "voicemail",
            Self::RecordingChoice(_) => "call recording",
            Self::VoicemailMessage(_) => "voicemail message",
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
            Self::ScheduleEntry(entry) => entry.id.0,
            Self::Greeting(greeting) => greeting.user_id.0,
            Self::Mail(mail) => mail.id.0,
            Self::CallSettings(settings) => settings.account_id.0,
            Self::Trunk(trunk) => trunk.id.0,
            Self::Forwarding(forwarding) => forwarding.user_id.0,
            Self::Mailbox(mailbox) => mailbox.user_id.0,
            Self::RecordingChoice(choice) => choice.user_id.0,
            Self::VoicemailMessage(message) => message.id.0,
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
            Self::ScheduleEntry(entry) => entry.version,
            Self::Greeting(greeting) => greeting.version,
            Self::Mail(_) => 0,
            Self::CallSettings(settings) => settings.version,
            Self::Trunk(trunk) => trunk.version,
            Self::Forwarding(forwarding) => forwarding.version,
            Self::Mailbox(mailbox) => mailbox.version,
            Self::RecordingChoice(choice) => choice.version,
            Self::VoicemailMessage(message) => message.version,
        }
    }

    /// At another version.
    #[must_use]
    pub(crate) fn at(mut self, version: i64) -> Self {
        match &mut self {
            Self::Account(account) => account.version = version,
            Self::Location(location) => location.version = version,
            Self::Department(department) => department.version = version,
            Self::User(user) => user.version = version,
            Self::PhoneNumber(number) => number.version = version,
            Self::Device(device) => device.version = version,
            Self::Line(line) => line.version = version,
            Self::E911Address(e911) => e911.version = version,
            Self::Seats(seats) => seats.version = version,
            Self::Assignment(assignment) => assignment.version = version,
            Self::ScheduleEntry(entry) => entry.version = version,
            Self::Greeting(greeting) => greeting.version = version,
            Self::CallSettings(settings) => settings.version = version,
            Self::Trunk(trunk) => trunk.version = version,
            Self::Forwarding(forwarding) => forwarding.version = version,
            Self::Mailbox(mailbox) => mailbox.version = version,
            Self::RecordingChoice(choice) => choice.version = version,
            Self::VoicemailMessage(message) => message.version = version,
            Self::Mail(_) => {}
        }
        self
    }

    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user.id),
            Self::PhoneNumber(number) => number.user_id.or(number.promised_to).or(number.forwarded_to),
            Self::Device(device) => device.user_id,
            Self::Line(line) => Some(line.user_id),
            Self::E911Address(e911) => Some(e911.user_id),
            Self::Assignment(assignment) => Some(assignment.user_id),
            Self::ScheduleEntry(entry) => Some(entry.user_id),
            Self::Greeting(greeting) => Some(greeting.user_id),
            Self::Mail(mail) => Some(mail.user_id),
            Self::Forwarding(forwarding) => Some(forwarding.user_id),
            Self::Mailbox(mailbox) => Some(mailbox.user_id),
            Self::RecordingChoice(choice) => Some(choice.user_id),
            Self::VoicemailMessage(message) => Some(message.user_id),
            Self::Account(_)
            | Self::Location(_)
            | Self::Department(_)
            | Self::Seats(_)
            | Self::CallSettings(_)
            | Self::Trunk(_) => None,
        }
    }
}

impl Record {
    /// JSON shows no secrets, so a record that was read from it gets those of the record as it is now.
    pub(crate) fn with_secrets_of(mut self, now: &Self) -> Self {
        match (&mut self, now) {
            (Self::User(user), Self::User(now)) => user.pin_hash.clone_from(&now.pin_hash),
            (Self::Line(line), Self::Line(now)) => line.credentials.clone_from(&now.credentials),
            (Self::Mailbox(mailbox), Self::Mailbox(now)) => mailbox.pin_hash.clone_from(&now.pin_hash),
            (Self::Trunk(trunk), Self::Trunk(now)) => trunk.password.clone_from(&now.password),
            (Self::Device(device), Self::Device(now)) => {
                device.provisioning_token.clone_from(&now.provisioning_token);
                device.provisioning_hash.clone_from(&now.provisioning_hash);
            }
            _ => {}
        }
        self
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
    /// Without words yet.
    pub(super) fn new(before: Option<Record>, after: Option<Record>) -> Self {
        Self { before, after, title: String::new(), changes: Vec::new() }
    }

    pub(super) fn put_in_words(&mut self, facts: &Facts) {
        self.title = self.record().map(|record| title(record, facts)).unwrap_or_default();
        self.changes = differences(self.before.as_ref(), self.after.as_ref(), Some(facts));
    }

    /// Of what belongs to no account and names nothing of one.
    pub(super) fn of_operator(title: String, before: Option<Record>, after: Option<Record>) -> Self {
        let changes = differences(before.as_ref(), after.as_ref(), None);
        Self { before, after, title, changes }
    }

    /// As the step leaves it; or as it was, when the step removes it.
    pub fn record(&self) -> Option<&Record> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// Rehearsal has the last word on a scheduled entry, so that its words wait until then: with thousands of entries, words
    /// are most of a plan's cost.
    pub(super) fn waits_for_rehearsal(&self) -> bool {
        matches!(self.record(), Some(Record::ScheduleEntry(_)))
    }

    /// What is done: adds, changes, removes.
    pub fn verb(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, Some(_)) => "Add",
            (Some(_), Some(_)) => "Change",
            // The latter: of what the journal keeps no contents.
            (Some(_) | None, None) => "Remove",
        }
    }

    /// Only what rehearsal says of a scheduled entry changes; others' changes move that too.
    pub(super) fn is_rehearsal(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(Record::ScheduleEntry(before)), Some(Record::ScheduleEntry(after))) => {
                before.date == after.date && before.state == after.state
            }
            _ => false,
        }
    }

    pub fn is_about(&self, user: UserId) -> bool {
        self.users().any(|id| id == user)
    }

    pub(crate) fn identity(&self) -> (&'static str, Uuid) {
        self.record().map_or(("", Uuid::nil()), |record| (record.kind(), record.id()))
    }

    pub(super) fn replaces_secret(&self) -> bool {
        replaced_secret(self.before.as_ref(), self.after.as_ref()).is_some()
    }

    pub(crate) fn version_before(&self) -> Option<i64> {
        self.before.as_ref().map(Record::version)
    }

    /// Whom the record is and was about.
    pub fn users(&self) -> impl Iterator<Item = UserId> {
        [&self.before, &self.after].into_iter().flatten().filter_map(Record::user_id)
    }
}

fn title(record: &Record, facts: &Facts) -> String {
    let kind = record.kind();
    match record {
        Record::Account(account) => format!("{kind} {}", account.settings.name),
        Record::Location(location) => format!("{kind} {}", location.site.name),
        Record::Department(department) => format!("{kind} {}", department.name),
        Record::User(user) => format!("{kind} {}", user.profile.full_name()),
        Record::PhoneNumber(number) => format!("{kind} {}", number.number.pretty()),
        Record::Device(device) => format!("{kind} {}", device.title()),
        Record::Line(line) => format!("{kind} of {}", words::device(facts, line.device_id)),
        Record::Seats(seats) => format!("{kind} of {}", words::license(facts, seats.license_type_id)),
        Record::Assignment(held) => {
            let (license, user) = (words::license(facts, held.license_type_id), words::user(facts, held.user_id));
            format!("{kind} {license} for {user}")
        }
        Record::ScheduleEntry(entry) => {
            let user = words::user(facts, entry.user_id);
            if let Some(lifecycle) = &entry.lifecycle {
                return format!("scheduled {} of {user}", lifecycle.label());
            }
            match entry.license_type_id {
                Some(license) => format!("{kind} {} for {user}", words::license(facts, license)),
                None => format!("{kind} removal for {user}"),
            }
        }
        Record::E911Address(e911) => format!("{kind} of {}", words::user(facts, e911.user_id)),
        Record::Greeting(greeting) => format!("{kind} of {}", words::user(facts, greeting.user_id)),
        Record::Mail(mail) => format!("{} {kind} to {}", mail.kind.as_str().replace('_', " "), mail.to),
        Record::CallSettings(_) => kind.to_owned(),
        Record::Trunk(trunk) => format!("{kind} {}", trunk.settings.name),
        Record::Forwarding(forwarding) => format!("{kind} of {}", words::user(facts, forwarding.user_id)),
        Record::Mailbox(mailbox) => format!("{kind} of {}", words::user(facts, mailbox.user_id)),
        Record::RecordingChoice(choice) => format!("{kind} of {}", words::user(facts, choice.user_id)),
        Record::VoicemailMessage(message) => format!("{kind} from {}", message.caller.pretty()),
    }
}

/// Fields that say nothing to a person.
pub(super) const HIDDEN: [&str; 28] = [
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
    "change_id",
    "due_at",
    "reserved",
    "seats",
    "warned",
    "created_by",
    "failed_at",
    "about",
    "bytes",
    "call_id",
    "caller",
    "forwarded_by",
    "deleted_at",
    "purged_at",
];

/// What the title says already.
fn in_title(record: &Record) -> &'static [&'static str] {
    match record {
        Record::Line(_) => &["device_id"],
        Record::E911Address(_)
        | Record::Assignment(_)
        | Record::ScheduleEntry(_)
        | Record::Greeting(_)
        | Record::Forwarding(_)
        | Record::Mailbox(_)
        | Record::RecordingChoice(_) => &["user_id"],
        Record::Seats(_) => &["license_type_id"],
        Record::Mail(_) => &["kind", "to"],
        _ => &[],
    }
}

fn differences(before: Option<&Record>, after: Option<&Record>, facts: Option<&Facts>) -> Vec<FieldChange> {
    let told = after.or(before).map(in_title).unwrap_or_default();
    let replaced = replaced_secret(before, after);
    let (before, after) = (flatten(before), flatten(after));
    let text = |values: &BTreeMap<String, Value>, others: &BTreeMap<String, Value>, field: &String| {
        let value = values.get(field).filter(|value| !others.is_empty() || **value != Value::Bool(false));
        value.map(|value| words::value(field, value, facts)).unwrap_or_default()
    };
    let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
    fields.sort();
    fields.dedup();
    let changed = fields
        .into_iter()
        .filter(|field| before.get(*field) != after.get(*field) && !told.contains(&field.as_str()))
        .map(|field| FieldChange {
            field: field.clone(),
            before: text(&before, &after, field),
            after: text(&after, &before, field),
        })
        .filter(|change| change.before != change.after);
    changed.chain(replaced).collect()
}

/// Secrets look alike in JSON, the old one and the new one.
fn replaced_secret(before: Option<&Record>, after: Option<&Record>) -> Option<FieldChange> {
    let field = match (before?, after?) {
        (Record::User(before), Record::User(after))
            if before.pin_hash.is_some() && after.pin_hash.is_some() && before.pin_hash != after.pin_hash =>
        {
            "pin_hash"
        }
        (Record::Line(before), Record::Line(after)) if before.credentials != after.credentials => "credentials",
        (Record::Mailbox(before), Record::Mailbox(after))
            if before.pin_hash.is_some() && after.pin_hash.is_some() && before.pin_hash != after.pin_hash =>
        {
            "pin_hash"
        }
        (Record::Trunk(before), Record::Trunk(after))
            if before.password.is_some() && after.password.is_some() && before.password != after.password =>
        {
            "password"
        }
        _ => return None,
    };
    Some(FieldChange { field: field.to_owned(), before: words::SECRET.to_owned(), after: "a new one".to_owned() })
}

/// The record's fields with their groups (`profile`, `settings`, `site`, `address`) dissolved.
fn flatten(record: Option<&Record>) -> BTreeMap<String, Value> {
    fn dissolve(value: Value, into: &mut BTreeMap<String, Value>) {
        let Value::Object(fields) = value else { return };
        for (field, value) in fields {
            match field.as_str() {
                field if HIDDEN.contains(&field) => {}
                "profile" | "settings" | "site" | "address" | "dial_plan" | "rules" | "limits" | "outbound"
                | "recording" => {
                    dissolve(value, into);
                }
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

/// For records whose account is not yet in the database.
impl Step {
    pub fn account_id(&self) -> Option<AccountId> {
        match self.record()? {
            Record::Account(account) => Some(account.id),
            _ => None,
        }
    }
}
