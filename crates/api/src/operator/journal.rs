//! What operators did: to accounts, the catalogue and their own tokens.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, ChangeId};
use lineside_model::operator_journal::{OperatorEntry, OperatorJournalFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::id::Id;
use crate::journal::ActorView;
use crate::page::{self, PageView};
use crate::plan::StepView;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Operator, routes!(list_operator_journal)),
        Route::new(Access::Operator, routes!(show_operator_journal_entry)),
    ]
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct OperatorJournalQuery {
    /// Only what touched this account.
    account_id: Option<Uuid>,
    /// Such as `change_catalogue`.
    action: Option<String>,
    /// Words of the summary or the actor's name.
    search: Option<String>,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u32>,
}

/// One applied change, or one event worth keeping.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperatorJournalEntry)]
pub struct OperatorEntryView {
    /// The change's identifier.
    id: Uuid,
    at: DateTime<Utc>,
    actor: ActorView,
    #[schema(example = "open_account")]
    action: String,
    #[schema(example = "Open account 4820 1137 for Harbor Dental")]
    summary: String,
    /// The account that it touched, if it touched one.
    account_id: Option<Uuid>,
    steps: Vec<StepView>,
}

/// List what operators did
#[utoipa::path(
    get,
    path = "/operator/journal",
    tag = "Operator: journal",
    params(OperatorJournalQuery),
    responses((status = 200, body = PageView<OperatorEntryView>, description = "The newest first"))
)]
async fn list_operator_journal(
    Reading { service, caller, query }: Reading<OperatorJournalQuery>,
) -> Result<Json<PageView<OperatorEntryView>>, Problem> {
    let filter = OperatorJournalFilter {
        account_id: query.account_id.map(AccountId),
        action: page::words("action", query.action)?,
        search: page::search(query.search)?,
        page: page::page(query.page)?,
    };
    Ok(Json(PageView::of(service.operator_journal(&caller, &filter).await?)))
}

/// Show an entry
#[utoipa::path(
    get,
    path = "/operator/journal/{id}",
    tag = "Operator: journal",
    params(("id" = uuid::Uuid, Path, description = "The entry")),
    responses((status = 200, body = OperatorEntryView, description = "The entry"))
)]
async fn show_operator_journal_entry(
    Id(id): Id<ChangeId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<OperatorEntryView>, Problem> {
    Ok(Json(service.operator_entry(&caller, id).await?.into()))
}

impl From<OperatorEntry> for OperatorEntryView {
    fn from(entry: OperatorEntry) -> Self {
        Self {
            id: entry.id.0,
            at: entry.at,
            actor: entry.actor.into(),
            action: entry.action,
            summary: entry.summary,
            account_id: entry.account_id.map(Uuid::from),
            steps: entry.steps.into_iter().map(StepView::from).collect(),
        }
    }
}
