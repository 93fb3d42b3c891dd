//! A user's state, role and PIN.

use lineside_model::change::Change;
use lineside_model::id::UserId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::id::Id;
use crate::user::show::shown;
use crate::user::view::{RoleName, StateName, UserView};

/// A user's state.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserStateInput)]
pub struct StateBody {
    state: StateName,
}

/// A user's role, and for an authorized user the PIN.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecurityInput)]
pub struct SecurityBody {
    /// As it was read: refused when somebody changed the user since.
    version: Option<i64>,
    role: RoleName,
    /// A new PIN for the support desk; without one the PIN stays as it is.
    #[schema(example = "2580")]
    pin: Option<String>,
}

/// Suspend a user, or let them in again
#[utoipa::path(
    put,
    path = "/users/{id}/state",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    request_body = StateBody,
    responses((status = 200, body = UserView, description = "The user"))
)]
pub async fn set_user_state(Id(user_id): Id<UserId>, ask: Ask, Body(body): Body<StateBody>) -> Answer {
    let change = Change::SetUserState { user_ids: vec![user_id], state: body.state.into(), date: None };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, user_id)).await
}

/// Set a user's role and PIN
#[utoipa::path(
    put,
    path = "/users/{id}/security",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    request_body = SecurityBody,
    responses((status = 200, body = UserView, description = "The user"))
)]
pub async fn set_user_security(Id(user_id): Id<UserId>, ask: Ask, Body(body): Body<SecurityBody>) -> Answer {
    let user = ask.service.user(&ask.caller, user_id).await?.user;
    let pin_hash = match body.pin.as_deref().filter(|pin| !pin.is_empty()) {
        Some(pin) => Some(ask.service.hash_pin(pin, user.profile.extension.as_ref()).await?),
        None => None,
    };
    let change = Change::SetSecurity { user_id, version: body.version, role: body.role.into(), pin_hash };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, user_id)).await
}
