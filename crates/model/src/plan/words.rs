//! Values of records as an administrator reads them.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::account::AccountNumber;
use crate::device::{Device, DeviceModel, Mac};
use crate::extension::Destination;
use crate::facts::Facts;
use crate::id::{DepartmentId, DeviceId, LicenseTypeId, LocationId, TrackId, UserId};
use crate::lifecycle::Lifecycle;
use crate::phone_number::E164;
use crate::schedule::in_words;
use crate::time_zone::TimeZone;
use crate::user::Role;

/// In the place of what is never shown.
pub(super) const SECRET: &str = "kept secret";

/// A field of a record's JSON. Empty: there is none.
pub(super) fn value(field: &str, value: &Value, facts: Option<&Facts>) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) if field == "duration_ms" => length(number.as_u64().unwrap_or_default()),
        Value::Number(number) => number.to_string(),
        Value::String(text) if matches!(field, "forwarded_until" | "kept_until") => {
            let zone = facts.map_or(TimeZone::UTC, |facts| facts.account.settings.time_zone);
            text.parse().map_or_else(|_| text.clone(), |at: DateTime<Utc>| in_words(zone.date(at)))
        }
        Value::String(text) => match (Uuid::parse_str(text), facts) {
            (Ok(id), Some(facts)) => named(field, id, facts),
            _ => said(field, text),
        },
        Value::Array(values) => {
            values.iter().map(|item| self::value(field, item, facts)).collect::<Vec<_>>().join("; ")
        }
        Value::Object(fields) if field == "lifecycle" => lifecycle(value).unwrap_or_else(|| group(field, fields)),
        Value::Object(fields) => group(field, fields),
    }
}

/// "deleted: numbers kept back, devices unassigned".
fn lifecycle(value: &Value) -> Option<String> {
    let lifecycle: Lifecycle = serde_json::from_value(value.clone()).ok()?;
    let Lifecycle::Deleted { leaving } = &lifecycle else { return Some(lifecycle.as_str().to_owned()) };
    Some(format!(
        "deleted; numbers: {}; devices: {}; mailbox: {}; recordings: {}",
        leaving.numbers.as_str(),
        leaving.devices.as_str(),
        leaving.mailbox.as_str(),
        leaving.recordings.as_str()
    ))
}

/// What an identifier stands for; itself when that is gone.
fn named(field: &str, id: Uuid, facts: &Facts) -> String {
    let name = match field {
        "location_id" => facts.locations.get(&LocationId(id)).map(|location| location.site.name.to_string()),
        "department_id" => facts.departments.get(&DepartmentId(id)).map(|department| department.name.to_string()),
        "user_id" | "promised_to" | "forwarded_to" | "lamp_keys" => Some(user(facts, UserId(id))),
        "device_id" => Some(device(facts, DeviceId(id))),
        "license_type_id" => Some(license(facts, LicenseTypeId(id))),
        // Of no license.
        "track_id" if TrackId(id) == crate::lifecycle::TRACK => Some(String::new()),
        "track_id" => facts.catalogue.track(TrackId(id)).map(|track| track.name.clone()),
        _ => None,
    };
    name.unwrap_or_else(|| id.to_string())
}

fn said(field: &str, text: &str) -> String {
    let pretty = match field {
        "date" | "until" | "ports_on" => text.parse().ok().map(in_words),
        "mac" => Mac::parse(text).ok().map(|mac| mac.pretty()),
        "model" => DeviceModel::find(text).map(|model| model.name.to_owned()),
        "role" => Role::parse(text).map(|role| role.label().to_owned()),
        "number" | "callback" | "phone" => number(text),
        "state" | "kind" | "mode" => Some(text.replace('_', " ")),
        "pin_hash" | "credentials" | "password" => Some(SECRET.to_owned()),
        _ => None,
    };
    pretty.unwrap_or_else(|| text.to_owned())
}

/// A phone number, or the number of an account.
fn number(text: &str) -> Option<String> {
    let account = || AccountNumber::parse(text).ok().map(|number| number.pretty());
    E164::kept(text).ok().map(|number| number.pretty()).or_else(account)
}

fn group(field: &str, fields: &Map<String, Value>) -> String {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(|text| said(name, text));
    match field {
        "conflicts" => text("message").unwrap_or_default(),
        "bound" => {
            let seats = fields.get("seats").and_then(Value::as_i64).unwrap_or_default();
            format!("{seats} until {}", text("until").unwrap_or_default())
        }
        "confirmed" => text("by").map(|by| format!("by {by}")).unwrap_or_default(),
        "unreachable" | "always" | "busy" | "no_answer" => {
            serde_json::from_value::<Destination>(Value::Object(fields.clone()))
                .map(|destination| destination.pretty())
                .unwrap_or_default()
        }
        _ => ["name", "email", "phone"].into_iter().filter_map(text).collect::<Vec<_>>().join(", "),
    }
}

/// `0:42`.
fn length(milliseconds: u64) -> String {
    let seconds = milliseconds.div_ceil(1000);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

pub(super) fn user(facts: &Facts, id: UserId) -> String {
    facts.users.get(&id).map_or_else(String::new, |user| user.profile.full_name())
}

pub(super) fn device(facts: &Facts, id: DeviceId) -> String {
    facts.devices.get(&id).map(Device::title).unwrap_or_default()
}

pub(super) fn license(facts: &Facts, id: LicenseTypeId) -> String {
    facts.catalogue.license_type(id).map(|license| license.name.clone()).unwrap_or_default()
}
