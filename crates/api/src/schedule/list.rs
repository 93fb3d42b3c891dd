//! The account's schedule, by date.

use axum::Json;
use chrono::NaiveDate;
use lineside_model::id::{ScheduleEntryId, UserId};
use lineside_model::schedule::EntryState;
use lineside_model::schedule_list::ScheduleFilter;
use lineside_service::{Caller, Service};
use serde::Deserialize;
use uuid::Uuid;

use crate::etag::Shown;
use crate::id::Id;
use crate::license::{find_track, find_type};
use crate::page::{self, PageView};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::schedule::date;
use crate::schedule::view::{EntryStateName, EntryView};

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ScheduleQuery {
    /// Beginnings of words of the user's name, username, extension or number.
    search: Option<String>,
    user_id: Option<Uuid>,
    /// By its slug or id.
    track: Option<String>,
    /// By its slug or id.
    license_type: Option<String>,
    #[param(inline)]
    state: Option<EntryStateName>,
    /// Only what would fail, or did.
    conflicts: bool,
    /// From this date on.
    from: Option<NaiveDate>,
    /// Up to this date, itself included.
    until: Option<NaiveDate>,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u32>,
}

/// List the schedule
#[utoipa::path(
    get,
    path = "/schedule",
    tag = "Schedule",
    params(ScheduleQuery),
    responses((status = 200, body = PageView<EntryView>, description = "One page of the entries that match, by date"))
)]
pub async fn list_schedule(
    Reading { service, caller, query }: Reading<ScheduleQuery>,
) -> Result<Json<PageView<EntryView>>, Problem> {
    let track_id = match query.track {
        Some(track) => Some(find_track(&service, &track).await?.map_err(|said| Problem::malformed("track", said))?),
        None => None,
    };
    let license_type_id = match query.license_type {
        Some(license) => {
            Some(find_type(&service, &license).await?.map_err(|said| Problem::malformed("license_type", said))?)
        }
        None => None,
    };
    let filter = ScheduleFilter {
        search: page::search(query.search)?,
        user_id: query.user_id.map(UserId),
        track_id,
        license_type_id,
        state: query.state.map(EntryState::from),
        conflicts: query.conflicts,
        from: date("from", query.from)?,
        until: date("until", query.until)?,
        page: page::page(query.page)?,
    };
    Ok(Json(PageView::of(service.schedule(&caller, &filter).await?)))
}

/// Show an entry of the schedule
#[utoipa::path(
    get,
    path = "/schedule/{id}",
    tag = "Schedule",
    params(("id" = uuid::Uuid, Path, description = "The entry")),
    responses((status = 200, body = EntryView, description = "The entry"))
)]
pub async fn show_schedule_entry(
    Id(id): Id<ScheduleEntryId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<EntryView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

pub(crate) async fn shown(service: &Service, caller: &Caller, id: ScheduleEntryId) -> Result<EntryView, Problem> {
    Ok(service.schedule_entry(caller, id).await?.into())
}
