//! Seats that the account bought, and how many are taken.

use axum::Json;
use lineside_model::change::Change;
use lineside_model::id::LicenseTypeId;
use lineside_model::license::Seats;
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

/// Seats of one license type.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Seats)]
pub struct SeatsView {
    license_type_id: Uuid,
    /// 0: none were ever bought.
    version: i64,
    bought: i64,
    used: i64,
    free: i64,
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
}

/// List the seats
#[utoipa::path(
    get,
    path = "/seats",
    tag = "Licenses",
    responses((status = 200, body = Vec<SeatsView>, description = "Seats of each license type"))
)]
pub async fn list_seats(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<SeatsView>>, Problem> {
    Ok(Json(service.seats(&caller).await?.iter().map(SeatsView::from).collect()))
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
    let license_type_id = find_type(&ask, &license_type).await?.map_err(|_| Problem::not_found())?;
    let change = Change::SetSeats { license_type_id, bought: body.bought, bound: None };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, license_type_id)).await
}

async fn shown(service: &Service, caller: &Caller, id: LicenseTypeId) -> Result<SeatsView, Problem> {
    let seats = service.seats(caller).await?;
    let none = SeatsView { license_type_id: id.0, version: 0, bought: 0, used: 0, free: 0 };
    Ok(seats.iter().find(|seats| seats.license_type_id == id).map_or(none, SeatsView::from))
}

impl From<&Seats> for SeatsView {
    fn from(seats: &Seats) -> Self {
        let (license_type_id, version) = (seats.license_type_id.0, seats.version);
        Self { license_type_id, version, bought: seats.bought, used: seats.used, free: seats.free() }
    }
}
