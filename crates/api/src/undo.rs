//! Changes taken back.

use lineside_model::change::Change;
use lineside_model::id::ChangeId;
use lineside_model::journal::Steps;
use lineside_model::undo::Since;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::id::Id;
use crate::plan::PlanView;
use crate::router::Route;

pub fn routes() -> Vec<Route> {
    vec![Route::change(routes!(undo_change))]
}

/// What to do where something was changed since.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Undo {
    #[schema(inline, default = "ask")]
    since: SinceName,
}

/// `ask`: refuse, and name what changed; `keep`: leave that, and undo the rest; `overwrite`: undo that as well.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SinceName {
    #[default]
    Ask,
    Keep,
    Overwrite,
}

/// Undo a change
///
/// Puts back what it changed, as a plan of its own. What somebody changed since is a blocker of the kind `changed_since`,
/// unless `since` says what to do with it. An undo can be undone in turn.
#[utoipa::path(
    post,
    path = "/journal/{id}/undo",
    tag = "Journal",
    params(("id" = uuid::Uuid, Path, description = "The entry")),
    request_body = Undo,
    responses((status = 200, body = PlanView, description = "What was done"))
)]
async fn undo_change(Id(undone): Id<ChangeId>, ask: Ask, Body(body): Body<Undo>) -> Answer {
    ask.service.journal_entry(&ask.caller, undone, Steps::Page(1)).await?;
    let since = match body.since {
        SinceName::Ask => Since::Ask,
        SinceName::Keep => Since::Keep,
        SinceName::Overwrite => Since::Overwrite,
    };
    ask.carry_out_many(Change::Undo { undone, since }).await
}
