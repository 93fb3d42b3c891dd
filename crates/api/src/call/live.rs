//! Calls that go on now.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use lineside_model::call::LiveCall;
use lineside_model::id::CallId;
use lineside_service::Service;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{AnsweredByView, PartyView};
use crate::gate::SignedIn;
use crate::id::Id;
use crate::problem::Problem;
use crate::query::{Nothing, Params};
use crate::reading::Reading;

/// A call that goes on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveCall)]
pub struct LiveCallView {
    id: Uuid,
    started_at: DateTime<Utc>,
    /// `internal`, `inbound` or `outbound`.
    #[schema(example = "inbound")]
    direction: &'static str,
    caller: PartyView,
    #[schema(example = "+14805550143")]
    dialled: String,
    /// Whom that means; `null` for a number in the world, or a service such as `*97`.
    callee: Option<PartyView>,
    /// `null` while it rings.
    answered_at: Option<DateTime<Utc>>,
    answered_by: Option<AnsweredByView>,
}

/// List the calls that go on now
#[utoipa::path(
    get,
    path = "/calls/live",
    tag = "Calls",
    responses((status = 200, body = Vec<LiveCallView>, description = "All of them, the oldest first"))
)]
pub async fn list_live_calls(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<LiveCallView>>, Problem> {
    Ok(Json(service.live_calls(&caller)?.into_iter().map(LiveCallView::from).collect()))
}

/// Hang up a call
///
/// Ends it for both sides. Who did stands in the journal.
#[utoipa::path(
    post,
    path = "/calls/{id}/hang-up",
    tag = "Calls",
    params(("id" = uuid::Uuid, Path, description = "The call")),
    responses((status = 204, description = "It ends"))
)]
pub async fn hang_up_call(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Id(id): Id<CallId>,
    Params(Nothing {}): Params<Nothing>,
) -> Result<StatusCode, Problem> {
    service.hang_up(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<LiveCall> for LiveCallView {
    fn from(LiveCall { began, answered }: LiveCall) -> Self {
        Self {
            id: began.call.0,
            started_at: began.at,
            direction: began.direction.as_str(),
            caller: began.caller.into(),
            dialled: began.dialled.into(),
            callee: began.callee.map(PartyView::from),
            answered_at: answered.as_ref().map(|answered| answered.at),
            answered_by: answered.map(|answered| answered.by.into()),
        }
    }
}
