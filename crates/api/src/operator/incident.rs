//! What is wrong with calls, in any account and on the operator's own trunks.

use axum::Json;
use lineside_model::incident::AccountIncident;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::emergency::IncidentView;
use crate::problem::Problem;
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

/// List what is wrong with calls in all accounts
#[utoipa::path(
    get,
    path = "/operator/incidents",
    tag = "Operator: trunks",
    responses((
        status = 200,
        body = Vec<AccountIncidentView>,
        description = "What goes on, and what began in the last 24 hours; the newest 200"
    ))
)]
async fn list_all_incidents(
    Reading { service, caller, .. }: Reading,
) -> Result<Json<Vec<AccountIncidentView>>, Problem> {
    Ok(Json(service.problems_of_all(&caller).await?.into_iter().map(AccountIncidentView::from).collect()))
}
