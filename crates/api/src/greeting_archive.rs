//! Greetings of many users in one archive: upload, plan, apply.

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use lineside_model::greeting_archive::{ARCHIVE_MAX, ArchivedFile, FileEffect, GreetingArchive};
use lineside_model::id::ArchiveId;
use lineside_service::Service;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::body;
use crate::gate::SignedIn;
use crate::id::Id;
use crate::page;
use crate::problem::Problem;
use crate::query;
use crate::reading::Reading;
use crate::router::{Access, ROOT, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list_greeting_archives)),
        Route::new(Access::Administrator, routes!(upload_greeting_archive)).body_limit(ARCHIVE_MAX),
        Route::new(Access::Administrator, routes!(show_greeting_archive)),
        Route::new(Access::Administrator, routes!(apply_greeting_archive)),
    ]
}

/// An uploaded archive of greetings, and what becomes of each file in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GreetingArchive)]
pub struct ArchiveView {
    id: Uuid,
    #[schema(example = "greetings.zip")]
    file_name: String,
    /// SHA-256 of the archive, in hex.
    file_hash: String,
    owner: String,
    created_at: DateTime<Utc>,
    /// `reading`, `planned`, `applying`, `done` or `failed`.
    #[schema(example = "planned")]
    state: &'static str,
    /// How many files there are; while it is read, `files` grows to it.
    #[schema(example = 40)]
    total: usize,
    files: Vec<FileView>,
    /// Some file sets somebody's greeting.
    can_be_applied: bool,
    finished_at: Option<DateTime<Utc>>,
    /// Why it was not applied, or not read.
    trouble: Option<String>,
}

/// One file of an archive.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArchivedGreeting)]
pub struct FileView {
    #[schema(example = "ana.duarte.wav")]
    name: String,
    /// `set`, `replace`, `unchanged`, `unknown` (nobody has this username) or `refused`.
    #[schema(example = "set")]
    effect: &'static str,
    user_id: Option<Uuid>,
    #[schema(example = 4200)]
    duration_ms: u32,
    /// Why it is refused.
    why: Option<String>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct UploadQuery {
    /// What the archive is called.
    file_name: Option<String>,
}

/// List uploaded archives of greetings
#[utoipa::path(
    get,
    path = "/greeting-archives",
    tag = "Greetings",
    responses((status = 200, body = Vec<ArchiveView>, description = "The newest first, at most 50"))
)]
async fn list_greeting_archives(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<ArchiveView>>, Problem> {
    Ok(Json(service.greeting_archives(&caller).await?.into_iter().map(ArchiveView::from).collect()))
}

/// Upload an archive of greetings
///
/// A ZIP with one sound for each user, named by the username. It is read in the background; nothing changes before it is applied.
#[utoipa::path(
    post,
    path = "/greeting-archives",
    tag = "Greetings",
    params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/zip", description = "Up to 2,000 files and 200 MB"),
    responses((status = 201, body = ArchiveView, description = "The archive, which is being read"))
)]
async fn upload_greeting_archive(State(service): State<Service>, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let SignedIn(caller) = SignedIn::from_request_parts(&mut parts, &service).await?;
    let UploadQuery { file_name } = query::read(&parts.uri)?;
    let file_name = page::words("file_name", file_name)?;
    let file = body::read(Request::from_parts(parts, body), &service, "an archive has up to 200 MB").await?;
    let id = ArchiveId(service.new_change_id().0);
    let archive = service.upload_greeting_archive(&caller, id, &file_name, file.to_vec()).await?;
    let location = format!("{ROOT}/greeting-archives/{}", archive.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(ArchiveView::from(archive))).into_response())
}

/// Show an archive of greetings
#[utoipa::path(
    get,
    path = "/greeting-archives/{id}",
    tag = "Greetings",
    params(("id" = uuid::Uuid, Path, description = "The archive")),
    responses((status = 200, body = ArchiveView, description = "The archive, as far as it was read"))
)]
async fn show_greeting_archive(
    Id(id): Id<ArchiveId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<ArchiveView>, Problem> {
    Ok(Json(service.greeting_archive(&caller, id).await?.into()))
}

/// Apply an archive of greetings
///
/// All greetings that its files set, as one change, which has the archive's identifier in the journal and can be undone there.
#[utoipa::path(
    post,
    path = "/greeting-archives/{id}/apply",
    tag = "Greetings",
    params(("id" = uuid::Uuid, Path, description = "The archive")),
    responses((status = 200, body = ArchiveView, description = "The archive; with `trouble` when users changed meanwhile"))
)]
async fn apply_greeting_archive(
    Id(id): Id<ArchiveId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<ArchiveView>, Problem> {
    service.apply_greeting_archive(&caller, id).await?;
    service.greeting_archive_ended(id).await;
    Ok(Json(service.greeting_archive(&caller, id).await?.into()))
}

impl From<GreetingArchive> for ArchiveView {
    fn from(archive: GreetingArchive) -> Self {
        Self {
            id: archive.id.0,
            state: archive.state.as_str(),
            can_be_applied: archive.can_be_applied(),
            file_name: archive.file_name,
            file_hash: archive.file_hash,
            owner: archive.owner,
            created_at: archive.created_at,
            total: archive.total,
            files: archive.files.into_iter().map(FileView::from).collect(),
            finished_at: archive.finished_at,
            trouble: archive.trouble,
        }
    }
}

impl From<ArchivedFile> for FileView {
    fn from(file: ArchivedFile) -> Self {
        Self {
            name: file.name,
            effect: FileEffect::as_str(file.effect),
            user_id: file.user_id.map(Uuid::from),
            duration_ms: file.duration_ms,
            why: file.why,
        }
    }
}
