//! The history, the newest first.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::call::{CallFilter, CallPlace, searched_number};
use lineside_model::call_report::{CallDirection, CallOutcome};
use lineside_model::id::UserId;
use lineside_service::call::SHOWN;
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::CallView;
use crate::id::Id;
use crate::page;
use crate::problem::Problem;
use crate::query::instant;
use crate::reading::Reading;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CallQuery {
    /// A whole number or extension at either end, or as it was dialled.
    number: Option<String>,
    #[param(value_type = Option<String>, pattern = "^(internal|inbound|outbound)$")]
    direction: Option<CallDirection>,
    /// How it ended.
    #[param(
        value_type = Option<String>,
        pattern = "^(answered|cancelled|no_answer|busy|declined|unreachable|not_in_service|refused|failed)$"
    )]
    outcome: Option<CallOutcome>,
    /// Begun at this instant or later (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Begun before this instant (RFC 3339).
    until: Option<DateTime<Utc>>,
    /// Only calls of which there is a recording.
    recorded: bool,
    /// Go on from here: `older` of the page before.
    before: Option<String>,
}

/// Fifty calls, the newest first. The history grows at its top while it is read, so its pages have places, not numbers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallPage)]
pub struct CallPageView {
    items: Vec<CallView>,
    /// Send it as `before` for the calls before these; `null` on the last page.
    #[schema(example = "1774012345678901.0190a1b2-0000-7000-8000-000000000001")]
    older: Option<String>,
}

/// List the calls of the account
#[utoipa::path(
    get,
    path = "/calls",
    tag = "Calls",
    params(CallQuery),
    responses((status = 200, body = CallPageView, description = "Fifty calls, the newest first"))
)]
pub async fn list_calls(Reading { service, caller, query }: Reading<CallQuery>) -> Result<Json<CallPageView>, Problem> {
    shown(&service, &caller, query.filter(None)?).await
}

/// List the calls of a user
#[utoipa::path(
    get,
    path = "/users/{id}/calls",
    tag = "Calls",
    params(("id" = uuid::Uuid, Path, description = "The user"), CallQuery),
    responses((status = 200, body = CallPageView, description = "Fifty calls, the newest first"))
)]
pub async fn list_calls_of_user(
    Id(id): Id<UserId>,
    Reading { service, caller, query }: Reading<CallQuery>,
) -> Result<Json<CallPageView>, Problem> {
    let filter = query.filter(Some(id))?;
    service.user(&caller, id).await?;
    shown(&service, &caller, filter).await
}

/// List my calls
#[utoipa::path(
    get,
    path = "/me/calls",
    tag = "Me",
    params(CallQuery),
    responses((status = 200, body = CallPageView, description = "Fifty calls, the newest first"))
)]
pub async fn list_own_calls(
    Reading { service, caller, query }: Reading<CallQuery>,
) -> Result<Json<CallPageView>, Problem> {
    let filter = query.filter(caller.user_id())?;
    shown(&service, &caller, filter).await
}

async fn shown(service: &Service, caller: &Caller, filter: CallFilter) -> Result<Json<CallPageView>, Problem> {
    let (calls, more) = service.calls(caller, &filter, SHOWN).await?;
    let older = calls.last().filter(|_| more).map(|last| last.place().to_string());
    Ok(Json(CallPageView { items: calls.into_iter().map(CallView::from).collect(), older }))
}

impl CallQuery {
    fn filter(self, user_id: Option<UserId>) -> Result<CallFilter, Problem> {
        let place = |text: String| {
            CallPlace::parse(&text)
                .ok_or_else(|| Problem::malformed("before", "send `older` of a page as it was answered"))
        };
        Ok(CallFilter {
            user_id,
            direction: self.direction,
            outcome: self.outcome,
            number: searched_number(&page::words("number", self.number)?),
            from: instant("from", self.from)?,
            until: instant("until", self.until)?,
            recorded: self.recorded,
            before: self.before.map(place).transpose()?,
        })
    }
}
