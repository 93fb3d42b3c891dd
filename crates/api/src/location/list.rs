//! The account's sites.

use axum::Json;
use lineside_model::id::LocationId;
use lineside_model::list::LocationRow;
use lineside_model::location::EmergencyContact;
use lineside_service::{Caller, Service};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::address::AddressView;
use crate::etag::{Seen, Shown, Versioned};
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;

/// A site.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Location)]
pub struct LocationView {
    id: Uuid,
    version: i64,
    #[schema(example = "Phoenix HQ")]
    name: String,
    address: AddressView,
    #[schema(example = "America/Phoenix")]
    time_zone: String,
    #[schema(example = "480")]
    area_code: Option<String>,
    /// What emergency services call back when somebody without a number calls for help here.
    #[schema(example = "+14805550100")]
    callback: Option<String>,
    emergency_contacts: Vec<EmergencyContactView>,
    /// How many users are there.
    users: i64,
    /// How many numbers belong there.
    numbers: i64,
}

impl Versioned for LocationView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

/// Somebody on site who is told when an emergency call goes out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmergencyContact)]
pub struct EmergencyContactView {
    #[schema(example = "Front desk")]
    name: String,
    #[schema(example = "desk@harbor.example")]
    email: Option<String>,
    #[schema(example = "+14805550100")]
    phone: Option<String>,
}

/// List the locations
#[utoipa::path(
    get,
    path = "/locations",
    tag = "Locations",
    responses((status = 200, body = Vec<LocationView>, description = "All of them, by name"))
)]
pub async fn list_locations(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<LocationView>>, Problem> {
    Ok(Json(service.locations(&caller).await?.into_iter().map(LocationView::from).collect()))
}

/// Show a location
#[utoipa::path(
    get,
    path = "/locations/{id}",
    tag = "Locations",
    params(("id" = uuid::Uuid, Path, description = "The location")),
    responses((status = 200, body = LocationView, description = "The location"))
)]
pub async fn show_location(
    Id(id): Id<LocationId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<LocationView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

pub(crate) async fn shown(service: &Service, caller: &Caller, id: LocationId) -> Result<LocationView, Problem> {
    Ok(service.location(caller, id).await?.into())
}

impl From<LocationRow> for LocationView {
    fn from(LocationRow { location, users, numbers }: LocationRow) -> Self {
        let site = location.site;
        Self {
            id: location.id.0,
            version: location.version,
            name: site.name.to_string(),
            address: (&site.address).into(),
            time_zone: site.time_zone.to_string(),
            area_code: site.area_code.map(|code| code.to_string()),
            callback: site.callback.as_ref().map(ToString::to_string),
            emergency_contacts: site.emergency_contacts.iter().map(EmergencyContactView::from).collect(),
            users,
            numbers,
        }
    }
}

impl From<&EmergencyContact> for EmergencyContactView {
    fn from(contact: &EmergencyContact) -> Self {
        Self {
            name: contact.name.to_string(),
            email: contact.email.as_ref().map(ToString::to_string),
            phone: contact.phone.as_ref().map(ToString::to_string),
        }
    }
}
