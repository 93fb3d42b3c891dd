//! Files of users as they come: upload, list, show.

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use lineside_model::id::ImportId;
use lineside_service::Service;
use lineside_service::import::upload_max;
use serde::Deserialize;

use super::file::lists_of;
use super::view::ImportView;
use crate::body;
use crate::gate::SignedIn;
use crate::id::Id;
use crate::page;
use crate::problem::Problem;
use crate::query;
use crate::reading::Reading;
use crate::router::ROOT;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// The file's name, for people to read.
    file_name: String,
    /// `users` (when left out), `devices`, `numbers` or `locations`.
    lists: Option<String>,
}

/// List the imports
#[utoipa::path(
    get,
    path = "/imports",
    tag = "Imports",
    responses((status = 200, body = Vec<ImportView>, description = "The newest 100, the newest first"))
)]
pub async fn list_imports(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<ImportView>>, Problem> {
    Ok(Json(service.imports(&caller).await?.into_iter().map(ImportView::from).collect()))
}

/// Upload a file to import
///
/// Of users, devices, numbers or locations. The body is the file itself: CSV, XLSX, XLS or ODS, at most 48 MB. Nothing changes until it is applied.
#[utoipa::path(
    post,
    path = "/imports",
    tag = "Imports",
    params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = ImportView, description = "The import, with its columns guessed"))
)]
pub async fn upload_import(State(service): State<Service>, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let SignedIn(caller) = SignedIn::from_request_parts(&mut parts, &service).await?;
    let query: UploadQuery = query::read(&parts.uri)?;
    let name = page::words("file_name", Some(query.file_name))?;
    let limit = format!("this file is larger than {} MB; split it", upload_max() >> 20);
    let file = body::read(Request::from_parts(parts, body), &service, &limit).await?;
    if file.is_empty() {
        return Err(Problem::malformed("", "send the file as the body"));
    }
    let lists = lists_of(query.lists.as_deref().unwrap_or("users"))?;
    let job = service.upload_import(&caller, lists, &name, file.to_vec()).await?;
    let location = format!("{ROOT}/imports/{}", job.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(ImportView::from(job))).into_response())
}

/// Show an import
#[utoipa::path(
    get,
    path = "/imports/{id}",
    tag = "Imports",
    params(("id" = uuid::Uuid, Path, description = "The import")),
    responses((status = 200, body = ImportView, description = "The import"))
)]
pub async fn show_import(
    Id(id): Id<ImportId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<ImportView>, Problem> {
    Ok(Json(service.import(&caller, id).await?.into()))
}
