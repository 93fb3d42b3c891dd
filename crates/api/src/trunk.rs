//! Trunks: the account's own ways out of the house and into it.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::TrunkId;
use lineside_model::trunk::{BY_NAME, Trunk, TrunkInput, TrunkSettings};
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::{Seen, Shown, Versioned};
use crate::id::Id;
use crate::patch::{Clearable, clearable, overlay, overlay_clearable};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, ROOT, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list_trunks)),
        Route::change(routes!(add_trunk)),
        Route::new(Access::Administrator, routes!(show_trunk)),
        Route::change(routes!(edit_trunk)),
        Route::change(routes!(delete_trunk)),
    ]
}

/// A trunk to a carrier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trunk)]
pub struct TrunkView {
    id: Uuid,
    version: i64,
    #[schema(example = "Carrier One")]
    name: String,
    enabled: bool,
    #[schema(example = "sip.carrier.example")]
    host: String,
    /// `null`: as the name's SRV records say, or the transport's own.
    #[schema(example = 5060)]
    port: Option<u16>,
    /// `UDP`, `TCP` or `TLS`; with `by_name`, what is used where the carrier's DNS says nothing.
    #[schema(example = "UDP")]
    transport: &'static str,
    /// By the transport that the carrier's NAPTR and SRV records say (RFC 3263).
    by_name: bool,
    /// Sound is protected too (SRTP), where SIP goes over TLS.
    secure_media: bool,
    /// Registers there with the credentials; otherwise the carrier knows Lineside by its address.
    register: bool,
    #[schema(example = "harbor")]
    username: Option<String>,
    /// There is a password. It is never shown.
    password_set: bool,
    /// `e164`, `digits` or `north_america`.
    #[schema(example = "e164")]
    number_format: &'static str,
    /// Stands before each number that is called, such as a technical prefix.
    #[schema(example = "9911#")]
    prefix: Option<String>,
    /// Where the carrier reads who calls: `both`, `from` or `asserted`.
    #[schema(example = "both")]
    caller_id: &'static str,
    /// Lower ones are tried first.
    #[schema(example = 10)]
    priority: u16,
    /// Takes calls to emergency numbers.
    emergency: bool,
    /// The most calls at once.
    #[schema(example = 30)]
    calls_max: u32,
    created_at: DateTime<Utc>,
}

impl Versioned for TrunkView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

/// A new trunk.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTrunk)]
pub struct NewTrunkBody {
    #[schema(example = "Carrier One")]
    name: String,
    #[serde(default)]
    enabled: bool,
    /// A name or an address, without port.
    #[schema(example = "sip.carrier.example")]
    host: String,
    #[schema(example = 5060)]
    port: Option<u16>,
    /// Needed without `by_name`.
    #[schema(example = "UDP", pattern = "^(UDP|TCP|TLS)$")]
    transport: Option<String>,
    /// By the transport that the carrier's NAPTR and SRV records say (RFC 3263), rather than by `transport`.
    #[serde(default)]
    by_name: bool,
    /// Protects sound too (SRTP). Needs TLS, or `by_name`.
    #[serde(default)]
    secure_media: bool,
    #[serde(default)]
    register: bool,
    #[schema(example = "harbor")]
    username: Option<String>,
    /// As the carrier gave it. It is kept sealed.
    #[schema(example = "a carrier's secret")]
    password: Option<String>,
    /// How the carrier writes numbers; `e164` when left out.
    #[schema(example = "e164", pattern = "^(e164|digits|north_america)$")]
    number_format: Option<String>,
    /// Up to 12 of the digits, `*`, `#` and `+`.
    #[schema(example = "9911#")]
    prefix: Option<String>,
    /// Where the carrier reads who calls; `both` when left out.
    #[schema(example = "both", pattern = "^(both|from|asserted)$")]
    caller_id: Option<String>,
    /// 0 to 1000; 10 when left out.
    #[schema(example = 10)]
    priority: Option<u16>,
    #[serde(default)]
    emergency: bool,
    /// 30 when left out.
    #[schema(example = 30)]
    calls_max: Option<u32>,
}

/// Fields of a trunk to change. What is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrunkPatch {
    /// As it was read: refused when somebody changed the trunk since.
    pub(crate) version: Option<i64>,
    #[schema(example = "Carrier One")]
    name: Option<String>,
    enabled: Option<bool>,
    #[schema(example = "sip.carrier.example")]
    host: Option<String>,
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<u16>, example = 5060)]
    port: Clearable<u16>,
    #[schema(example = "UDP", pattern = "^(UDP|TCP|TLS)$")]
    transport: Option<String>,
    by_name: Option<bool>,
    secure_media: Option<bool>,
    register: Option<bool>,
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "harbor")]
    username: Clearable<String>,
    /// A new one; left out, the one there is stays.
    #[schema(example = "a carrier's secret")]
    password: Option<String>,
    #[schema(example = "e164", pattern = "^(e164|digits|north_america)$")]
    number_format: Option<String>,
    #[serde(deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, example = "9911#")]
    prefix: Clearable<String>,
    #[schema(example = "both", pattern = "^(both|from|asserted)$")]
    caller_id: Option<String>,
    #[schema(example = 10)]
    priority: Option<u16>,
    emergency: Option<bool>,
    #[schema(example = 30)]
    calls_max: Option<u32>,
}

