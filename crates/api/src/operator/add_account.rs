//! Open an account with its owner.

use lineside_model::account::AccountSettingsInput;
use lineside_model::change::ChangeRequest;
use lineside_model::field::{FieldError, FieldErrors};
use lineside_model::new_account::{NewAccountInput, OWNER_FIELDS, OwnerInput};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::accounts::shown;
use crate::account::AccountView;
use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::router::{Access, ROOT, Route};

pub fn routes() -> Vec<Route> {
    vec![Route::change_by(Access::Operator, routes!(open_account))]
}

/// A new account. It gets a number of eight digits of its own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAccount)]
pub struct NewAccountBody {
    #[schema(example = "Harbor Dental")]
    name: String,
    #[schema(example = "billing@harbor.example")]
    billing_email: String,
    #[schema(example = "America/Phoenix")]
    time_zone: String,
    #[schema(example = "US")]
    country: String,
    /// Of its SIP addresses, and the realm of its devices' credentials.
    #[schema(example = "harbor.sip.example")]
    sip_domain: String,
    /// Digits of the shortest extension, 2 to 6.
    #[serde(default = "three")]
    #[schema(example = 3)]
    extension_min: u8,
    /// Digits of the longest extension, 2 to 6.
    #[serde(default = "four")]
    #[schema(example = 4)]
    extension_max: u8,
    /// Where suggestions begin.
    #[serde(default = "first_extension")]
    #[schema(example = "201")]
    first_extension: String,
    owner: OwnerBody,
    /// Mails the owner the link that sets the password. Without it nobody can sign in until somebody asks for a new one.
    #[serde(default = "yes")]
    #[schema(default = true)]
    send_welcome: bool,
}

/// The Account Owner, who sets up everything else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAccountOwner)]
pub struct OwnerBody {
    #[schema(example = "Ana")]
    first_name: String,
    #[schema(example = "Duarte")]
    last_name: String,
    /// Without one: `firstname.lastname`.
    #[serde(default)]
    #[schema(example = "ana.duarte")]
    username: String,
    #[schema(example = "ana@harbor.example")]
    email: String,
}

/// Open an account with its owner
#[utoipa::path(
    post,
    path = "/operator/accounts",
    tag = "Operator: accounts",
    request_body = NewAccountBody,
    responses((status = 201, body = AccountView, description = "The new account"))
)]
async fn open_account(ask: Ask, Body(body): Body<NewAccountBody>) -> Answer {
    let ask = ask.nested(OWNER, &OWNER_FIELDS);
    let number = ask.service.new_account_number(ask.planned_as()).await?;
    let change = NewAccountInput::from(body).parse(number).map_err(placed)?;
    let request = ChangeRequest { id: ask.id, change };
    let id = request.new_account_id();
    let shown = shown(&ask.service, &ask.caller, id);
    ask.create(request.change, format!("{ROOT}/operator/accounts/{id}"), shown).await
}

const OWNER: &str = "owner";

fn placed(errors: FieldErrors) -> FieldErrors {
    let place = |FieldError { field, message }| {
        let owners = OWNER_FIELDS.contains(&field.as_str());
        FieldError { field: if owners { format!("{OWNER}.{field}") } else { field }, message }
    };
    FieldErrors(errors.0.into_iter().map(place).collect())
}

impl From<NewAccountBody> for NewAccountInput {
    fn from(body: NewAccountBody) -> Self {
        let OwnerBody { first_name, last_name, username, email } = body.owner;
        Self {
            settings: AccountSettingsInput {
                name: body.name,
                billing_email: body.billing_email,
                time_zone: body.time_zone,
                country: body.country,
                sip_domain: body.sip_domain,
                extension_min: body.extension_min.to_string(),
                extension_max: body.extension_max.to_string(),
                first_extension: body.first_extension,
            },
            owner: OwnerInput { first_name, last_name, username, email },
            welcome: body.send_welcome,
        }
    }
}

fn three() -> u8 {
    3
}

fn four() -> u8 {
    4
}

fn first_extension() -> String {
    "201".to_owned()
}

fn yes() -> bool {
    true
}
