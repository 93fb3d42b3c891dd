//! Where a user is when dialling 911.

use chrono::{DateTime, Utc};
use lineside_model::address::{CivicAddress, CivicAddressInput};
use lineside_model::change::Change;
use lineside_model::e911::E911Address;
use lineside_model::field::{FieldError, FieldErrors};
use lineside_model::id::UserId;
use lineside_model::phone_number::E164;
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::address::{AddressBody, AddressView};
use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::{Seen, Shown, Versioned};
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(show_e911)),
        Route::change(routes!(confirm_e911)),
        Route::new(Access::User, routes!(show_own_e911)),
        Route::change_by(Access::User, routes!(confirm_own_e911)),
    ]
}

/// A user's emergency address. It counts once it is confirmed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = E911Address)]
pub struct E911View {
    #[serde(skip)]
    user_id: Uuid,
    version: i64,
    address: AddressView,
    /// What emergency services call back; `null`: the user's own number.
    #[schema(example = "+14805550143")]
    callback: Option<String>,
    confirmed_at: Option<DateTime<Utc>>,
    /// Who confirmed it, by name.
    confirmed_by: Option<String>,
}

impl Versioned for E911View {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.user_id, version: self.version })
    }
}

/// An emergency address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = E911AddressInput)]
pub struct E911Body {
    address: AddressBody,
    /// Without one: the user's own number.
    #[schema(example = "+14805550143")]
    callback: Option<String>,
    /// Somebody says that the user will be at this address. Without it the address is saved and stays open.
    #[serde(default)]
    confirmed: bool,
}

/// Where I am.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OwnE911AddressInput)]
pub struct OwnE911Body {
    address: AddressBody,
}

/// Show the emergency address
#[utoipa::path(
    get,
    path = "/users/{id}/e911",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 200, body = Option<E911View>, description = "The address; `null` when there is none"))
)]
async fn show_e911(
    Id(id): Id<UserId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<Option<E911View>>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

/// Save or confirm the emergency address
#[utoipa::path(
    put,
    path = "/users/{id}/e911",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    request_body = E911Body,
    responses((status = 200, body = E911View, description = "The address"))
)]
async fn confirm_e911(Id(user_id): Id<UserId>, ask: Ask, Body(body): Body<E911Body>) -> Answer {
    let mut errors = FieldErrors::default();
    let address = read_address(body.address, &mut errors);
    let callback = errors.take_optional("callback", body.callback.as_deref().unwrap_or_default(), E164::parse);
    let address = errors.into_result(address)?;
    let change = Change::ConfirmE911 { user_id, address, callback, confirmed: body.confirmed };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, user_id)).await
}

/// Show my emergency address
#[utoipa::path(
    get,
    path = "/me/e911",
    tag = "Me",
    responses((status = 200, body = Option<E911View>, description = "The address; `null` when there is none"))
)]
async fn show_own_e911(Reading { service, caller, .. }: Reading) -> Result<Shown<Option<E911View>>, Problem> {
    let id = caller.user_id().ok_or_else(Problem::not_found)?;
    shown(&service, &caller, id).await.map(Shown)
}

/// Confirm my emergency address
///
/// I will be there when I dial 911. What emergency services call back stays as an administrator set it.
#[utoipa::path(
    put,
    path = "/me/e911",
    tag = "Me",
    request_body = OwnE911Body,
    responses((status = 200, body = E911View, description = "The address"))
)]
async fn confirm_own_e911(ask: Ask, Body(body): Body<OwnE911Body>) -> Answer {
    let user_id = ask.caller.user_id().ok_or_else(Problem::not_found)?;
    let mut errors = FieldErrors::default();
    let address = read_address(body.address, &mut errors);
    let address = errors.into_result(address)?;
    let change = Change::ConfirmOwnE911 { user_id, address };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, user_id)).await
}

fn read_address(body: AddressBody, errors: &mut FieldErrors) -> Option<CivicAddress> {
    let parsed = CivicAddressInput::from(body).parse();
    let wrong = |one: &FieldError| errors.push(&format!("address.{}", one.field), &one.message);
    parsed.map_err(|errors| errors.0.iter().for_each(wrong)).ok()
}

async fn shown(service: &Service, caller: &Caller, id: UserId) -> Result<Option<E911View>, Problem> {
    Ok(service.user(caller, id).await?.e911.as_ref().map(E911View::from))
}

impl From<&E911Address> for E911View {
    fn from(e911: &E911Address) -> Self {
        Self {
            user_id: e911.user_id.0,
            version: e911.version,
            address: (&e911.address).into(),
            callback: e911.callback.as_ref().map(ToString::to_string),
            confirmed_at: e911.confirmed.as_ref().map(|confirmed| confirmed.at),
            confirmed_by: e911.confirmed.as_ref().map(|confirmed| confirmed.by.clone()),
        }
    }
}
