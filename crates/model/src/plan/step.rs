//! One record's before and after.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::facts::Facts;
use crate::id::{AccountId, UserId};
use crate::plan::{Record, words};

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
