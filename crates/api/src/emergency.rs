//! Calls for help, each user's last test of them, and what is wrong with calls.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::emergency::{EmergencyReadiness, EmergencyTest, SeenCall};
use lineside_model::id::{CallId, LocationId, UserId};
use lineside_model::incident::Incident;
use lineside_model::list::UserFilter;
use lineside_model::readiness::LampKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::address::AddressView;
use crate::id::Id;
use crate::page::{self, PageView};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list_emergency_calls)),
        Route::new(Access::Administrator, routes!(show_emergency_call)),
        Route::new(Access::Administrator, routes!(see_emergency_call)),
        Route::new(Access::Administrator, routes!(show_emergency_test)),
        Route::new(Access::Administrator, routes!(list_emergency_readiness)),
        Route::new(Access::Administrator, routes!(list_incidents)),
    ]
}

/// A call to 911 or 112, as those who can help were told of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmergencyCall)]
pub struct EmergencyCallView {
    id: Uuid,
    user_id: Uuid,
    #[schema(example = "Ana Duarte")]
    name: String,
    #[schema(example = "1003")]
    extension: Option<String>,
    at: DateTime<Utc>,
    #[schema(example = "911")]
    dialled: String,
    #[schema(example = "+14805550143")]
    callback: Option<String>,
    /// Where help was sent; `null`: nothing is known.
    address: Option<AddressView>,
    /// The name of the location that the address is at.
    #[schema(example = "Phoenix HQ")]
    location: Option<String>,
    /// A person had said that the user is there.
    address_confirmed: bool,
    /// A trunk was there to take it.
    connected: bool,
    /// `null`: nobody of the account has said that they have seen it.
    seen_at: Option<DateTime<Utc>>,
    seen_by: Option<String>,
}

impl From<SeenCall> for EmergencyCallView {
    fn from(SeenCall { call, seen }: SeenCall) -> Self {
        let (seen_at, seen_by) = seen.unzip();
        Self {
            id: call.call.0,
            user_id: call.user.0,
            name: call.name,
            extension: Some(call.extension).filter(|extension| !extension.is_empty()),
            at: call.at,
            dialled: call.dialled,
            callback: call.callback.map(|number| number.to_string()),
            address: call.place.as_ref().map(|place| (&place.address).into()),
            location: call.place.as_ref().and_then(|place| place.location_name.clone()),
            address_confirmed: call.place.is_some_and(|place| place.confirmed),
            connected: call.connected,
            seen_at,
            seen_by,
        }
    }
}

/// What 933 read back to a user last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmergencyTest)]
pub struct EmergencyTestView {
    at: DateTime<Utc>,
    address: Option<AddressView>,
    #[schema(example = "+14805550143")]
    callback: Option<String>,
    /// All of it was heard; otherwise its digits, and the rest was mailed.
    spoken: bool,
}

impl From<EmergencyTest> for EmergencyTestView {
    fn from(test: EmergencyTest) -> Self {
        Self {
            at: test.at,
            address: test.address.as_ref().map(AddressView::from),
            callback: test.callback.map(|number| number.to_string()),
            spoken: test.spoken,
        }
    }
}

/// Something that is wrong with calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
pub struct IncidentView {
    /// `trunk_down`, `limit_reached` or `destination_refused`.
    #[schema(example = "trunk_down")]
    kind: &'static str,
    /// The trunk, the user or the account.
    subject: Uuid,
    began_at: DateTime<Utc>,
    /// `null`: it goes on.
    ended_at: Option<DateTime<Utc>>,
    #[schema(example = "the carrier does not answer any more")]
    said: String,
}

impl From<Incident> for IncidentView {
    fn from(incident: Incident) -> Self {
        let Incident { kind, subject, began_at, ended_at, said } = incident;
        Self { kind: kind.as_str(), subject, began_at, ended_at, said }
    }
}

/// List the emergency calls
#[utoipa::path(
    get,
    path = "/emergency-calls",
    tag = "Emergency calls",
    responses((status = 200, body = Vec<EmergencyCallView>, description = "The newest first"))
)]
async fn list_emergency_calls(
    Reading { service, caller, .. }: Reading,
) -> Result<Json<Vec<EmergencyCallView>>, Problem> {
    Ok(Json(service.emergency_calls(&caller).await?.into_iter().map(EmergencyCallView::from).collect()))
}

