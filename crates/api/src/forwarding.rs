//! Where a user's calls go instead of ringing, or after it.

use lineside_model::change::Change;
use lineside_model::extension::Destination;
use lineside_model::field::FieldErrors;
use lineside_model::forwarding::{ForwardingInput, RING_SECONDS_DEFAULT};
use lineside_model::id::UserId;
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::{Seen, Shown, Versioned};
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(show_forwarding)),
        Route::change(routes!(set_forwarding)),
        Route::new(Access::User, routes!(show_own_forwarding)),
        Route::change_by(Access::User, routes!(set_own_forwarding)),
    ]
}

/// A user's forwarding. The rules act in this order; where one is `null`, voicemail answers in its place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Forwarding)]
pub struct ForwardingView {
    #[serde(skip)]
    user_id: Uuid,
    /// 0: nothing was ever set.
    version: i64,
    /// All calls go there at once.
    #[schema(example = "+14805550143")]
    always: Option<String>,
    /// Where calls go while no phone is registered, or none answers at all: the profile's "Primary number unreachable".
    #[schema(example = "+14805550143")]
    unreachable: Option<String>,
    /// When busy, or when the call is declined.
    #[schema(example = "203")]
    busy: Option<String>,
    #[schema(example = "203")]
    no_answer: Option<String>,
    /// How long phones ring before a call counts as not answered.
    #[schema(example = 25)]
    ring_seconds: u16,
}

impl Versioned for ForwardingView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.user_id, version: self.version })
    }
}

/// Forwarding as a whole: what is left out or `null` is not forwarded. Extensions, or numbers in E.164.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ForwardingInput)]
pub struct ForwardingBody {
    /// As it was read: refused when somebody changed the forwarding since.
    version: Option<i64>,
    #[schema(example = "1001")]
    always: Option<String>,
    #[schema(example = "1001")]
    unreachable: Option<String>,
    #[schema(example = "1001")]
    busy: Option<String>,
    #[schema(example = "1001")]
    no_answer: Option<String>,
    /// 5 to 120; 25 when left out.
    #[schema(example = 25)]
    ring_seconds: Option<u16>,
}

/// Show a user's forwarding
#[utoipa::path(
    get,
    path = "/users/{id}/forwarding",
    tag = "Forwarding",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 200, body = ForwardingView, description = "The forwarding"))
)]
async fn show_forwarding(
    Id(id): Id<UserId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<ForwardingView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

/// Change a user's forwarding
#[utoipa::path(
    put,
    path = "/users/{id}/forwarding",
    tag = "Forwarding",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    request_body = ForwardingBody,
    responses((status = 200, body = ForwardingView, description = "The forwarding"))
)]
async fn set_forwarding(Id(user_id): Id<UserId>, ask: Ask, Body(body): Body<ForwardingBody>) -> Answer {
    set(&ask, user_id, body).await
}

/// Show my forwarding
#[utoipa::path(
    get,
    path = "/me/forwarding",
    tag = "Me",
    responses((status = 200, body = ForwardingView, description = "The forwarding"))
)]
async fn show_own_forwarding(Reading { service, caller, .. }: Reading) -> Result<Shown<ForwardingView>, Problem> {
    let id = caller.user_id().ok_or_else(Problem::not_found)?;
    shown(&service, &caller, id).await.map(Shown)
}

/// Change my forwarding
#[utoipa::path(
    put,
    path = "/me/forwarding",
    tag = "Me",
    request_body = ForwardingBody,
    responses((status = 200, body = ForwardingView, description = "The forwarding"))
)]
async fn set_own_forwarding(ask: Ask, Body(body): Body<ForwardingBody>) -> Answer {
    let id = ask.caller.user_id().ok_or_else(Problem::not_found)?;
    set(&ask, id, body).await
}

async fn set(ask: &Ask, user_id: UserId, body: ForwardingBody) -> Answer {
    let version = body.version;
    let mut errors = FieldErrors::default();
    let unreachable =
        errors.take_optional("unreachable", body.unreachable.as_deref().unwrap_or_default(), Destination::parse);
    let rules = body.input().parse().map_err(|wrong| errors.0.extend(wrong.0)).ok();
    let rules = errors.into_result(rules)?;
    let change = Change::SetForwarding { user_id, version, rules, unreachable };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, user_id)).await
}

impl ForwardingBody {
    fn input(self) -> ForwardingInput {
        ForwardingInput {
            always: self.always.unwrap_or_default(),
            busy: self.busy.unwrap_or_default(),
            no_answer: self.no_answer.unwrap_or_default(),
            ring_seconds: self.ring_seconds.unwrap_or(RING_SECONDS_DEFAULT).to_string(),
        }
    }
}

async fn shown(service: &Service, caller: &Caller, user: UserId) -> Result<ForwardingView, Problem> {
    let profile = service.user(caller, user).await?.user.profile;
    let forwarding = service.forwarding(caller, user).await?;
    let version = forwarding.as_ref().map_or(0, |forwarding| forwarding.version);
    let rules = forwarding.map(|forwarding| forwarding.rules).unwrap_or_default();
    let text = |to: Option<Destination>| to.map(|to| to.as_str().to_owned());
    Ok(ForwardingView {
        user_id: user.0,
        version,
        always: text(rules.always),
        unreachable: text(profile.unreachable),
        busy: text(rules.busy),
        no_answer: text(rules.no_answer),
        ring_seconds: rules.ring_seconds,
    })
}
