//! Every account, and the settings of each.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::change::Change;
use lineside_model::id::AccountId;
use lineside_model::list::{AccountFilter, AccountRow};
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::account::{AccountPatch, AccountView};
use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::Shown;
use crate::id::Id;
use crate::page::{self, PageView};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Operator, routes!(list_accounts)),
        Route::new(Access::Operator, routes!(show_any_account)),
        Route::change_by(Access::Operator, routes!(edit_any_account)),
    ]
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct AccountQuery {
    /// Beginning of the name, the number or the SIP domain.
    search: Option<String>,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u32>,
}

/// An account as the operator's list shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountRow)]
pub struct AccountRowView {
    id: Uuid,
    /// Eight digits that a person says on the phone.
    #[schema(example = "48201137")]
    number: String,
    #[schema(example = "Harbor Dental")]
    name: String,
    #[schema(example = "harbor.sip.example")]
    sip_domain: String,
    /// How many users are in it.
    users: i64,
    created_at: DateTime<Utc>,
}

/// List the accounts
#[utoipa::path(
    get,
    path = "/operator/accounts",
    tag = "Operator: accounts",
    params(AccountQuery),
    responses((status = 200, body = PageView<AccountRowView>, description = "One page of the accounts, by name"))
)]
async fn list_accounts(
    Reading { service, caller, query }: Reading<AccountQuery>,
) -> Result<Json<PageView<AccountRowView>>, Problem> {
    let filter = AccountFilter { search: page::search(query.search)?, page: page::page(query.page)? };
    Ok(Json(PageView::of(service.accounts(&caller, &filter).await?)))
}

/// Show an account's settings
#[utoipa::path(
    get,
    path = "/operator/accounts/{id}",
    tag = "Operator: accounts",
    params(("id" = uuid::Uuid, Path, description = "The account")),
    responses((status = 200, body = AccountView, description = "The account"))
)]
async fn show_any_account(
    Id(id): Id<AccountId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<AccountView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

/// Change an account's settings
#[utoipa::path(
    patch,
    path = "/operator/accounts/{id}",
    tag = "Operator: accounts",
    params(("id" = uuid::Uuid, Path, description = "The account")),
    request_body = AccountPatch,
    responses((status = 200, body = AccountView, description = "The account"))
)]
async fn edit_any_account(Id(id): Id<AccountId>, ask: Ask, Body(patch): Body<AccountPatch>) -> Answer {
    let merged = async || {
        let account = ask.service.settings_of(&ask.caller, id).await?;
        let settings = patch.over((&account.settings).into()).parse()?;
        let version = patch.version.or(Some(account.version));
        Ok(Change::EditAccount { account_id: Some(id), version, settings })
    };
    ask.merge(patch.version, merged, || shown(&ask.service, &ask.caller, id)).await
}

pub(crate) async fn shown(service: &Service, caller: &Caller, id: AccountId) -> Result<AccountView, Problem> {
    Ok(service.settings_of(caller, id).await?.into())
}

impl From<AccountRow> for AccountRowView {
    fn from(row: AccountRow) -> Self {
        Self {
            id: row.id.0,
            number: row.number,
            name: row.name,
            sip_domain: row.sip_domain,
            users: row.users,
            created_at: row.created_at,
        }
    }
}
