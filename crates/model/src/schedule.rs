//! License changes that wait for their day, and what rehearsal says of them.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, ChangeId, LicenseTypeId, ScheduleEntryId, TrackId, UserId};
use crate::lifecycle::Lifecycle;
use crate::plan::Blocker;

/// What one track of one user becomes at 00:00 of a date in the account's time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleEntry {
    pub id: ScheduleEntryId,
    pub account_id: AccountId,
    pub version: i64,
    pub user_id: UserId,
    pub track_id: TrackId,
    /// `None`: the license of the track is removed.
    pub license_type_id: Option<LicenseTypeId>,
    /// The user as a whole becomes something else, and no license does; `track_id` is [`crate::lifecycle::TRACK`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    pub date: NaiveDate,
    /// The instant at which the date begins; it moves with the account's time zone.
    pub due_at: DateTime<Utc>,
    pub state: EntryState,
    /// A seat is kept for it from its date on.
    pub reserved: bool,
    /// What it does to the account's seats on its date, as rehearsed.
    pub seats: Vec<SeatMove>,
    /// What would make it fail, as rehearsed after the last change that touched it; once failed, why it did.
    pub conflicts: Vec<Blocker>,
    pub warned: Option<Warned>,
    /// The change that scheduled it.
    pub change_id: ChangeId,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub failed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    Scheduled,
    /// The day came and a conflict was open: the user kept what they had.
    Failed,
}

impl EntryState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Scheduled, Self::Failed].into_iter().find(|state| state.as_str() == text)
    }
}

/// Seats of one type taken (above zero) or freed (below).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatMove {
    pub license_type_id: LicenseTypeId,
    pub by: i64,
}

/// The last warning of an entry that was mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warned {
    SevenDays,
    OneDay,
}

impl Warned {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SevenDays => "seven_days",
            Self::OneDay => "one_day",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::SevenDays, Self::OneDay].into_iter().find(|warned| warned.as_str() == text)
    }

    /// Which warning an entry of this date calls for today.
    pub fn due(date: NaiveDate, today: NaiveDate) -> Option<Self> {
        match (date - today).num_days() {
            ..=1 => Some(Self::OneDay),
            2..=7 => Some(Self::SevenDays),
            _ => None,
        }
    }
}

/// A date in words: `1 March 2027`.
pub fn in_words(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// How far ahead an entry may lie.
pub const YEARS_AHEAD: u64 = 10;

/// The last date that an entry may have.
pub fn last_date(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(Days::new(YEARS_AHEAD * 366)).unwrap_or(NaiveDate::MAX)
}

impl ScheduleEntry {
    /// Waits for its day.
    pub fn is_scheduled(&self) -> bool {
        self.state == EntryState::Scheduled
    }

    /// Would fail as things stand, or did.
    pub fn has_conflicts(&self) -> bool {
        !self.conflicts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_come_seven_days_and_one_day_ahead() {
        let today: NaiveDate = "2027-02-22".parse().unwrap();
        let due = |date: &str| Warned::due(date.parse().unwrap(), today);
        assert_eq!(due("2027-03-02"), None);
        assert_eq!(due("2027-03-01"), Some(Warned::SevenDays));
        assert_eq!(due("2027-02-24"), Some(Warned::SevenDays));
        assert_eq!(due("2027-02-23"), Some(Warned::OneDay));
        assert_eq!(due("2027-02-20"), Some(Warned::OneDay));
    }
}
