//! What callers hear before they leave a message.

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use lineside_model::change::Change;
use lineside_model::greeting::Greeting;
use lineside_model::id::UserId;
use lineside_service::Service;
use lineside_service::greeting::UPLOAD_MAX;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body;
use crate::etag::{Seen, Versioned};
use crate::id::Id;
use crate::page;
use crate::problem::Problem;
use crate::query;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(play_greeting)),
        Route::change(routes!(set_greeting)).body_limit(UPLOAD_MAX),
        Route::change(routes!(remove_greeting)),
        Route::new(Access::User, routes!(play_own_greeting)),
        Route::change_by(Access::User, routes!(set_own_greeting)).body_limit(UPLOAD_MAX),
        Route::change_by(Access::User, routes!(remove_own_greeting)),
    ]
}

/// An uploaded greeting. Without one, the default greeting plays.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Greeting)]
pub struct GreetingView {
    #[serde(skip)]
    user_id: Uuid,
    version: i64,
    #[schema(example = "ana.wav")]
    file_name: String,
    #[schema(example = 7200)]
    duration_ms: u32,
    uploaded_at: DateTime<Utc>,
}

impl Versioned for GreetingView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.user_id, version: self.version })
    }
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct UploadQuery {
    /// The file's name, for people to read.
    file_name: String,
    /// Described with what all changes take.
    #[param(ignore)]
    plan: bool,
}

/// Listen to the greeting
#[utoipa::path(
    get,
    path = "/users/{id}/greeting",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 200, body = Vec<u8>, content_type = "audio/wav", description = "The audio"))
)]
async fn play_greeting(Id(id): Id<UserId>, Reading { service, caller, .. }: Reading) -> Answer {
    let audio = service.greeting_audio(&caller, id).await?;
    Ok(([(CONTENT_TYPE, "audio/wav")], audio).into_response())
}

/// Upload a greeting
///
/// The body is the file itself: WAV, MP3, Ogg, M4A, at most 20 MB.
#[utoipa::path(
    put,
    path = "/users/{id}/greeting",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The user"), UploadQuery),
    request_body(content = Vec<u8>, content_type = "audio/*"),
    responses((status = 200, body = GreetingView, description = "The greeting"))
)]
async fn set_greeting(State(service): State<Service>, Id(user_id): Id<UserId>, request: Request) -> Answer {
    set(&service, Some(user_id), request).await
}

/// Listen to my greeting
#[utoipa::path(
    get,
    path = "/me/greeting",
    tag = "Me",
    responses((status = 200, body = Vec<u8>, content_type = "audio/wav", description = "The audio"))
)]
async fn play_own_greeting(Reading { service, caller, .. }: Reading) -> Answer {
    let id = caller.user_id().ok_or_else(Problem::not_found)?;
    let audio = service.greeting_audio(&caller, id).await?;
    Ok(([(CONTENT_TYPE, "audio/wav")], audio).into_response())
}

/// Upload my greeting
///
/// The body is the file itself: WAV, MP3, Ogg, M4A, at most 20 MB.
#[utoipa::path(
    put,
    path = "/me/greeting",
    tag = "Me",
    params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "audio/*"),
    responses((status = 200, body = GreetingView, description = "The greeting"))
)]
async fn set_own_greeting(State(service): State<Service>, request: Request) -> Answer {
    set(&service, None, request).await
}

/// Go back to the default greeting myself
#[utoipa::path(
    delete,
    path = "/me/greeting",
    tag = "Me",
    responses((status = 204, description = "The default greeting plays"))
)]
async fn remove_own_greeting(ask: Ask) -> Answer {
    let user_id = ask.caller.user_id().ok_or_else(Problem::not_found)?;
    ask.remove(Change::RemoveGreeting { user_id }, || shown(&ask, user_id)).await
}

/// Without a user: the caller's own.
async fn set(service: &Service, user_id: Option<UserId>, request: Request) -> Answer {
    let (mut parts, body) = request.into_parts();
    let query: UploadQuery = query::read(&parts.uri)?;
    let ask = Ask::new(service, query.plan, &mut parts).await?;
    let user_id = user_id.or(ask.caller.user_id()).ok_or_else(Problem::not_found)?;
    let name = page::words("file_name", Some(query.file_name))?;
    let limit = format!("this file is larger than {} MB; shorten it or save it as MP3", UPLOAD_MAX / (1024 * 1024));
    let file = body::read(Request::from_parts(parts, body), service, &limit).await?;
    if file.is_empty() {
        return Err(Problem::malformed("", "send the file as the body"));
    }
    let prepared = service.prepare_greeting(&ask.caller, ask.id, user_id, &name, file.to_vec()).await?;
    ask.carry_out(prepared.change, || shown(&ask, user_id)).await
}

/// Go back to the default greeting
#[utoipa::path(
    delete,
    path = "/users/{id}/greeting",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 204, description = "The default greeting plays"))
)]
async fn remove_greeting(Id(user_id): Id<UserId>, ask: Ask) -> Answer {
    ask.remove(Change::RemoveGreeting { user_id }, || shown(&ask, user_id)).await
}

async fn shown(ask: &Ask, id: UserId) -> Result<Option<GreetingView>, Problem> {
    Ok(ask.service.user(&ask.caller, id).await?.greeting.as_ref().map(GreetingView::from))
}

impl From<&Greeting> for GreetingView {
    fn from(greeting: &Greeting) -> Self {
        Self {
            user_id: greeting.user_id.0,
            version: greeting.version,
            file_name: greeting.file_name.clone(),
            duration_ms: greeting.duration_ms,
            uploaded_at: greeting.uploaded_at,
        }
    }
}