/// List the trunks
#[utoipa::path(
    get,
    path = "/trunks",
    tag = "Trunks",
    responses((status = 200, body = Vec<TrunkView>, description = "All of them, in the order in which they are tried"))
)]
async fn list_trunks(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<TrunkView>>, Problem> {
    Ok(Json(service.trunks(&caller).await?.into_iter().map(TrunkView::from).collect()))
}

/// Add a trunk
#[utoipa::path(
    post,
    path = "/trunks",
    tag = "Trunks",
    request_body = NewTrunkBody,
    responses((status = 201, body = TrunkView, description = "The new trunk"))
)]
async fn add_trunk(ask: Ask, Body(body): Body<NewTrunkBody>) -> Answer {
    let input = TrunkInput::from(body);
    let settings = Box::new(input.parse()?);
    let id = ask.id.new_trunk_id();
    let password = ask.service.seal_trunk_password(id, &input.password);
    let request = ChangeRequest { id: ask.id, change: Change::AddTrunk { settings, serves: None, password } };
    ask.create(request.change, format!("{ROOT}/trunks/{id}"), shown(&ask.service, &ask.caller, id)).await
}

/// Show a trunk
#[utoipa::path(
    get,
    path = "/trunks/{id}",
    tag = "Trunks",
    params(("id" = uuid::Uuid, Path, description = "The trunk")),
    responses((status = 200, body = TrunkView, description = "The trunk"))
)]
async fn show_trunk(
    Id(id): Id<TrunkId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<TrunkView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

/// Change a trunk
#[utoipa::path(
    patch,
    path = "/trunks/{id}",
    tag = "Trunks",
    params(("id" = uuid::Uuid, Path, description = "The trunk")),
    request_body = TrunkPatch,
    responses((status = 200, body = TrunkView, description = "The trunk"))
)]
async fn edit_trunk(Id(trunk_id): Id<TrunkId>, ask: Ask, Body(patch): Body<TrunkPatch>) -> Answer {
    let merged = async || {
        let now = ask.service.trunk(&ask.caller, trunk_id).await?;
        let input = patch.over(&now.settings);
        let settings = Box::new(input.parse()?);
        let password = ask.service.seal_trunk_password(trunk_id, &input.password);
        let version = patch.version.or(Some(now.version));
        Ok(Change::EditTrunk { trunk_id, version, settings, serves: None, password })
    };
    ask.merge(patch.version, merged, || shown(&ask.service, &ask.caller, trunk_id)).await
}

/// Delete a trunk
#[utoipa::path(
    delete,
    path = "/trunks/{id}",
    tag = "Trunks",
    params(("id" = uuid::Uuid, Path, description = "The trunk")),
    responses((status = 204, description = "It is gone"))
)]
async fn delete_trunk(Id(trunk_id): Id<TrunkId>, ask: Ask) -> Answer {
    ask.remove(Change::DeleteTrunk { trunk_id }, || shown(&ask.service, &ask.caller, trunk_id)).await
}

pub(crate) async fn shown(service: &Service, caller: &Caller, id: TrunkId) -> Result<TrunkView, Problem> {
    Ok(service.trunk(caller, id).await?.into())
}

fn text(number: Option<impl ToString>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

impl From<NewTrunkBody> for TrunkInput {
    fn from(body: NewTrunkBody) -> Self {
        Self {
            name: body.name,
            enabled: body.enabled,
            host: body.host,
            port: text(body.port),
            transport: if body.by_name { BY_NAME.to_owned() } else { body.transport.unwrap_or_default() },
            secure_media: body.secure_media,
            register: body.register,
            username: body.username.unwrap_or_default(),
            password: body.password.unwrap_or_default(),
            number_format: body.number_format.unwrap_or_default(),
            prefix: body.prefix.unwrap_or_default(),
            caller_id: body.caller_id.unwrap_or_default(),
            priority: text(body.priority),
            emergency: body.emergency,
            calls_max: text(body.calls_max),
        }
    }
}

impl TrunkPatch {
    pub(crate) fn over(&self, settings: &TrunkSettings) -> TrunkInput {
        let mut input = TrunkInput::from(settings);
        overlay(&mut input.name, self.name.as_ref());
        overlay(&mut input.enabled, self.enabled.as_ref());
        overlay(&mut input.host, self.host.as_ref());
        overlay(&mut input.port, self.port.map(text).as_ref());
        if self.by_name.unwrap_or(settings.by_name) {
            BY_NAME.clone_into(&mut input.transport);
        } else {
            let transport = self.transport.as_deref().unwrap_or(settings.transport.as_str());
            transport.clone_into(&mut input.transport);
        }
        overlay(&mut input.secure_media, self.secure_media.as_ref());
        overlay(&mut input.register, self.register.as_ref());
        overlay_clearable(&mut input.username, self.username.as_ref());
        overlay(&mut input.password, self.password.as_ref());
        overlay(&mut input.number_format, self.number_format.as_ref());
        overlay_clearable(&mut input.prefix, self.prefix.as_ref());
        overlay(&mut input.caller_id, self.caller_id.as_ref());
        overlay(&mut input.priority, self.priority.map(|priority| priority.to_string()).as_ref());
        overlay(&mut input.emergency, self.emergency.as_ref());
        overlay(&mut input.calls_max, self.calls_max.map(|calls| calls.to_string()).as_ref());
        input
    }
}

impl From<Trunk> for TrunkView {
    fn from(trunk: Trunk) -> Self {
        let settings = trunk.settings;
        Self {
            id: trunk.id.0,
            version: trunk.version,
            name: settings.name.to_string(),
            enabled: settings.enabled,
            host: settings.host.to_string(),
            port: settings.port,
            transport: settings.transport.as_str(),
            by_name: settings.by_name,
            secure_media: settings.secure_media,
            register: settings.register,
            username: settings.username,
            password_set: trunk.password.is_some(),
            number_format: settings.number_format.as_str(),
            prefix: settings.prefix,
            caller_id: settings.caller_id.as_str(),
            priority: settings.priority,
            emergency: settings.emergency,
            calls_max: settings.calls_max,
            created_at: trunk.created_at,
        }
    }
}
