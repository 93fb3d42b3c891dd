//! What is wrong with calls, in any account and on the operator's own trunks.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::id::AccountId;
use lineside_model::incident::{AccountIncident, IncidentFilter, IncidentKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::emergency::IncidentView;
use crate::page::{self, PageView};
use crate::problem::Problem;
use crate::query::instant;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![Route::new(Access::Operator, routes!(list_all_incidents))]
}

/// Something that is wrong with calls, and in which account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountIncident)]
pub struct AccountIncidentView {
    /// `null`: a trunk of the operator's.
    account_id: Option<Uuid>,
    /// The account's name.
    #[schema(example = "Harbor Dental")]
    account: Option<String>,
    incident: IncidentView,
}

impl From<AccountIncident> for AccountIncidentView {
    fn from(AccountIncident { account, incident }: AccountIncident) -> Self {
        let (account_id, account) = account.map(|(id, name)| (id.0, name.to_string())).unzip();
        Self { account_id, account, incident: incident.into() }
    }
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct IncidentQuery {
    /// The beginning of an account's name, number or SIP domain.
    search: Option<String>,
    account_id: Option<Uuid>,
    /// `trunk_down`, `limit_reached` or `destination_refused`.
    kind: Option<String>,
    /// `true`: only what goes on; `false`: only what is over.
    goes_on: Option<bool>,
    /// What began at this instant or later.
    from: Option<DateTime<Utc>>,
    /// What began before this instant.
    until: Option<DateTime<Utc>>,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u32>,
}

/// List what is wrong with calls in all accounts
#[utoipa::path(
    get,
    path = "/operator/incidents",
    tag = "Operator: trunks",
    params(IncidentQuery),
    responses((status = 200, body = PageView<AccountIncidentView>, description = "The newest first"))
)]
async fn list_all_incidents(
    Reading { service, caller, query }: Reading<IncidentQuery>,
) -> Result<Json<PageView<AccountIncidentView>>, Problem> {
    let known = "the kinds are trunk_down, limit_reached and destination_refused";
    let kind = |kind: String| IncidentKind::parse(&kind).ok_or_else(|| Problem::malformed("kind", known));
    let filter = IncidentFilter {
        search: page::search(query.search)?,
        account_id: query.account_id.map(AccountId),
        kind: query.kind.map(kind).transpose()?,
        goes_on: query.goes_on,
        from: instant("from", query.from)?,
        until: instant("until", query.until)?,
        page: page::page(query.page)?,
    };
    Ok(Json(PageView::of(service.problems_of_all(&caller, &filter).await?)))
}
