//! Seats that the account bought, and how many are taken.

use std::collections::BTreeMap;

use axum::Json;
use chrono::NaiveDate;
use lineside_model::change::Change;
use lineside_model::id::{AccountId, LicenseTypeId};
use lineside_model::license::{SeatBinding, Seats};
use lineside_model::seat_timeline::SeatTimeline;
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::{Seen, Versioned};
use crate::id::Id;
use crate::license::find_type;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::schedule::{PLAIN, is_plain};

/// Seats of one license type.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Seats)]
pub struct SeatsView {
    license_type_id: Uuid,
    /// 0: none were ever bought.
    version: i64,
    bought: i64,
    /// Used now.
    used: i64,
    /// How many more than now scheduled changes use on the day that needs the most.
    scheduled: i64,
    /// Can be given now: neither used nor kept for what is scheduled.
    free: i64,
    /// Seats that can't be given back before a date.
    bound: Vec<BindingView>,
    /// Used seats at the end of each date on which scheduled changes take or free some.
    timeline: Vec<SeatDayView>,
}

/// Seats that the account holds at least until the end of a date.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeatBinding)]
pub struct BindingView {
    #[schema(example = "2027-12-31")]
    until: NaiveDate,
    #[schema(minimum = 1, example = 10)]
    seats: i64,
}

/// One day of the seats.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeatDay)]
pub struct SeatDayView {
    #[schema(example = "2027-03-01")]
    date: NaiveDate,
    used: i64,
}

impl Versioned for SeatsView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.license_type_id, version: self.version })
    }
}

/// How many seats there shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeatsInput)]
pub struct SeatsBody {
    #[schema(minimum = 0, example = 25)]
    bought: i64,
    /// Without this the bindings stay as they are.
    bound: Option<Vec<BindingView>>,
}

/// List the seats
#[utoipa::path(
    get,
    path = "/seats",
    tag = "Licenses",
    responses((status = 200, body = Vec<SeatsView>, description = "Seats of each license type"))
)]
pub async fn list_seats(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<SeatsView>>, Problem> {
    let timelines = service.seat_timelines(&caller).await?;
    let seats = service.seats(&caller).await?;
    Ok(Json(seats.iter().map(|seats| SeatsView::of(seats, timelines.get(&seats.license_type_id))).collect()))
}

/// Set how many seats there are
#[utoipa::path(
    put,
    path = "/seats/{license_type}",
    tag = "Licenses",
    params(("license_type" = String, Path, description = "The license type, by its slug or id")),
    request_body = SeatsBody,
    responses((status = 200, body = SeatsView, description = "The seats"))
)]
pub async fn set_seats(Id(license_type): Id<String>, ask: Ask, Body(body): Body<SeatsBody>) -> Answer {
    let license_type_id = find_type(&ask.service, &license_type).await?.map_err(|_| Problem::not_found())?;
    let bound = body.bound.map(bindings).transpose()?;
    let change = Change::SetSeats { license_type_id, bought: body.bought, bound };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, license_type_id)).await
}

fn bindings(sent: Vec<BindingView>) -> Result<Vec<SeatBinding>, Problem> {
    match sent.iter().position(|binding| !is_plain(binding.until)) {
        Some(n) => Err(Problem::field(&format!("bound.{n}.until"), PLAIN)),
        None => Ok(sent.into_iter().map(|BindingView { until, seats }| SeatBinding { until, seats }).collect()),
    }
}

async fn shown(service: &Service, caller: &Caller, id: LicenseTypeId) -> Result<SeatsView, Problem> {
    let timelines = service.seat_timelines(caller).await?;
    let seats = service.seats(caller).await?;
    let none = || Seats {
        account_id: AccountId(Uuid::nil()),
        license_type_id: id,
        version: 0,
        bought: 0,
        bound: Vec::new(),
        used: 0,
    };
    let seats = seats.into_iter().find(|seats| seats.license_type_id == id).unwrap_or_else(none);
    Ok(SeatsView::of(&seats, timelines.get(&id)))
}

impl SeatsView {
    fn of(seats: &Seats, timeline: Option<&SeatTimeline>) -> Self {
        let none = || SeatTimeline::new(Some(seats), BTreeMap::new());
        let timeline = timeline.cloned().unwrap_or_else(none);
        Self {
            license_type_id: seats.license_type_id.0,
            version: seats.version,
            bought: timeline.bought,
            used: timeline.used,
            scheduled: timeline.peak() - timeline.used,
            free: timeline.fewest_free(),
            bound: seats.bound.iter().map(|bound| BindingView { until: bound.until, seats: bound.seats }).collect(),
            timeline: timeline.levels().map(|(date, used)| SeatDayView { date, used }).collect(),
        }
    }
}
