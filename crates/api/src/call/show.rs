//! One call, and its SIP messages.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::call_report::LadderStep;
use lineside_model::id::CallId;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::CallView;
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;

/// One SIP message of a call, without credentials.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SipMessage)]
pub struct SipMessageView {
    at: DateTime<Utc>,
    /// 0 is the caller; each phone or trunk that was called has its own number.
    #[schema(example = 0)]
    leg: u16,
    /// From the leg to Lineside; otherwise from Lineside to the leg.
    received: bool,
    #[schema(example = "180 Ringing")]
    title: String,
    /// Its first 2,000 characters.
    #[schema(example = "SIP/2.0 180 Ringing")]
    text: String,
}

/// Show a call
///
/// For administrators, and for the users who were in it.
#[utoipa::path(
    get,
    path = "/calls/{id}",
    tag = "Calls",
    params(("id" = uuid::Uuid, Path, description = "The call")),
    responses((status = 200, body = CallView, description = "The call"))
)]
pub async fn show_call(
    Id(id): Id<CallId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<CallView>, Problem> {
    Ok(Json(service.call(&caller, id).await?.0.into()))
}

/// List the SIP messages of a call
#[utoipa::path(
    get,
    path = "/calls/{id}/messages",
    tag = "Calls",
    params(("id" = uuid::Uuid, Path, description = "The call")),
    responses((status = 200, body = Vec<SipMessageView>, description = "In their order, 100 at most"))
)]
pub async fn list_sip_messages(
    Id(id): Id<CallId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<Vec<SipMessageView>>, Problem> {
    let (call, _) = service.call(&caller, id).await?;
    Ok(Json(call.ended.ladder.steps().into_iter().map(SipMessageView::from).collect()))
}

impl From<LadderStep> for SipMessageView {
    fn from(step: LadderStep) -> Self {
        let LadderStep { at, leg, received, title, text } = step;
        Self { at, leg, received, title, text }
    }
}
