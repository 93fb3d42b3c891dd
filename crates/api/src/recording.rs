//! Recordings of calls, and which calls of a user are recorded.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use lineside_model::change::Change;
use lineside_model::id::{CallId, RecordingId, UserId};
use lineside_model::recording::{Recording, RecordingMode};
use lineside_service::{Caller, Service};
use lineside_web::audio;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::{Seen, Shown, Versioned};
use crate::gate::SignedIn;
use crate::id::Id;
use crate::problem::Problem;
use crate::query::{Nothing, Params};
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::User, routes!(list_recordings)),
        Route::new(Access::User, routes!(play_recording)),
        Route::new(Access::Administrator, routes!(delete_recording)),
        Route::new(Access::Administrator, routes!(show_recording_choice)),
        Route::change(routes!(set_recording_choice)),
    ]
}

/// A recording of a call, or of a part of one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recording)]
pub struct RecordingView {
    id: Uuid,
    call_id: Uuid,
    /// Whose setting, or whose `*1`, had it recorded.
    user_id: Uuid,
    started_at: DateTime<Utc>,
    #[schema(example = 61_000)]
    duration_ms: u32,
    #[schema(example = 1_952_044)]
    bytes: u64,
    /// When the audio was deleted; `null`: it can be heard.
    deleted_at: Option<DateTime<Utc>>,
}

/// Which calls are recorded.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecordingMode)]
pub enum ModeName {
    Off,
    All,
    /// Those that the user answers.
    Inbound,
    /// Those that the user makes.
    Outbound,
    /// Started and stopped in the call with `*1`.
    OnDemand,
}

/// Which calls of a user are recorded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordingChoice)]
pub struct ChoiceView {
    #[serde(skip)]
    user_id: Uuid,
    /// 0: it was never set.
    version: i64,
    mode: ModeName,
}

impl Versioned for ChoiceView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.user_id, version: self.version })
    }
}

/// Which calls of a user shall be recorded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordingChoiceInput)]
pub struct ChoiceBody {
    mode: ModeName,
}

/// List the recordings of a call
///
/// Administrators see all of them, a user those that they had taken.
#[utoipa::path(
    get,
    path = "/calls/{id}/recordings",
    tag = "Recordings",
    params(("id" = uuid::Uuid, Path, description = "The call")),
    responses((status = 200, body = Vec<RecordingView>, description = "In the order in which they were taken"))
)]
async fn list_recordings(
    Id(id): Id<CallId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<Vec<RecordingView>>, Problem> {
    let (_, recordings) = service.call(&caller, id).await?;
    Ok(Json(recordings.into_iter().map(RecordingView::from).collect()))
}

/// Listen to a recording
///
/// WAV, 8 kHz, 16 bit, stereo: the caller left, the called side right. `Range` takes a part (RFC 9110 section 14): 206, or 416
/// when it lies behind the end. Who listened stands in the journal.
#[utoipa::path(
    get,
    path = "/recordings/{id}/audio",
    tag = "Recordings",
    params(("id" = uuid::Uuid, Path, description = "The recording")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "audio/wav", description = "The audio"),
        (status = 206, body = Vec<u8>, content_type = "audio/wav", description = "The part that Range asks for"),
    )
)]
async fn play_recording(
    Id(id): Id<RecordingId>,
    headers: HeaderMap,
    Reading { service, caller, .. }: Reading,
) -> Result<Response, Problem> {
    Ok(audio::respond(service.recording_sound(&caller, id, audio::range(&headers)).await?))
}

/// Delete a recording
///
/// Its audio is gone then. That it was there, and who deleted it, stands in the journal.
#[utoipa::path(
    delete,
    path = "/recordings/{id}",
    tag = "Recordings",
    params(("id" = uuid::Uuid, Path, description = "The recording")),
    responses((status = 204, description = "Its audio is gone"))
)]
async fn delete_recording(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Id(id): Id<RecordingId>,
    Params(Nothing {}): Params<Nothing>,
) -> Result<StatusCode, Problem> {
    service.delete_recording(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show which calls of a user are recorded
#[utoipa::path(
    get,
    path = "/users/{id}/recording",
    tag = "Recordings",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 200, body = ChoiceView, description = "What is set"))
)]
async fn show_recording_choice(
    Id(id): Id<UserId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<ChoiceView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

/// Set which calls of a user are recorded
#[utoipa::path(
    put,
    path = "/users/{id}/recording",
    tag = "Recordings",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    request_body = ChoiceBody,
    responses((status = 200, body = ChoiceView, description = "What is set"))
)]
async fn set_recording_choice(Id(user_id): Id<UserId>, ask: Ask, Body(body): Body<ChoiceBody>) -> Answer {
    let change = Change::SetRecording { user_ids: vec![user_id], mode: body.mode.into() };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, user_id)).await
}

async fn shown(service: &Service, caller: &Caller, user: UserId) -> Result<ChoiceView, Problem> {
    service.user(caller, user).await?;
    let choice = service.recording_choice(caller, user).await?;
    let version = choice.as_ref().map_or(0, |choice| choice.version);
    let mode = choice.map(|choice| choice.mode).unwrap_or_default();
    Ok(ChoiceView { user_id: user.0, version, mode: mode.into() })
}

impl From<Recording> for RecordingView {
    fn from(recording: Recording) -> Self {
        Self {
            id: recording.id.0,
            call_id: recording.call_id.0,
            user_id: recording.user_id.0,
            started_at: recording.started_at,
            duration_ms: recording.duration_ms,
            bytes: recording.bytes,
            deleted_at: recording.deleted_at,
        }
    }
}

impl From<RecordingMode> for ModeName {
    fn from(mode: RecordingMode) -> Self {
        match mode {
            RecordingMode::Off => Self::Off,
            RecordingMode::All => Self::All,
            RecordingMode::Inbound => Self::Inbound,
            RecordingMode::Outbound => Self::Outbound,
            RecordingMode::OnDemand => Self::OnDemand,
        }
    }
}

impl From<ModeName> for RecordingMode {
    fn from(mode: ModeName) -> Self {
        match mode {
            ModeName::Off => Self::Off,
            ModeName::All => Self::All,
            ModeName::Inbound => Self::Inbound,
            ModeName::Outbound => Self::Outbound,
            ModeName::OnDemand => Self::OnDemand,
        }
    }
}
