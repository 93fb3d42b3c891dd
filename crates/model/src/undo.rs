//! A change of the past that is to be undone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{ChangeId, UserId};
use crate::plan::{Record, Step};

/// What to do where something was changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// Say what it is, and undo nothing.
    #[default]
    Ask,
    /// Leave that, and undo the rest.
    Keep,
    /// Undo that as well.
    Overwrite,
}

/// What was chosen: for some users by name, and for everything else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chosen<'a> {
    pub rest: Since,
    pub users: &'a BTreeMap<UserId, Since>,
}

impl Chosen<'_> {
    pub(crate) fn of(self, user: Option<UserId>) -> Since {
        user.and_then(|user| self.users.get(&user)).copied().unwrap_or(self.rest)
    }
}

impl Since {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Keep => "keep",
            Self::Overwrite => "overwrite",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Ask, Self::Keep, Self::Overwrite].into_iter().find(|since| since.as_str() == text)
    }
}

/// What stands of it in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Undone {
    pub id: ChangeId,
    pub summary: String,
    pub action: String,
    pub at: DateTime<Utc>,
    pub steps: Vec<Step>,
}

impl Undone {
    /// A change that was carried out in parts may have several steps for one record: together they are one.
    pub fn new(id: ChangeId, summary: String, action: String, at: DateTime<Utc>, steps: Vec<Step>) -> Self {
        let mut places = BTreeMap::new();
        let mut merged: Vec<Step> = Vec::with_capacity(steps.len());
        for step in steps {
            let place = *places.entry(step.identity()).or_insert(merged.len());
            match merged.get_mut(place) {
                Some(first) => {
                    // Each wrote a version; what stands there now is the last one's.
                    let read = step.version_before().unwrap_or_default();
                    let is_made = first.before.is_none();
                    first.before = first.before.take().map(|before| before.at(read));
                    first.after = step.after.map(|after| if is_made { after.at(read + 1) } else { after });
                    first.changes.extend(step.changes);
                }
                None => merged.push(step),
            }
        }
        Self { id, summary, action, at, steps: merged }
    }
}

/// A record that was changed from `before` to `after` and is `now`: as it was before, with what others changed since.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Merged {
    pub record: Record,
    /// Fields that were changed by both; they have the value of `before`.
    pub changed_since: Vec<String>,
}

pub(crate) fn merge(before: &Record, after: &Record, now: &Record) -> Option<Merged> {
    let as_json = |record: &Record| serde_json::to_value(record).ok();
    let mut changed_since = Vec::new();
    let merged = merge_values("", &as_json(before)?, &as_json(after)?, &as_json(now)?, &mut changed_since);
    let record = serde_json::from_value::<Record>(merged).ok()?.with_secrets_of(now);
    Some(Merged { record, changed_since })
}

fn merge_values(field: &str, before: &Value, after: &Value, now: &Value, changed_since: &mut Vec<String>) -> Value {
    if before == after || now == before || field == "version" {
        return now.clone();
    }
    if now == after {
        return before.clone();
    }
    if let (Value::Object(before), Value::Object(after), Value::Object(now)) = (before, after, now) {
        return Value::Object(merge_objects(before, after, now, changed_since));
    }
    changed_since.push(field.to_owned());
    before.clone()
}

fn merge_objects(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    now: &Map<String, Value>,
    changed_since: &mut Vec<String>,
) -> Map<String, Value> {
    let mut merged = Map::new();
    let fields: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    for field in fields {
        let of = |fields: &Map<String, Value>| fields.get(field).cloned().unwrap_or_default();
        let (had, has) = (before.contains_key(field), now.contains_key(field));
        let value = merge_values(field, &of(before), &of(after), &of(now), changed_since);
        if !value.is_null() || (had && has) {
            merged.insert(field.clone(), value);
        }
    }
    merged
}
