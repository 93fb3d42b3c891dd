//! One entry of the schedule as JSON.

use chrono::{DateTime, NaiveDate, Utc};
use lineside_model::lifecycle::Lifecycle;
use lineside_model::schedule::{EntryState, ScheduleEntry, SeatMove, Warned};
use lineside_model::schedule_list::ScheduleRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::etag::{Seen, Versioned};
use crate::plan::BlockerView;

/// `failed`: the day came and a conflict was open, so the user kept what they had.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EntryState)]
pub enum EntryStateName {
    Scheduled,
    Failed,
}

impl From<EntryStateName> for EntryState {
    fn from(state: EntryStateName) -> Self {
        match state {
            EntryStateName::Scheduled => Self::Scheduled,
            EntryStateName::Failed => Self::Failed,
        }
    }
}

impl From<EntryState> for EntryStateName {
    fn from(state: EntryState) -> Self {
        match state {
            EntryState::Scheduled => Self::Scheduled,
            EntryState::Failed => Self::Failed,
        }
    }
}

/// What one track of one user becomes at 00:00 of a date in the account's time zone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduleEntry)]
pub struct EntryView {
    id: Uuid,
    /// Send it with a change to have that refused when somebody else changed the entry meanwhile.
    version: i64,
    user_id: Uuid,
    #[schema(example = "Ana Duarte")]
    user: String,
    /// `null`: the user as a whole, see `becomes`.
    track_id: Option<Uuid>,
    /// `null`: the license of the track is removed.
    license_type_id: Option<Uuid>,
    /// The user as a whole becomes `suspended`, `resumed` or `deleted`.
    becomes: Option<&'static str>,
    #[schema(example = "2027-03-01")]
    date: NaiveDate,
    /// The instant at which the date begins; it moves with the account's time zone.
    due_at: DateTime<Utc>,
    state: EntryStateName,
    /// A seat is kept for it from its date on.
    reserved: bool,
    /// What it does to the account's seats on its date.
    seats: Vec<SeatMoveView>,
    /// What would make it fail as things stand; once failed, why it did.
    conflicts: Vec<BlockerView>,
    /// The last warning that was mailed: `seven_days` or `one_day`.
    #[schema(example = "seven_days")]
    warned: Option<&'static str>,
    /// The journal entry of the change that scheduled it.
    change_id: Uuid,
    created_at: DateTime<Utc>,
    /// Who scheduled it, by name.
    #[schema(example = "Marcus Ohl")]
    created_by: String,
    failed_at: Option<DateTime<Utc>>,
}

/// Seats of one license type that are taken, or freed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeatMove)]
pub struct SeatMoveView {
    license_type_id: Uuid,
    /// Above zero: taken; below: freed.
    #[schema(example = 1)]
    by: i64,
}

impl Versioned for EntryView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

impl EntryView {
    pub fn of(entry: &ScheduleEntry, user: String) -> Self {
        Self {
            id: entry.id.0,
            version: entry.version,
            user_id: entry.user_id.0,
            user,
            track_id: Some(entry.track_id.0).filter(|_| entry.lifecycle.is_none()),
            becomes: entry.lifecycle.as_ref().map(Lifecycle::as_str),
            license_type_id: entry.license_type_id.map(Uuid::from),
            date: entry.date,
            due_at: entry.due_at,
            state: entry.state.into(),
            reserved: entry.reserved,
            seats: entry.seats.iter().map(SeatMoveView::from).collect(),
            conflicts: entry.conflicts.iter().map(BlockerView::from).collect(),
            warned: entry.warned.map(Warned::as_str),
            change_id: entry.change_id.0,
            created_at: entry.created_at,
            created_by: entry.created_by.clone(),
            failed_at: entry.failed_at,
        }
    }
}

impl From<ScheduleRow> for EntryView {
    fn from(ScheduleRow { entry, user }: ScheduleRow) -> Self {
        Self::of(&entry, user.name)
    }
}

impl From<&SeatMove> for SeatMoveView {
    fn from(moved: &SeatMove) -> Self {
        Self { license_type_id: moved.license_type_id.0, by: moved.by }
    }
}
