//! Entries of the schedule moved to another date, removed, and carried out now.

use chrono::NaiveDate;
use lineside_model::change::Change;
use lineside_model::id::{ScheduleEntryId, UserId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::id::Id;
use crate::plan::PlanView;
use crate::schedule::list::shown;
use crate::schedule::view::EntryView;
use crate::user;
use crate::user::view::UserView;

/// Fields to change. What is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ScheduleEntryPatch)]
pub struct EntryPatch {
    /// As it was read: refused when somebody changed the entry since.
    version: Option<i64>,
    /// From tomorrow on, in the account's time zone. A failed entry waits for its day again.
    #[schema(example = "2027-03-01")]
    date: Option<NaiveDate>,
}

/// A day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScheduleDate)]
pub struct DateBody {
    /// From tomorrow on, in the account's time zone.
    #[schema(example = "2027-03-01")]
    date: NaiveDate,
}

/// Move an entry to another date
#[utoipa::path(
    patch,
    path = "/schedule/{id}",
    tag = "Schedule",
    params(("id" = uuid::Uuid, Path, description = "The entry")),
    request_body = EntryPatch,
    responses((status = 200, body = EntryView, description = "The entry"))
)]
pub async fn edit_schedule_entry(Id(entry_id): Id<ScheduleEntryId>, ask: Ask, Body(patch): Body<EntryPatch>) -> Answer {
    let merged = async || {
        let entry = ask.service.schedule_entry(&ask.caller, entry_id).await?.entry;
        let (version, date) = (patch.version.or(Some(entry.version)), patch.date.unwrap_or(entry.date));
        Ok(Change::EditScheduleEntry { entry_id, version, date })
    };
    ask.merge(patch.version, merged, || shown(&ask.service, &ask.caller, entry_id)).await
}

/// Remove an entry
#[utoipa::path(
    delete,
    path = "/schedule/{id}",
    tag = "Schedule",
    params(("id" = uuid::Uuid, Path, description = "The entry")),
    responses((status = 204, description = "It is gone; the user keeps what they have"))
)]
pub async fn remove_schedule_entry(Id(entry_id): Id<ScheduleEntryId>, ask: Ask) -> Answer {
    let shown = || shown(&ask.service, &ask.caller, entry_id);
    ask.remove(Change::RemoveScheduleEntry { entry_id }, shown).await
}

/// Carry an entry out now
///
/// One that failed, or one that need not wait for its date. Blocked while a conflict is open.
#[utoipa::path(
    post,
    path = "/schedule/{id}/retry",
    tag = "Schedule",
    params(("id" = uuid::Uuid, Path, description = "The entry")),
    responses((status = 200, body = PlanView, description = "What was done; the entry is gone"))
)]
pub async fn retry_schedule_entry(Id(entry_id): Id<ScheduleEntryId>, ask: Ask) -> Answer {
    ask.carry_out_many(Change::RetryScheduleEntry { entry_id }).await
}

/// Set one date for all that is scheduled for a user
#[utoipa::path(
    put,
    path = "/users/{id}/schedule",
    tag = "Schedule",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    request_body = DateBody,
    responses((status = 200, body = UserView, description = "The user, with the schedule"))
)]
pub async fn move_schedule(Id(user_id): Id<UserId>, ask: Ask, Body(body): Body<DateBody>) -> Answer {
    let change = Change::MoveSchedule { user_id, date: body.date };
    ask.carry_out(change, || user::show::shown(&ask.service, &ask.caller, user_id)).await
}
