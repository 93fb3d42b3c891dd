//! Changes taken back.

use std::collections::BTreeMap;

use lineside_model::change::Change;
use lineside_model::id::{ChangeId, UserId};
use lineside_model::journal::Steps;
use lineside_model::undo::Since;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::id::Id;
use crate::plan::PlanView;
use crate::router::Route;

pub fn routes() -> Vec<Route> {
    vec![Route::change(routes!(undo_change))]
}

/// What to do where something was changed since. `users` says it for some users alone, by identifier.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Undo {
    #[schema(inline, default = "ask")]
    since: SinceName,
    #[schema(inline)]
    users: BTreeMap<Uuid, OfUser>,
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

/// `keep`: leave what was changed, and undo the rest; `overwrite`: undo that as well.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OfUser {
    Keep,
    Overwrite,
}

/// Undo a change
///
/// Puts back what it changed, as a plan of its own. What somebody changed since is a blocker of the kind `changed_since`,
/// unless `since`, or `users` for the blocker's user, says what to do with it. An undo can be undone in turn.
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
    let of_user = |choice| match choice {
        OfUser::Keep => Since::Keep,
        OfUser::Overwrite => Since::Overwrite,
    };
    let users = body.users.into_iter().map(|(user, choice)| (UserId(user), of_user(choice))).collect();
    ask.carry_out_many(Change::Undo { undone, since, users }).await
}
