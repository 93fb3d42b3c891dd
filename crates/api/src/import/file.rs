//! Files to take away: refused rows, and all users to be edited and uploaded again.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use lineside_model::id::ImportId;
use lineside_model::import::ImportKind;
use lineside_service::ServiceError;
use lineside_service::import::{FileKind, FileOf};
use serde::Deserialize;

use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct KindQuery {
    /// `csv` (when left out) or `xlsx`.
    kind: Option<String>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// `csv` (when left out) or `xlsx`.
    kind: Option<String>,
    /// Without rows: a template to fill in.
    empty: bool,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct InventoryQuery {
    /// `devices`, `numbers` or `locations`.
    lists: Option<String>,
    /// `csv` (when left out) or `xlsx`.
    kind: Option<String>,
    /// Without rows: a template to fill in.
    empty: bool,
}

/// Download the refused rows
///
/// As they were, with what is wrong in a last column: to correct and upload again.
#[utoipa::path(
    get,
    path = "/imports/{id}/refused",
    tag = "Imports",
    params(("id" = uuid::Uuid, Path, description = "The import"), KindQuery),
    responses((status = 200, body = Vec<u8>, content_type = "text/csv", description = "The file"))
)]
pub async fn show_refused_rows(
    Id(id): Id<ImportId>,
    Reading { service, caller, query }: Reading<KindQuery>,
) -> Result<Response, Problem> {
    let kind = kind_of(query.kind.as_deref())?;
    match service.import_result(&caller, id, kind).await {
        Err(ServiceError::Files(_)) => Err(Problem::not_found()),
        file => Ok(download("refused-rows", kind, file?)),
    }
}

/// Download all users as a file
///
/// Edited and uploaded, it changes what was edited.
#[utoipa::path(
    get,
    path = "/users-file",
    tag = "Imports",
    params(FileQuery),
    responses((status = 200, body = Vec<u8>, content_type = "text/csv", description = "The file"))
)]
pub async fn show_users_file(Reading { service, caller, query }: Reading<FileQuery>) -> Result<Response, Problem> {
    let kind = kind_of(query.kind.as_deref())?;
    let of = if query.empty { FileOf::Nobody } else { FileOf::AllUsers };
    Ok(download("users", kind, service.users_file(&caller, of, kind).await?))
}

/// Download all devices, numbers or locations as a file
///
/// Edited and uploaded, it changes what was edited. Devices without a MAC address are not in it.
#[utoipa::path(
    get,
    path = "/inventory-file",
    tag = "Imports",
    params(InventoryQuery),
    responses((status = 200, body = Vec<u8>, content_type = "text/csv", description = "The file"))
)]
pub async fn show_inventory_file(
    Reading { service, caller, query }: Reading<InventoryQuery>,
) -> Result<Response, Problem> {
    let lists = lists_of(query.lists.as_deref().unwrap_or_default())?;
    let kind = kind_of(query.kind.as_deref())?;
    let of = if query.empty { FileOf::Nobody } else { FileOf::AllUsers };
    Ok(download(lists.as_str(), kind, service.inventory_file(&caller, lists, of, kind).await?))
}

pub(super) fn lists_of(text: &str) -> Result<ImportKind, ServiceError> {
    ImportKind::parse(text).ok_or_else(|| ServiceError::field("lists", "choose users, devices, numbers or locations"))
}

fn kind_of(text: Option<&str>) -> Result<FileKind, ServiceError> {
    FileKind::parse(text.unwrap_or("csv")).ok_or_else(|| ServiceError::field("kind", "choose csv or xlsx"))
}

fn download(name: &str, kind: FileKind, file: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}.{}\"", kind.extension());
    ([(CONTENT_TYPE, kind.content_type().to_owned()), (CONTENT_DISPOSITION, disposition)], file).into_response()
}
