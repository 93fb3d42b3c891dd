//! Who changed the catalogue, when, and what.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::catalogue::CatalogueChange;
use lineside_model::operator_journal::OperatorStep;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::journal::ActorView;
use crate::page::{self, PageView};
use crate::plan::StepView;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![Route::new(Access::Operator, routes!(list_catalogue_changes))]
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u32>,
}

/// One applied change of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CatalogueChange)]
pub struct CatalogueChangeView {
    /// The catalogue's version that it made.
    made_version: i64,
    at: DateTime<Utc>,
    actor: ActorView,
    #[schema(example = "Retire license type Basic")]
    summary: String,
    steps: Vec<StepView>,
    /// What the operator was warned of.
    warnings: Vec<String>,
}

/// List the changes of the catalogue
#[utoipa::path(
    get,
    path = "/operator/catalogue/history",
    tag = "Operator: catalogue",
    params(HistoryQuery),
    responses((status = 200, body = PageView<CatalogueChangeView>, description = "The newest first"))
)]
async fn list_catalogue_changes(
    Reading { service, caller, query }: Reading<HistoryQuery>,
) -> Result<Json<PageView<CatalogueChangeView>>, Problem> {
    Ok(Json(PageView::of(service.catalogue_history(&caller, page::page(query.page)?).await?)))
}

impl From<CatalogueChange> for CatalogueChangeView {
    fn from(change: CatalogueChange) -> Self {
        Self {
            made_version: change.version,
            at: change.at,
            actor: change.actor.into(),
            summary: change.plan.summary,
            steps: change.plan.steps.iter().map(|step| OperatorStep::from(step).into()).collect(),
            warnings: change.plan.warnings,
        }
    }
}
