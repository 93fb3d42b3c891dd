//! Scheduled license changes as rows.

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::account::Account;
use lineside_model::facts::Facts;
use lineside_model::id::{AccountId, ChangeId, LicenseTypeId, ScheduleEntryId, TrackId, UserId};
use lineside_model::plan::{Plan, Record};
use lineside_model::schedule::{EntryState, ScheduleEntry, Warned};
use lineside_model::user::User;
use sqlx::FromRow;
use uuid::Uuid;

use crate::StoreError;
use crate::connection::Connection;
use crate::record::{Stored, save_as};
use crate::value::{Value, date, from_json, instant, json, known, values};

macro_rules! entry_columns {
    () => {
        "e.id AS entry_id, e.account_id AS entry_account_id, e.version AS entry_version, e.user_id, e.track_id,
        e.license_type_id, e.lifecycle, e.date, e.due_at, e.state AS entry_state, e.reserved, e.seats, e.conflicts, e.warned,
        e.change_id, e.created_at AS scheduled_at, e.created_by, e.failed_at"
    };
}
pub(crate) use entry_columns;

pub(crate) const ENTRIES_OF_USERS: &str =
    concat!("SELECT ", entry_columns!(), " FROM schedule_entry e WHERE e.account_id = $1 AND e.user_id IN (...)");
pub(crate) const USERS_OF_ENTRIES: &str = "SELECT user_id FROM schedule_entry WHERE account_id = $1 AND id IN (...)";
/// What is to become of users as a whole, of these entries.
pub(crate) const LIFECYCLES: &str =
    "SELECT user_id, lifecycle FROM schedule_entry WHERE account_id = $1 AND lifecycle IS NOT NULL AND id IN (...)";
/// A day of before that is another entry's of after: out of its way, where no other can be.
const PARK: &str = "UPDATE schedule_entry SET date = -date WHERE account_id = $1 AND id IN (...)";
const SAVE_ENTRIES: &str = "
    INSERT INTO schedule_entry (id, account_id, version, user_id, track_id, license_type_id, date, due_at, state, reserved,
        seats, conflicts, warned, change_id, created_at, created_by, failed_at, lifecycle, sort_key)
    VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, license_type_id = excluded.license_type_id,
        date = excluded.date, due_at = excluded.due_at, state = excluded.state, reserved = excluded.reserved,
        seats = excluded.seats, conflicts = excluded.conflicts, lifecycle = excluded.lifecycle, warned = excluded.warned, failed_at = excluded.failed_at
    WHERE schedule_entry.account_id = excluded.account_id AND schedule_entry.version = excluded.version - 1";
const DELETE_ENTRIES: &str = "DELETE FROM schedule_entry WHERE account_id = $1 AND id IN (...)";
pub(crate) const SORT_AS_USERS: &str = "
    UPDATE schedule_entry SET sort_key = (SELECT u.sort_key FROM account_user u WHERE u.id = schedule_entry.user_id)
    WHERE account_id = $1 AND user_id IN (...)";
const DATES: &str = "SELECT DISTINCT date FROM schedule_entry WHERE account_id = $1 AND state = 'scheduled'";
const SET_DUE: &str =
    "UPDATE schedule_entry SET due_at = $3 WHERE account_id = $1 AND date = $2 AND state = 'scheduled'";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    ENTRIES_OF_USERS,
    USERS_OF_ENTRIES,
    LIFECYCLES,
    PARK,
    SAVE_ENTRIES,
    DELETE_ENTRIES,
    SORT_AS_USERS,
    DATES,
    SET_DUE,
];

#[derive(FromRow)]
pub(crate) struct EntryColumns {
    entry_id: Uuid,
    entry_account_id: Uuid,
    entry_version: i64,
    pub user_id: Uuid,
    track_id: Uuid,
    license_type_id: Option<Uuid>,
    lifecycle: Option<String>,
    date: i64,
    due_at: i64,
    entry_state: String,
    reserved: bool,
    seats: String,
    conflicts: String,
    warned: Option<String>,
    change_id: Uuid,
    scheduled_at: i64,
    created_by: String,
    failed_at: Option<i64>,
}

impl TryFrom<EntryColumns> for ScheduleEntry {
    type Error = StoreError;

