//! The account's schedule as people read it, and the seats over time.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{LicenseTypeId, TrackId, UserId};
use crate::list::UserName;
use crate::schedule::{EntryState, ScheduleEntry};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScheduleFilter {
    /// Beginnings of words of the user's name, username, extension or number.
    pub search: String,
    pub user_id: Option<UserId>,
    pub track_id: Option<TrackId>,
    pub license_type_id: Option<LicenseTypeId>,
    pub state: Option<EntryState>,
    /// Only what would fail, or did.
    pub conflicts: bool,
    /// From this date on.
    pub from: Option<NaiveDate>,
    /// Up to this date, itself included.
    pub until: Option<NaiveDate>,
    /// From 1.
    pub page: i64,
}

/// In the order of dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRow {
    pub entry: ScheduleEntry,
    pub user: UserName,
}

/// One day of the month view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleDay {
    pub date: NaiveDate,
    pub entries: i64,
    /// How many of them would fail, or did.
    pub conflicts: i64,
}

/// For Home and the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScheduleCounts {
    pub scheduled: i64,
    /// Scheduled, and would fail as things stand.
    pub conflicts: i64,
    pub failed: i64,
}

/// Somebody who holds a seat, for whoever looks for one to free: longest without a registration first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatHolder {
    pub user: UserName,
    pub holds_since: DateTime<Utc>,
    /// `None`: no phone of theirs ever registered.
    pub last_registered_at: Option<DateTime<Utc>>,
}
