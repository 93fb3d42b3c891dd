//! What is done with a device: given to a user and taken back, locked, its credentials made anew, deleted.

use axum::Json;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use lineside_model::change::Change;
use lineside_model::id::{DeviceId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Applied, Ask};
use crate::body::Body;
use crate::device::show::shown;
use crate::device::view::DeviceView;
use crate::id::Id;

/// A user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserRef {
    pub user_id: Uuid,
}

/// Whether the device is locked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    locked: bool,
}

/// What a person types into a generic phone. The secret is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Credentials)]
pub struct CredentialsView {
    device_id: Uuid,
    /// The SIP user.
    #[schema(example = "d-8f3k2q9x1m")]
    username: Option<String>,
    /// The SIP password. `null` when the request was repeated: it was shown before and is kept nowhere; generate another.
    secret: Option<String>,
    /// The SIP domain, which is the digest's realm too.
    #[schema(example = "harbor.sip.example")]
    domain: String,
    /// Where the phone sends SIP.
    #[schema(example = "sip.example.com:5060")]
    registrar: String,
    #[schema(example = "udp")]
    transport: &'static str,
}

/// Delete a device
#[utoipa::path(
    delete,
    path = "/devices/{id}",
    tag = "Devices",
    params(("id" = uuid::Uuid, Path, description = "The device")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn delete_device(Id(device_id): Id<DeviceId>, ask: Ask) -> Answer {
    ask.remove(Change::DeleteDevice { device_id }, || shown(&ask.service, &ask.caller, device_id)).await
}

/// Give a device to a user
#[utoipa::path(
    put,
    path = "/devices/{id}/user",
    tag = "Devices",
    params(("id" = uuid::Uuid, Path, description = "The device")),
    request_body = UserRef,
    responses((status = 200, body = DeviceView, description = "The device"))
)]
pub async fn assign_device(Id(device_id): Id<DeviceId>, ask: Ask, Body(body): Body<UserRef>) -> Answer {
    let change = Change::AssignDevice { device_id, user_id: UserId(body.user_id) };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, device_id)).await
}

/// Take a device from its user
#[utoipa::path(
    delete,
    path = "/devices/{id}/user",
    tag = "Devices",
    params(("id" = uuid::Uuid, Path, description = "The device")),
    responses((status = 200, body = DeviceView, description = "The device"))
)]
pub async fn unassign_device(Id(device_id): Id<DeviceId>, ask: Ask) -> Answer {
    ask.carry_out(Change::UnassignDevice { device_id }, || shown(&ask.service, &ask.caller, device_id)).await
}

/// Lock or unlock a device
#[utoipa::path(
    put,
    path = "/devices/{id}/lock",
    tag = "Devices",
    params(("id" = uuid::Uuid, Path, description = "The device")),
    request_body = Lock,
    responses((status = 200, body = DeviceView, description = "The device"))
)]
pub async fn lock_device(Id(device_id): Id<DeviceId>, ask: Ask, Body(body): Body<Lock>) -> Answer {
    let change = Change::LockDevice { device_id, locked: body.locked };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, device_id)).await
}

/// The colleagues of all keys, in their order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LampKeys {
    /// Of the device, as it was read: refused when somebody changed it since.
    version: Option<i64>,
    /// As many as the model has keys beside its own line; empty: none.
    user_ids: Vec<Uuid>,
}

/// Set the lamp keys
///
/// Each key lights up with a colleague's calls, calls the colleague, and takes the call that rings there.
#[utoipa::path(
    put,
    path = "/devices/{id}/lamp-keys",
    tag = "Devices",
    params(("id" = uuid::Uuid, Path, description = "The device")),
    request_body = LampKeys,
    responses((status = 200, body = DeviceView, description = "The device"))
)]
pub async fn set_lamp_keys(Id(device_id): Id<DeviceId>, ask: Ask, Body(body): Body<LampKeys>) -> Answer {
    let colleagues = body.user_ids.into_iter().map(UserId).collect();
    let change = Change::SetLampKeys { device_id, version: body.version, colleagues };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, device_id)).await
}

/// Generate new SIP credentials
#[utoipa::path(
    post,
    path = "/devices/{id}/generate",
    tag = "Devices",
    params(("id" = uuid::Uuid, Path, description = "The device")),
    responses((status = 200, body = CredentialsView, description = "The credentials, shown this once"))
)]
pub async fn generate_secret(Id(device_id): Id<DeviceId>, ask: Ask) -> Answer {
    let secret = match ask.apply(Change::Generate { device_id }).await? {
        Applied::Planned(plan) => return Ok(plan),
        Applied::Done { secret, .. } => secret,
    };
    let (service, caller) = (&ask.service, &ask.caller);
    let device = service.device(caller, device_id).await?;
    let settings = service.settings();
    let credentials = CredentialsView {
        device_id: device_id.0,
        username: device.line.map(|line| line.credentials.username),
        secret: secret.map(|secret| secret.secret),
        domain: service.account(caller).await?.settings.sip_domain.to_string(),
        registrar: format!("{}:{}", settings.sip_host, settings.sip_port),
        transport: settings.sip_transport.as_str(),
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(credentials)).into_response())
}

/// Ask a device to fetch its configuration
///
/// The phone is asked over its registration (NOTIFY check-sync) at once, or when it registers. What it answered stands in
/// `resync` of the device.
#[utoipa::path(
    post,
    path = "/devices/{id}/resync",
    tag = "Devices",
    params(("id" = uuid::Uuid, Path, description = "The device")),
    responses((status = 200, body = DeviceView, description = "The device"))
)]
pub async fn resync_device(Id(device_id): Id<DeviceId>, ask: Ask) -> Answer {
    ask.carry_out(Change::Resync { device_id }, || shown(&ask.service, &ask.caller, device_id)).await
}
