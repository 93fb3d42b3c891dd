//! The plan of an import: shown, made anew, with cells corrected, applied.

use axum::Json;
use axum::http::StatusCode;
use lineside_model::id::ImportId;
use lineside_service::ServiceError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{ImportPlanView, ImportView};
use crate::body::Body;
use crate::id::Id;
use crate::page;
use crate::problem::Problem;
use crate::reading::Reading;

/// A cell with another text than the file's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportCell)]
pub struct CellBody {
    /// From one.
    row: u32,
    /// From zero.
    column: usize,
    text: String,
}

/// Corrected cells.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportCells)]
pub struct CellsBody {
    cells: Vec<CellBody>,
}

/// How to apply.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ApplyImport)]
pub struct ApplyBody {
    /// Leaves out the rows with errors; otherwise one of them refuses all.
    good_rows_only: bool,
}

/// Show the plan of an import
#[utoipa::path(
    get,
    path = "/imports/{id}/plan",
    tag = "Imports",
    params(("id" = uuid::Uuid, Path, description = "The import")),
    responses((status = 200, body = ImportPlanView, description = "What each row would do, and every error"))
)]
pub async fn show_import_plan(
    Id(id): Id<ImportId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<ImportPlanView>, Problem> {
    service.import(&caller, id).await?;
    let plan = match service.import_plan(&caller, id).await {
        Err(ServiceError::Files(_)) => return Err(Problem::not_found()),
        other => other?,
    };
    Ok(Json(plan.into()))
}

/// Plan an import anew
#[utoipa::path(
    post,
    path = "/imports/{id}/plan",
    tag = "Imports",
    params(("id" = uuid::Uuid, Path, description = "The import")),
    responses((status = 200, body = ImportView, description = "The import, planned"))
)]
pub async fn plan_import(
    Id(id): Id<ImportId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<ImportView>, Problem> {
    Ok(Json(service.plan_import(&caller, id).await?.into()))
}

/// Correct cells of an import
///
/// Beside the file, which stays as it is. The import is planned anew.
#[utoipa::path(
    post,
    path = "/imports/{id}/cells",
    tag = "Imports",
    params(("id" = uuid::Uuid, Path, description = "The import")),
    request_body = CellsBody,
    responses((status = 200, body = ImportView, description = "The import, planned"))
)]
pub async fn correct_import(
    Id(id): Id<ImportId>,
    Reading { service, caller, .. }: Reading,
    Body(body): Body<CellsBody>,
) -> Result<Json<ImportView>, Problem> {
    let mut cells = Vec::new();
    for (at, cell) in body.cells.into_iter().enumerate() {
        cells.push((cell.row, cell.column, page::words(&format!("cells.{at}.text"), Some(cell.text))?));
    }
    Ok(Json(service.correct_import(&caller, id, &cells).await?.into()))
}

/// Apply an import
///
/// In the background, exactly the plan that was made last, all of it or nothing. Look at the import for how it ended.
#[utoipa::path(
    post,
    path = "/imports/{id}/apply",
    tag = "Imports",
    params(("id" = uuid::Uuid, Path, description = "The import")),
    request_body = ApplyBody,
    responses((status = 202, body = ImportView, description = "It is being applied"))
)]
pub async fn apply_import(
    Id(id): Id<ImportId>,
    Reading { service, caller, .. }: Reading,
    Body(body): Body<ApplyBody>,
) -> Result<(StatusCode, Json<ImportView>), Problem> {
    let job = service.apply_import(&caller, id, body.good_rows_only).await?;
    Ok((StatusCode::ACCEPTED, Json(job.into())))
}
