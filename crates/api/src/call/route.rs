//! "Where would this call go?"

use axum::Json;
use axum::extract::State;
use lineside_model::id::UserId;
use lineside_model::route::Explanation;
use lineside_service::Service;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::body::Body;
use crate::gate::SignedIn;
use crate::problem::Problem;
use crate::query::{Nothing, Params};

/// A call that nobody has made yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RouteQuestion)]
pub struct RouteBody {
    /// The user who calls; without one, somebody calls from outside.
    user_id: Option<Uuid>,
    /// As it is dialled: an extension, a number, a code.
    #[schema(example = "911")]
    dialled: String,
}

/// One way that the call can take, and the ways from there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Route)]
pub struct RouteView {
    /// When it takes this way; empty for the beginning.
    #[schema(example = "If nobody answers within 25 seconds")]
    when: String,
    /// What happens, step by step.
    #[schema(example = json!(["Voicemail of Ana Duarte (203) answers."]))]
    steps: Vec<String>,
    #[schema(no_recursion)]
    then: Vec<RouteView>,
}

/// Ask where a call would go
///
/// As things stand now, by the rules that the switch decides by.
#[utoipa::path(
    post,
    path = "/route",
    tag = "Calls",
    request_body = RouteBody,
    responses((status = 200, body = RouteView, description = "The way that it would take"))
)]
pub async fn explain_route(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Params(Nothing {}): Params<Nothing>,
    Body(body): Body<RouteBody>,
) -> Result<Json<RouteView>, Problem> {
    let dialled = body.dialled.trim();
    if dialled.is_empty() || dialled.len() > 64 || dialled.chars().any(lineside_model::text::is_unprintable) {
        return Err(Problem::field("dialled", "write what is dialled: 1 to 64 digits"));
    }
    Ok(Json(service.explain_route(&caller, body.user_id.map(UserId), dialled).await?.into()))
}

impl From<Explanation> for RouteView {
    fn from(Explanation { when, steps, then }: Explanation) -> Self {
        Self { when, steps, then: then.into_iter().map(Self::from).collect() }
    }
}
