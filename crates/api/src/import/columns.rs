//! What the columns of a file mean.

use std::collections::BTreeMap;

use axum::Json;
use lineside_model::id::ImportId;
use lineside_service::ServiceError;
use lineside_service::import::key_of;
use lineside_sheet::column::Column;
use lineside_sheet::mapping::Mapping;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::ImportView;
use crate::body::Body;
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;

/// A heading of the file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportColumn)]
pub struct ColumnView {
    /// From zero.
    place: usize,
    #[schema(example = "E-mail")]
    heading: String,
    /// Its first cells.
    samples: Vec<String>,
    /// What it means, as far as that was guessed or chosen.
    #[schema(example = "email")]
    column: Option<String>,
}

/// The file's columns, and what they may mean.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportColumns)]
pub struct ColumnsView {
    columns: Vec<ColumnView>,
    /// All meanings there are.
    meanings: Vec<String>,
}

/// What the columns mean.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportMapping)]
pub struct MappingBody {
    /// `username`, `email` or `extension`.
    #[schema(example = "username")]
    key: String,
    /// By the column's place from zero. What is left out changes nothing.
    columns: BTreeMap<String, String>,
}

/// Show the columns of the file
#[utoipa::path(
    get,
    path = "/imports/{id}/columns",
    tag = "Imports",
    params(("id" = uuid::Uuid, Path, description = "The import")),
    responses((status = 200, body = ColumnsView, description = "Its headings, and what they may mean"))
)]
pub async fn show_import_columns(
    Id(id): Id<ImportId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<ColumnsView>, Problem> {
    let read = service.read_import(&caller, id).await?;
    let columns = read.sheet.headings.iter().map(|heading| ColumnView {
        place: heading.column,
        heading: heading.text.clone(),
        samples: heading.samples.clone(),
        column: read.job.columns.get(&heading.column).cloned(),
    });
    let meanings = Column::all(read.job.key.kind(), &read.catalogue).iter().map(ToString::to_string).collect();
    Ok(Json(ColumnsView { columns: columns.collect(), meanings }))
}

/// Choose what the columns mean
///
/// The import is planned with that, and the choice remembered for the next file with the same headings.
#[utoipa::path(
    put,
    path = "/imports/{id}/columns",
    tag = "Imports",
    params(("id" = uuid::Uuid, Path, description = "The import")),
    request_body = MappingBody,
    responses((status = 200, body = ImportView, description = "The import, planned"))
)]
pub async fn choose_import_columns(
    Id(id): Id<ImportId>,
    Reading { service, caller, .. }: Reading,
    Body(body): Body<MappingBody>,
) -> Result<Json<ImportView>, Problem> {
    let mut mapping = Mapping { key: key_of(&body.key)?, ..Mapping::default() };
    for (place, column) in &body.columns {
        let field = format!("columns.{place}");
        let at: u16 =
            place.parse().map_err(|_| ServiceError::field(&field, "name columns by their place from zero"))?;
        let meaning = Column::parse(column).ok_or_else(|| ServiceError::field(&field, "there is no such meaning"))?;
        mapping.columns.insert(at.into(), meaning);
    }
    Ok(Json(service.map_import(&caller, id, &mapping).await?.into()))
}
