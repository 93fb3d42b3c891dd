//! What holds for the calls of the whole account: recording, guards against fraud, how long things are kept.

use lineside_model::call_settings::{CallRules, CallRulesInput};
use lineside_model::change::Change;
use lineside_model::outbound::Prefix;
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::{Seen, Shown, Versioned};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![Route::new(Access::Administrator, routes!(show_call_settings)), Route::change(routes!(set_call_settings))]
}

/// What holds for the account's calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallSettings)]
pub struct CallSettingsView {
    #[serde(skip)]
    account_id: Uuid,
    /// 0: nothing was ever set, and the defaults hold.
    version: i64,
    recording: RecordingRulesView,
    outbound: OutboundRulesView,
    /// Of one user, in megabytes.
    #[schema(example = 100)]
    voicemail_storage_mb: u32,
    #[schema(example = 400)]
    keep_calls_days: u16,
}

/// How calls are recorded.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordingRules)]
pub struct RecordingRulesView {
    /// Both sides are told before they are connected.
    announce: bool,
    /// A beep every 15 seconds.
    beep: bool,
    /// Emergency calls are recorded too.
    emergency: bool,
    /// Then they are deleted.
    #[schema(example = 90)]
    keep_days: u16,
}

/// Guards against fraud: what may be called out of the house, and how much. A limit of 0 lets nothing out.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OutboundRules)]
pub struct OutboundRulesView {
    /// Beginnings of international numbers that are open.
    #[schema(example = json!(["+44", "+1876"]))]
    international: Vec<String>,
    /// Beginnings of premium numbers that are open.
    #[schema(example = json!(["+1900"]))]
    premium: Vec<String>,
    /// Calls out at once, of a user.
    #[schema(example = 4)]
    user_calls: u32,
    /// Calls out at once, in all.
    #[schema(example = 50)]
    account_calls: u32,
    /// Minutes a day, of a user.
    #[schema(example = 600)]
    user_minutes: u32,
    /// Minutes a day, in all.
    #[schema(example = 10_000)]
    account_minutes: u32,
    /// Of the longest call; it is ended then.
    #[schema(example = 240)]
    call_minutes: u32,
}

impl Versioned for CallSettingsView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.account_id, version: self.version })
    }
}

/// What shall hold for the account's calls, as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallSettingsInput)]
pub struct CallSettingsBody {
    /// As it was read: refused when somebody changed the settings since.
    version: Option<i64>,
    recording: RecordingRulesView,
    outbound: OutboundRulesView,
    #[schema(example = 100)]
    voicemail_storage_mb: u32,
    #[schema(example = 400)]
    keep_calls_days: u16,
}

/// Show the settings for calls
#[utoipa::path(
    get,
    path = "/call-settings",
    tag = "Account",
    responses((status = 200, body = CallSettingsView, description = "The settings"))
)]
async fn show_call_settings(Reading { service, caller, .. }: Reading) -> Result<Shown<CallSettingsView>, Problem> {
    shown(&service, &caller).await.map(Shown)
}

/// Change the settings for calls
#[utoipa::path(
    put,
    path = "/call-settings",
    tag = "Account",
    request_body = CallSettingsBody,
    responses((status = 200, body = CallSettingsView, description = "The settings"))
)]
async fn set_call_settings(ask: Ask, Body(body): Body<CallSettingsBody>) -> Answer {
    let version = body.version;
    let rules = Box::new(CallRulesInput::from(body).parse().map_err(placed)?);
    ask.carry_out(Change::SetCallRules { version, rules }, || shown(&ask.service, &ask.caller)).await
}

/// Fields of the form by their paths in the body.
fn placed(mut errors: lineside_model::field::FieldErrors) -> Problem {
    for error in &mut errors.0 {
        error.field = match error.field.as_str() {
            "keep_recordings_days" => "recording.keep_days".to_owned(),
            kept @ ("voicemail_storage_mb" | "keep_calls_days") => kept.to_owned(),
            of_outbound => format!("outbound.{of_outbound}"),
        };
    }
    errors.into()
}

impl From<CallSettingsBody> for CallRulesInput {
    fn from(body: CallSettingsBody) -> Self {
        let CallSettingsBody { recording, outbound, voicemail_storage_mb, keep_calls_days, .. } = body;
        Self {
            announce: recording.announce,
            beep: recording.beep,
            record_emergency: recording.emergency,
            keep_recordings_days: recording.keep_days.to_string(),
            international: outbound.international.join(","),
            premium: outbound.premium.join(","),
            user_calls: outbound.user_calls.to_string(),
            account_calls: outbound.account_calls.to_string(),
            user_minutes: outbound.user_minutes.to_string(),
            account_minutes: outbound.account_minutes.to_string(),
            call_minutes: outbound.call_minutes.to_string(),
            voicemail_storage_mb: voicemail_storage_mb.to_string(),
            keep_calls_days: keep_calls_days.to_string(),
        }
    }
}

async fn shown(service: &Service, caller: &Caller) -> Result<CallSettingsView, Problem> {
    let account_id = service.account(caller).await?.id.0;
    let settings = service.call_settings(caller).await?;
    let version = settings.as_ref().map_or(0, |settings| settings.version);
    let CallRules { recording, outbound, voicemail_storage_mb, keep_calls_days, .. } =
        settings.map(|settings| settings.rules).unwrap_or_default();
    let list = |open: Vec<Prefix>| open.into_iter().map(String::from).collect();
    Ok(CallSettingsView {
        account_id,
        version,
        recording: RecordingRulesView {
            announce: recording.announce,
            beep: recording.beep,
            emergency: recording.emergency,
            keep_days: recording.keep_days,
        },
        outbound: OutboundRulesView {
            international: list(outbound.international),
            premium: list(outbound.premium),
            user_calls: outbound.limits.user_calls,
            account_calls: outbound.limits.account_calls,
            user_minutes: outbound.limits.user_minutes,
            account_minutes: outbound.limits.account_minutes,
            call_minutes: outbound.limits.call_minutes,
        },
        voicemail_storage_mb,
        keep_calls_days,
    })
}
