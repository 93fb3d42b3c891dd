//! Test calls: whether a user's phone can be called, and how it sounds.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use lineside_model::id::{CallId, UserId};
use lineside_model::test_call::{TestPhase, TestResult};
use lineside_service::{Caller, Service};
use lineside_web::audio;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::call::view::QualityView;
use crate::gate::SignedIn;
use crate::id::Id;
use crate::problem::Problem;
use crate::query::{Nothing, Params};
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list_test_calls)),
        Route::new(Access::Administrator, routes!(start_test_call)),
        Route::new(Access::User, routes!(list_own_test_calls)),
        Route::new(Access::User, routes!(start_own_test_call)),
        Route::new(Access::User, routes!(play_test_call)),
    ]
}

/// A user's test calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestCalls)]
pub struct TestCallsView {
    /// How far the one is that goes on: `asked`, `ringing` or `talking`; `null`: none does.
    #[schema(example = "ringing")]
    going_on: Option<&'static str>,
    /// The last ten, the newest first.
    results: Vec<TestResultView>,
}

/// What a test call found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestResult)]
pub struct TestResultView {
    id: Uuid,
    user_id: Uuid,
    at: DateTime<Utc>,
    /// `not_registered`, `no_answer`, `no_sound`, `silence` or `heard`.
    #[schema(example = "heard")]
    finding: &'static str,
    /// Heard, and well enough to talk.
    good: bool,
    /// What to do next; `null` when all is well.
    advice: Option<&'static str>,
    /// What came from the phone; `null` when it did not answer.
    quality: Option<QualityView>,
    /// There and back, when the phone tells.
    #[schema(example = 24)]
    round_trip_ms: Option<u32>,
    /// What was said can be heard.
    audio: bool,
}

/// List a user's test calls
#[utoipa::path(
    get,
    path = "/users/{id}/test-calls",
    tag = "Test calls",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 200, body = TestCallsView, description = "What goes on, and what the last ones found"))
)]
async fn list_test_calls(
    Id(id): Id<UserId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<TestCallsView>, Problem> {
    service.user(&caller, id).await?;
    shown(&service, &caller, id).await.map(Json)
}

/// Call a user's phones for a test
///
/// Whoever answers says something after the tone; it is recorded, played back, and measured. While a test goes on, this is that
/// one. What it found stands in `GET /users/{id}/test-calls` within a minute.
#[utoipa::path(
    post,
    path = "/users/{id}/test-call",
    tag = "Test calls",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 202, body = TestCallsView, description = "The phones are called"))
)]
async fn start_test_call(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Id(id): Id<UserId>,
    Params(Nothing {}): Params<Nothing>,
) -> Result<(StatusCode, Json<TestCallsView>), Problem> {
    start(&service, &caller, id).await
}

/// List my test calls
#[utoipa::path(
    get,
    path = "/me/test-calls",
    tag = "Me",
    responses((status = 200, body = TestCallsView, description = "What goes on, and what the last ones found"))
)]
async fn list_own_test_calls(Reading { service, caller, .. }: Reading) -> Result<Json<TestCallsView>, Problem> {
    let id = caller.user_id().ok_or_else(Problem::not_found)?;
    shown(&service, &caller, id).await.map(Json)
}

/// Call my phones for a test
#[utoipa::path(
    post,
    path = "/me/test-call",
    tag = "Me",
    responses((status = 202, body = TestCallsView, description = "The phones are called"))
)]
async fn start_own_test_call(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Params(Nothing {}): Params<Nothing>,
) -> Result<(StatusCode, Json<TestCallsView>), Problem> {
    let id = caller.user_id().ok_or_else(Problem::not_found)?;
    start(&service, &caller, id).await
}

/// Listen to what was said in a test call
///
/// For administrators, and for the user whose phone it was. WAV, 8 kHz, 16 bit. `Range` takes a part (RFC 9110 section 14).
#[utoipa::path(
    get,
    path = "/test-calls/{id}/audio",
    tag = "Test calls",
    params(("id" = uuid::Uuid, Path, description = "The test call")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "audio/wav", description = "The audio"),
        (status = 206, body = Vec<u8>, content_type = "audio/wav", description = "The part that Range asks for"),
    )
)]
async fn play_test_call(
    Id(id): Id<CallId>,
    headers: HeaderMap,
    Reading { service, caller, .. }: Reading,
) -> Result<Response, Problem> {
    Ok(audio::respond(service.test_sound(&caller, id, audio::range(&headers)).await?))
}

async fn start(service: &Service, caller: &Caller, user: UserId) -> Result<(StatusCode, Json<TestCallsView>), Problem> {
    service.start_test_call(caller, user).await?;
    Ok((StatusCode::ACCEPTED, Json(shown(service, caller, user).await?)))
}

async fn shown(service: &Service, caller: &Caller, user: UserId) -> Result<TestCallsView, Problem> {
    let (phase, results) = service.test_calls(caller, user).await?;
    let results = results.into_iter().map(TestResultView::from).collect();
    Ok(TestCallsView { going_on: phase.map(TestPhase::as_str), results })
}

impl From<TestResult> for TestResultView {
    fn from(result: TestResult) -> Self {
        let (good, advice, audio) = (result.is_good(), result.advice(), result.audio.is_some());
        let answered = !result.quality.codec.is_empty() || result.quality.packets > 0;
        Self {
            id: result.id.0,
            user_id: result.user_id.0,
            at: result.at,
            finding: result.finding.as_str(),
            good,
            advice,
            quality: answered.then(|| result.quality.into()),
            round_trip_ms: result.round_trip_ms,
            audio,
        }
    }
}
