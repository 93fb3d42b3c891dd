//! Sites added, changed, deleted.

use lineside_model::address::CivicAddressInput;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::{FieldError, FieldErrors};
use lineside_model::id::LocationId;
use lineside_model::location::{EmergencyContactInput, Site, SiteInput};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::address::AddressBody;
use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::id::Id;
use crate::location::list::{LocationView, shown};
use crate::patch::{Clearable, clearable, overlay, overlay_clearable};
use crate::problem::Problem;
use crate::router::ROOT;

/// A new site.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLocation)]
pub struct NewLocationBody {
    #[schema(example = "Phoenix HQ")]
    name: String,
    address: AddressBody,
    /// Without one: the zone that the address suggests.
    #[schema(example = "America/Phoenix")]
    time_zone: Option<String>,
    #[schema(example = "480")]
    area_code: Option<String>,
    /// What emergency services call back when somebody without a number calls for help here.
    #[schema(example = "+14805550100")]
    callback: Option<String>,
    /// At most 10.
    #[serde(default)]
    #[schema(default = json!([]))]
    emergency_contacts: Vec<EmergencyContactBody>,
}

/// Fields to change. What is left out stays; `null` clears. An address or a list of contacts is replaced as a whole.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocationPatch {
    /// As it was read: refused when somebody changed the location since.
    version: Option<i64>,
    #[schema(example = "Phoenix HQ")]
    name: Option<String>,
    address: Option<AddressBody>,
    #[schema(example = "America/Phoenix")]
    time_zone: Option<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "480")]
    area_code: Clearable<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "+14805550100")]
    callback: Clearable<String>,
    emergency_contacts: Option<Vec<EmergencyContactBody>>,
}

/// Somebody on site; with an email address or a phone number.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EmergencyContactInput)]
pub struct EmergencyContactBody {
    #[schema(example = "Front desk", required)]
    name: String,
    #[schema(example = "desk@harbor.example")]
    email: Option<String>,
    #[schema(example = "+14805550100")]
    phone: Option<String>,
}

/// Add a location
#[utoipa::path(
    post,
    path = "/locations",
    tag = "Locations",
    request_body = NewLocationBody,
    responses((status = 201, body = LocationView, description = "The new location"))
)]
pub async fn add_location(ask: Ask, Body(body): Body<NewLocationBody>) -> Answer {
    let request = ChangeRequest { id: ask.id, change: Change::AddLocation { site: read(&body.into())? } };
    let id = request.new_location_id();
    ask.create(request.change, format!("{ROOT}/locations/{id}"), shown(&ask.service, &ask.caller, id)).await
}

/// Change a location
#[utoipa::path(
    patch,
    path = "/locations/{id}",
    tag = "Locations",
    params(("id" = uuid::Uuid, Path, description = "The location")),
    request_body = LocationPatch,
    responses((status = 200, body = LocationView, description = "The location"))
)]
pub async fn edit_location(Id(location_id): Id<LocationId>, ask: Ask, Body(patch): Body<LocationPatch>) -> Answer {
    let merged = async || {
        let location = ask.service.location(&ask.caller, location_id).await?.location;
        let site = read(&patch.over((&location.site).into()))?;
        Ok(Change::EditLocation { location_id, version: patch.version.or(Some(location.version)), site })
    };
    ask.merge(patch.version, merged, || shown(&ask.service, &ask.caller, location_id)).await
}

/// Delete a location
#[utoipa::path(
    delete,
    path = "/locations/{id}",
    tag = "Locations",
    params(("id" = uuid::Uuid, Path, description = "The location")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn delete_location(Id(location_id): Id<LocationId>, ask: Ask) -> Answer {
    let shown = || shown(&ask.service, &ask.caller, location_id);
    ask.remove(Change::DeleteLocation { location_id }, shown).await
}

/// The model reads the address's fields beside the others; here they lie in an object of their own.
fn read(input: &SiteInput) -> Result<Site, Problem> {
    let address = serde_json::to_value(&input.address).unwrap_or_default();
    let placed = |FieldError { field, message }| {
        let field = if address.get(&field).is_some() { format!("address.{field}") } else { field };
        FieldError { field, message }
    };
    input.parse().map_err(|errors| FieldErrors(errors.0.into_iter().map(placed).collect()).into())
}

impl From<NewLocationBody> for SiteInput {
    fn from(body: NewLocationBody) -> Self {
        Self {
            name: body.name,
            address: body.address.into(),
            time_zone: body.time_zone.unwrap_or_default(),
            area_code: body.area_code.unwrap_or_default(),
            callback: body.callback.unwrap_or_default(),
            emergency_contacts: contacts(body.emergency_contacts),
        }
    }
}

impl LocationPatch {
    fn over(&self, mut input: SiteInput) -> SiteInput {
        overlay(&mut input.name, self.name.as_ref());
        overlay(&mut input.address, self.address.clone().map(CivicAddressInput::from).as_ref());
        overlay(&mut input.time_zone, self.time_zone.as_ref());
        overlay_clearable(&mut input.area_code, self.area_code.as_ref());
        overlay_clearable(&mut input.callback, self.callback.as_ref());
        overlay(&mut input.emergency_contacts, self.emergency_contacts.clone().map(contacts).as_ref());
        input
    }
}

fn contacts(bodies: Vec<EmergencyContactBody>) -> Vec<EmergencyContactInput> {
    let contact = |body: EmergencyContactBody| EmergencyContactInput {
        name: body.name,
        email: body.email.unwrap_or_default(),
        phone: body.phone.unwrap_or_default(),
    };
    bodies.into_iter().map(contact).collect()
}