/// Show an emergency call
#[utoipa::path(
    get,
    path = "/emergency-calls/{id}",
    tag = "Emergency calls",
    params(("id" = uuid::Uuid, Path, description = "The call")),
    responses((status = 200, body = EmergencyCallView, description = "Who called, and where help was sent"))
)]
async fn show_emergency_call(
    Id(id): Id<CallId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<EmergencyCallView>, Problem> {
    Ok(Json(service.emergency_call(&caller, id).await?.into()))
}

/// Say that you have seen an emergency call
///
/// The banner on every page goes with it. The first who says so stays.
#[utoipa::path(
    post,
    path = "/emergency-calls/{id}/seen",
    tag = "Emergency calls",
    params(("id" = uuid::Uuid, Path, description = "The call")),
    responses((status = 200, body = EmergencyCallView, description = "With who has seen it first, and when"))
)]
async fn see_emergency_call(
    Id(id): Id<CallId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<EmergencyCallView>, Problem> {
    service.see_emergency_call(&caller, id).await?;
    Ok(Json(service.emergency_call(&caller, id).await?.into()))
}

/// Show a user's last 933 test
#[utoipa::path(
    get,
    path = "/users/{id}/emergency-test",
    tag = "Emergency calls",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 200, body = Option<EmergencyTestView>, description = "What was read back; `null`: never tested"))
)]
async fn show_emergency_test(
    Id(id): Id<UserId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<Option<EmergencyTestView>>, Problem> {
    service.user(&caller, id).await?;
    Ok(Json(service.emergency_test(&caller, id).await?.map(EmergencyTestView::from)))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct ReadinessQuery {
    /// Beginnings of words: names, username, extension, email, digits of a number.
    search: Option<String>,
    location_id: Option<Uuid>,
    /// Only users whose address nobody has confirmed.
    not_confirmed: bool,
    /// Only users who have never dialled 933.
    never_tested: bool,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u32>,
}

/// Whether help finds a user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmergencyReadiness)]
pub struct EmergencyReadinessView {
    user_id: Uuid,
    #[schema(example = "Ana Duarte")]
    name: String,
    #[schema(example = "1003")]
    extension: Option<String>,
    device_ids: Vec<Uuid>,
    /// Where help would be sent; `null`: nothing is known.
    address: Option<AddressView>,
    /// The name of the location that the user belongs to.
    #[schema(example = "Phoenix HQ")]
    location: Option<String>,
    confirmed_at: Option<DateTime<Utc>>,
    confirmed_by: Option<String>,
    #[schema(example = "+14805550143")]
    callback: Option<String>,
    test: Option<EmergencyTestView>,
    /// What is not right, in words; empty: help finds the user.
    lacks: Vec<&'static str>,
}

impl From<EmergencyReadiness> for EmergencyReadinessView {
    fn from(row: EmergencyReadiness) -> Self {
        let lacks = row.lacks();
        let (confirmed_at, confirmed_by) = row.confirmed.map(|confirmed| (confirmed.at, confirmed.by)).unzip();
        Self {
            user_id: row.user.id.0,
            name: row.user.name(),
            extension: row.user.extension,
            device_ids: row.devices.iter().map(|(id, _)| id.0).collect(),
            address: row.place.as_ref().map(|place| (&place.address).into()),
            location: row.place.and_then(|place| place.location_name),
            confirmed_at,
            confirmed_by,
            callback: row.callback.map(|number| number.to_string()),
            test: row.test.map(EmergencyTestView::from),
            lacks,
        }
    }
}

/// List whether help finds each user
#[utoipa::path(
    get,
    path = "/emergency-readiness",
    tag = "Emergency calls",
    params(ReadinessQuery),
    responses((status = 200, body = PageView<EmergencyReadinessView>, description = "One page of the users, by name"))
)]
async fn list_emergency_readiness(
    Reading { service, caller, query }: Reading<ReadinessQuery>,
) -> Result<Json<PageView<EmergencyReadinessView>>, Problem> {
    let filter = UserFilter {
        search: page::search(query.search)?,
        location_id: query.location_id.map(LocationId),
        missing: query.not_confirmed.then_some(LampKind::E911),
        untested: query.never_tested,
        page: page::page(query.page)?,
        ..UserFilter::default()
    };
    Ok(Json(PageView::of(service.emergency_readiness(&caller, &filter).await?)))
}

/// List what is wrong with calls
#[utoipa::path(
    get,
    path = "/incidents",
    tag = "Incidents",
    responses((status = 200, body = Vec<IncidentView>, description = "What goes on, and what began in the last 24 hours"))
)]
async fn list_incidents(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<IncidentView>>, Problem> {
    Ok(Json(service.problems(&caller).await?.into_iter().map(IncidentView::from).collect()))
}