    fn try_from(row: EntryColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: ScheduleEntryId(row.entry_id),
            account_id: AccountId(row.entry_account_id),
            version: row.entry_version,
            user_id: UserId(row.user_id),
            track_id: TrackId(row.track_id),
            license_type_id: row.license_type_id.map(LicenseTypeId),
            lifecycle: row.lifecycle.map(|text| from_json("a schedule entry's lifecycle", &text)).transpose()?,
            date: date(row.date),
            due_at: instant(row.due_at),
            state: known("a schedule entry's state", &row.entry_state, EntryState::parse)?,
            reserved: row.reserved,
            seats: from_json("a schedule entry's seats", &row.seats)?,
            conflicts: from_json("a schedule entry's conflicts", &row.conflicts)?,
            warned: row.warned.as_deref().map(|warned| known("a warning", warned, Warned::parse)).transpose()?,
            change_id: ChangeId(row.change_id),
            created_at: instant(row.scheduled_at),
            created_by: row.created_by,
            failed_at: row.failed_at.map(instant),
        })
    }
}

impl Stored for ScheduleEntry {
    const SAVE: &'static str = SAVE_ENTRIES;
    const DELETE: &'static str = DELETE_ENTRIES;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::ScheduleEntry(entry) = record { Some(entry) } else { None }
    }

    /// All but the sort key.
    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![
            self.id,
            self.account_id,
            version,
            self.user_id,
            self.track_id,
            self.license_type_id,
            self.date,
            self.due_at,
            self.state.as_str(),
            self.reserved,
            json(&self.seats)?,
            json(&self.conflicts)?,
            self.warned.map(Warned::as_str),
            self.change_id,
            self.created_at,
            self.created_by.as_str(),
            self.failed_at,
            self.lifecycle.as_ref().map(json).transpose()?,
        ])
    }
}

/// Before the rows are saved: entries that change places would meet on one day for a moment.
pub(crate) async fn make_way(link: &mut Connection, account: AccountId, plan: &Plan) -> Result<(), StoreError> {
    let mut moved: Vec<ScheduleEntryId> = Vec::new();
    for step in &plan.steps {
        let before = step.before.as_ref().and_then(ScheduleEntry::of);
        let after = step.after.as_ref().and_then(ScheduleEntry::of);
        if let (Some(before), Some(after)) = (before, after)
            && before.date != after.date
        {
            moved.push(before.id);
        }
    }
    if moved.len() > 1 {
        link.execute_in(PARK, values![account], moved).await?;
    }
    Ok(())
}

/// With the user's sort key, which [`follow`] keeps current.
pub(crate) async fn save(link: &mut Connection, facts: &Facts, plan: &Plan) -> Result<(), StoreError> {
    let made = plan.steps.iter().filter_map(|step| step.after.as_ref().and_then(User::of));
    let made: BTreeMap<UserId, &User> = made.map(|user| (user.id, user)).collect();
    let sort_key = |id: UserId| {
        let user = made.get(&id).copied().or_else(|| facts.users.get(&id));
        user.map(|user| user.profile.sort_key()).unwrap_or_default()
    };
    let row = |entry: &ScheduleEntry, version| {
        let mut row = entry.values(version)?;
        row.push(sort_key(entry.user_id).into());
        Ok(row)
    };
    save_as::<ScheduleEntry>(link, plan, row).await
}

/// What entries repeat of their user and of their account.
pub(crate) async fn follow(link: &mut Connection, account: AccountId, plan: &Plan) -> Result<(), StoreError> {
    let mut sorted_otherwise: BTreeSet<UserId> = BTreeSet::new();
    for step in &plan.steps {
        match (&step.before, &step.after) {
            (Some(Record::User(before)), Some(Record::User(after))) if renamed(before, after) => {
                sorted_otherwise.insert(after.id);
            }
            (Some(Record::Account(before)), Some(Record::Account(after)))
                if before.settings.time_zone != after.settings.time_zone =>
            {
                move_to_zone(link, after).await?;
            }
            _ => {}
        }
    }
    link.execute_in(SORT_AS_USERS, values![account], sorted_otherwise).await?;
    Ok(())
}

fn renamed(before: &User, after: &User) -> bool {
    before.profile.sort_key() != after.profile.sort_key()
}

/// Each date begins at another instant.
async fn move_to_zone(link: &mut Connection, account: &Account) -> Result<(), StoreError> {
    let dates: Vec<(i64,)> = link.rows(DATES, values![account.id]).await?;
    for (days,) in dates {
        let due_at = account.settings.time_zone.start_of_day(date(days));
        link.execute(SET_DUE, values![account.id, days, due_at]).await?;
    }
    Ok(())
}

/// By date; within a date in the order of identifiers, which is the same on both engines.
pub(crate) fn in_order(mut entries: Vec<ScheduleEntry>) -> Vec<ScheduleEntry> {
    entries.sort_by_key(|entry| (entry.date, entry.id));
    entries
}
