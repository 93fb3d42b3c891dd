//! The account's own settings.

use chrono::{DateTime, Utc};
use lineside_model::account::{Account, AccountSettingsInput};
use lineside_model::change::Change;
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::{Seen, Shown, Versioned};
use crate::patch::overlay;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![Route::new(Access::Administrator, routes!(show_account)), Route::change(routes!(edit_account))]
}

/// The account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    id: Uuid,
    version: i64,
    /// Eight digits that a person says on the phone.
    #[schema(example = "48201137")]
    number: String,
    #[schema(example = "Harbor Dental")]
    name: String,
    #[schema(example = "billing@harbor.example")]
    billing_email: String,
    #[schema(example = "America/Phoenix")]
    time_zone: String,
    #[schema(example = "US")]
    country: String,
    #[schema(example = "harbor.sip.example")]
    sip_domain: String,
    #[schema(example = 3)]
    extension_min: u8,
    #[schema(example = 4)]
    extension_max: u8,
    #[schema(example = "201")]
    first_extension: String,
    created_at: DateTime<Utc>,
}

impl Versioned for AccountView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

/// Settings to change. What is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = AccountPatch)]
pub struct AccountPatch {
    /// As it was read: refused when somebody changed the account since.
    pub(crate) version: Option<i64>,
    #[schema(example = "Harbor Dental")]
    name: Option<String>,
    #[schema(example = "billing@harbor.example")]
    billing_email: Option<String>,
    #[schema(example = "America/Phoenix")]
    time_zone: Option<String>,
    #[schema(example = "US")]
    country: Option<String>,
    #[schema(example = "harbor.sip.example")]
    sip_domain: Option<String>,
    /// Digits of the shortest extension, 2 to 6.
    #[schema(example = 3)]
    extension_min: Option<u8>,
    /// Digits of the longest extension, 2 to 6.
    #[schema(example = 4)]
    extension_max: Option<u8>,
    /// Where suggestions begin.
    #[schema(example = "201")]
    first_extension: Option<String>,
}

/// Show the account
#[utoipa::path(
    get,
    path = "/account",
    tag = "Account",
    responses((status = 200, body = AccountView, description = "The account"))
)]
async fn show_account(Reading { service, caller, .. }: Reading) -> Result<Shown<AccountView>, Problem> {
    shown(&service, &caller).await.map(Shown)
}

/// Change the account's settings
#[utoipa::path(
    patch,
    path = "/account",
    tag = "Account",
    request_body = AccountPatch,
    responses((status = 200, body = AccountView, description = "The account"))
)]
async fn edit_account(ask: Ask, Body(patch): Body<AccountPatch>) -> Answer {
    let merged = async || {
        let account = ask.service.account(&ask.caller).await?;
        let settings = patch.over((&account.settings).into()).parse()?;
        Ok(Change::EditAccount { account_id: None, version: patch.version.or(Some(account.version)), settings })
    };
    ask.merge(patch.version, merged, || shown(&ask.service, &ask.caller)).await
}

async fn shown(service: &Service, caller: &Caller) -> Result<AccountView, Problem> {
    Ok(service.account(caller).await?.into())
}

impl AccountPatch {
    pub(crate) fn over(&self, mut input: AccountSettingsInput) -> AccountSettingsInput {
        overlay(&mut input.name, self.name.as_ref());
        overlay(&mut input.billing_email, self.billing_email.as_ref());
        overlay(&mut input.time_zone, self.time_zone.as_ref());
        overlay(&mut input.country, self.country.as_ref());
        overlay(&mut input.sip_domain, self.sip_domain.as_ref());
        overlay(&mut input.extension_min, self.extension_min.map(|digits| digits.to_string()).as_ref());
        overlay(&mut input.extension_max, self.extension_max.map(|digits| digits.to_string()).as_ref());
        overlay(&mut input.first_extension, self.first_extension.as_ref());
        input
    }
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        let settings = account.settings;
        Self {
            id: account.id.0,
            version: account.version,
            number: account.number.to_string(),
            name: settings.name.to_string(),
            billing_email: settings.billing_email.to_string(),
            time_zone: settings.time_zone.to_string(),
            country: settings.country.as_str().to_owned(),
            sip_domain: settings.sip_domain.to_string(),
            extension_min: settings.dial_plan.extension_min,
            extension_max: settings.dial_plan.extension_max,
            first_extension: settings.dial_plan.first_extension.to_string(),
            created_at: account.created_at,
        }
    }
}
