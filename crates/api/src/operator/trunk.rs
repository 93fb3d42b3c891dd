//! The operator's trunks: for every account, or for some. An account's own are tried before them.

use std::collections::BTreeSet;

use axum::Json;
use lineside_model::account::AccountNumber;
use lineside_model::change::Change;
use lineside_model::field::{FieldError, FieldErrors};
use lineside_model::id::TrunkId;
use lineside_model::operator_trunk::{SERVED_MAX, Served, ServedError};
use lineside_model::trunk::{Trunk, TrunkInput, TrunkSettings};
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::{Seen, Shown, Versioned};
use crate::id::Id;
use crate::patch::{Clearable, clearable};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, ROOT, Route};
use crate::trunk::{NewTrunkBody, TrunkPatch, TrunkView};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Operator, routes!(list_operator_trunks)),
        Route::change_by(Access::Operator, routes!(add_operator_trunk)),
        Route::new(Access::Operator, routes!(show_operator_trunk)),
        Route::change_by(Access::Operator, routes!(edit_operator_trunk)),
        Route::change_by(Access::Operator, routes!(delete_operator_trunk)),
    ]
}

/// A trunk of the operator's.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperatorTrunk)]
pub struct OperatorTrunkView {
    id: Uuid,
    version: i64,
    /// The numbers of the accounts that it is for; `null`: every one.
    #[schema(example = json!(["48201137"]))]
    accounts: Option<Vec<String>>,
    trunk: TrunkView,
}

impl Versioned for OperatorTrunkView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

/// A new trunk of the operator's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOperatorTrunk)]
pub struct NewOperatorTrunkBody {
    /// The numbers of the accounts that it is for; left out or `null`: every one.
    #[schema(example = json!(["48201137"]))]
    accounts: Option<Vec<String>>,
    trunk: NewTrunkBody,
}

/// What to change. What is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorTrunkPatch {
    /// As it was read: refused when somebody changed the trunk since.
    version: Option<i64>,
    /// All of them; `null`: every account.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["48201137"]))]
    accounts: Clearable<Vec<String>>,
    trunk: Option<TrunkPatch>,
}

/// List the operator's trunks
#[utoipa::path(
    get,
    path = "/operator/trunks",
    tag = "Operator: trunks",
    responses((status = 200, body = Vec<OperatorTrunkView>, description = "All of them, in the order in which they are tried"))
)]
async fn list_operator_trunks(
    Reading { service, caller, .. }: Reading,
) -> Result<Json<Vec<OperatorTrunkView>>, Problem> {
    Ok(Json(service.trunks(&caller).await?.into_iter().map(OperatorTrunkView::from).collect()))
}

/// Add a trunk of the operator's
#[utoipa::path(
    post,
    path = "/operator/trunks",
    tag = "Operator: trunks",
    request_body = NewOperatorTrunkBody,
    responses((status = 201, body = OperatorTrunkView, description = "The new trunk"))
)]
async fn add_operator_trunk(ask: Ask, Body(body): Body<NewOperatorTrunkBody>) -> Answer {
    let ask = ask.nested(TRUNK, &BLOCKED);
    let input = TrunkInput::from(body.trunk);
    let (settings, serves) = read(&input, Some(body.accounts))?;
    let id = ask.id.new_trunk_id();
    let password = ask.service.seal_trunk_password(id, &input.password);
    let change = Change::AddTrunk { settings, serves, password };
    ask.create(change, format!("{ROOT}/operator/trunks/{id}"), shown(&ask.service, &ask.caller, id)).await
}

/// Show a trunk of the operator's
#[utoipa::path(
    get,
    path = "/operator/trunks/{id}",
    tag = "Operator: trunks",
    params(("id" = uuid::Uuid, Path, description = "The trunk")),
    responses((status = 200, body = OperatorTrunkView, description = "The trunk"))
)]
async fn show_operator_trunk(
    Id(id): Id<TrunkId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<OperatorTrunkView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

/// Change a trunk of the operator's
#[utoipa::path(
    patch,
    path = "/operator/trunks/{id}",
    tag = "Operator: trunks",
    params(("id" = uuid::Uuid, Path, description = "The trunk")),
    request_body = OperatorTrunkPatch,
    responses((status = 200, body = OperatorTrunkView, description = "The trunk"))
)]
async fn edit_operator_trunk(Id(trunk_id): Id<TrunkId>, ask: Ask, Body(patch): Body<OperatorTrunkPatch>) -> Answer {
    let ask = ask.nested(TRUNK, &BLOCKED);
    let of_trunk = patch.trunk.unwrap_or_default();
    let asked = patch.version.or(of_trunk.version);
    let merged = async || {
        let now = ask.service.trunk(&ask.caller, trunk_id).await?;
        let input = of_trunk.over(&now.settings);
        let (settings, serves) = read(&input, patch.accounts.clone())?;
        let password = ask.service.seal_trunk_password(trunk_id, &input.password);
        Ok(Change::EditTrunk { trunk_id, version: asked.or(Some(now.version)), settings, serves, password })
    };
    ask.merge(asked, merged, || shown(&ask.service, &ask.caller, trunk_id)).await
}

/// Delete a trunk of the operator's
#[utoipa::path(
    delete,
    path = "/operator/trunks/{id}",
    tag = "Operator: trunks",
    params(("id" = uuid::Uuid, Path, description = "The trunk")),
    responses((status = 204, description = "It is gone"))
)]
async fn delete_operator_trunk(Id(trunk_id): Id<TrunkId>, ask: Ask) -> Answer {
    ask.remove(Change::DeleteTrunk { trunk_id }, || shown(&ask.service, &ask.caller, trunk_id)).await
}

async fn shown(service: &Service, caller: &Caller, id: TrunkId) -> Result<OperatorTrunkView, Problem> {
    Ok(service.trunk(caller, id).await?.into())
}

/// The object of the body that the trunk's own fields lie in, and those of them that a plan may find wrong.
const TRUNK: &str = "trunk";
const BLOCKED: [&str; 2] = ["name", "password"];

/// `accounts`: `None` when nothing was said of them.
fn read(
    input: &TrunkInput,
    accounts: Clearable<Vec<String>>,
) -> Result<(Box<TrunkSettings>, Option<Served>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let serves = accounts.and_then(|accounts| errors.take("accounts", served(accounts)));
    let placed = |FieldError { field, message }| FieldError { field: format!("{TRUNK}.{field}"), message };
    let settings = input.parse().map_err(|wrong| errors.0.extend(wrong.0.into_iter().map(placed))).ok();
    Ok((Box::new(errors.into_result(settings)?), serves))
}

fn served(accounts: Option<Vec<String>>) -> Result<Served, ServedError> {
    let Some(accounts) = accounts else { return Ok(Served::All) };
    if accounts.len() > SERVED_MAX {
        return Err(ServedError::TooMany);
    }
    let number = |text: String| AccountNumber::parse(&text).map_err(|_| ServedError::NoNumber(text));
    let numbers: BTreeSet<AccountNumber> = accounts.into_iter().map(number).collect::<Result<_, _>>()?;
    if numbers.is_empty() { Err(ServedError::Nobody) } else { Ok(Served::Only(numbers)) }
}

impl From<Trunk> for OperatorTrunkView {
    fn from(trunk: Trunk) -> Self {
        let numbers = |serves: &Served| serves.numbers().map(ToString::to_string).collect();
        Self {
            id: trunk.id.0,
            version: trunk.version,
            accounts: trunk.serves.as_ref().filter(|serves| **serves != Served::All).map(numbers),
            trunk: trunk.into(),
        }
    }
}
