//! Users from files: upload, columns, plan, apply, result; and files to fill in.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use lineside_model::id::ImportId;
use lineside_model::import::{ImportJob, PlannedRow, RowCounts};
use lineside_service::import::{FileKind, FileOf, ImportPlan, key_of, upload_max};
use lineside_service::{Service, ServiceError};
use lineside_sheet::column::Column;
use lineside_sheet::mapping::Mapping;
use lineside_sheet::rows::CellWord;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::body::{self, Body};
use crate::gate::SignedIn;
use crate::id::Id;
use crate::page;
use crate::problem::Problem;
use crate::query;
use crate::reading::Reading;
use crate::router::{Access, ROOT, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list_imports)),
        Route::new(Access::Administrator, routes!(upload_import)).body_limit(upload_max()),
        Route::new(Access::Administrator, routes!(show_import)),
        Route::new(Access::Administrator, routes!(show_import_columns)),
        Route::new(Access::Administrator, routes!(choose_import_columns)),
        Route::new(Access::Administrator, routes!(show_import_plan)),
        Route::new(Access::Administrator, routes!(plan_import)),
        Route::new(Access::Administrator, routes!(correct_import)),
        Route::new(Access::Administrator, routes!(apply_import)),
        Route::new(Access::Administrator, routes!(show_refused_rows)),
        Route::new(Access::Administrator, routes!(show_users_file)),
    ]
}

/// An uploaded file of users, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportView {
    id: Uuid,
    #[schema(example = "users.xlsx")]
    file_name: String,
    /// SHA-256 of the file, in hex.
    file_hash: String,
    #[schema(example = "XLSX")]
    format: String,
    owner: String,
    created_at: DateTime<Utc>,
    /// `mapping`, `planned`, `applying` or `done`.
    #[schema(example = "planned")]
    state: &'static str,
    /// By what rows find their users: `username`, `email` or `extension`.
    key: &'static str,
    /// The meaning of columns, by their place from zero.
    columns: BTreeMap<usize, String>,
    rows: CountsView,
    /// Some row is without errors, and can be applied.
    can_be_applied: bool,
    finished_at: Option<DateTime<Utc>>,
    /// Why it was not applied.
    trouble: Option<String>,
}

/// How many rows there are of each effect.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRowCounts)]
pub struct CountsView {
    create: usize,
    change: usize,
    unchanged: usize,
    refused: usize,
}

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

/// What each row would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportPlan)]
pub struct ImportPlanView {
    rows: Vec<RowView>,
    errors: Vec<CellView>,
    /// What was repaired.
    notes: Vec<CellView>,
    /// Errors of no row.
    blockers: Vec<String>,
    warnings: Vec<String>,
    seats: Vec<String>,
}

/// One row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRow)]
pub struct RowView {
    row: u32,
    /// `create`, `change`, `unchanged` or `refused`.
    effect: &'static str,
    user_id: Option<Uuid>,
    name: String,
}

/// Something about one cell.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportCellWord)]
pub struct CellView {
    #[schema(example = "C7")]
    place: String,
    row: u32,
    column: Option<usize>,
    text: String,
    message: String,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct UploadQuery {
    /// The file's name, for people to read.
    file_name: String,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct KindQuery {
    /// `csv` (when left out) or `xlsx`.
    kind: Option<String>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct FileQuery {
    /// `csv` (when left out) or `xlsx`.
    kind: Option<String>,
    /// Without users: a template to fill in.
    empty: bool,
}

/// List the imports
#[utoipa::path(
    get,
    path = "/imports",
    tag = "Imports",
    responses((status = 200, body = Vec<ImportView>, description = "The newest 100, the newest first"))
)]
async fn list_imports(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<ImportView>>, Problem> {
    Ok(Json(service.imports(&caller).await?.into_iter().map(ImportView::from).collect()))
}

/// Upload a file of users
///
/// The body is the file itself: CSV, XLSX, XLS or ODS, at most 48 MB. Nothing changes until it is applied.
#[utoipa::path(
    post,
    path = "/imports",
    tag = "Imports",
    params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = ImportView, description = "The import, with its columns guessed"))
)]
async fn upload_import(State(service): State<Service>, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let SignedIn(caller) = SignedIn::from_request_parts(&mut parts, &service).await?;
    let query: UploadQuery = query::read(&parts.uri)?;
    let name = page::words("file_name", Some(query.file_name))?;
    let limit = format!("this file is larger than {} MB; split it", upload_max() >> 20);
    let file = body::read(Request::from_parts(parts, body), &service, &limit).await?;
    if file.is_empty() {
        return Err(Problem::malformed("", "send the file as the body"));
    }
    let job = service.upload_import(&caller, &name, file.to_vec()).await?;
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
async fn show_import(
    Id(id): Id<ImportId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Json<ImportView>, Problem> {
    Ok(Json(service.import(&caller, id).await?.into()))
}

/// Show the columns of the file
#[utoipa::path(
    get,
    path = "/imports/{id}/columns",
    tag = "Imports",
    params(("id" = uuid::Uuid, Path, description = "The import")),
    responses((status = 200, body = ColumnsView, description = "Its headings, and what they may mean"))
)]
async fn show_import_columns(
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
    let meanings = Column::all(&read.catalogue).iter().map(ToString::to_string).collect();
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
async fn choose_import_columns(
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

/// Show the plan of an import
#[utoipa::path(
    get,
    path = "/imports/{id}/plan",
    tag = "Imports",
    params(("id" = uuid::Uuid, Path, description = "The import")),
    responses((status = 200, body = ImportPlanView, description = "What each row would do, and every error"))
)]
async fn show_import_plan(
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
async fn plan_import(
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
async fn correct_import(
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
async fn apply_import(
    Id(id): Id<ImportId>,
    Reading { service, caller, .. }: Reading,
    Body(body): Body<ApplyBody>,
) -> Result<(StatusCode, Json<ImportView>), Problem> {
    let job = service.apply_import(&caller, id, body.good_rows_only).await?;
    Ok((StatusCode::ACCEPTED, Json(job.into())))
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
async fn show_refused_rows(
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
async fn show_users_file(Reading { service, caller, query }: Reading<FileQuery>) -> Result<Response, Problem> {
    let kind = kind_of(query.kind.as_deref())?;
    let of = if query.empty { FileOf::Nobody } else { FileOf::AllUsers };
    Ok(download("users", kind, service.users_file(&caller, of, kind).await?))
}

fn kind_of(text: Option<&str>) -> Result<FileKind, ServiceError> {
    FileKind::parse(text.unwrap_or("csv")).ok_or_else(|| ServiceError::field("kind", "choose csv or xlsx"))
}

fn download(name: &str, kind: FileKind, file: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}.{}\"", kind.extension());
    ([(CONTENT_TYPE, kind.content_type().to_owned()), (CONTENT_DISPOSITION, disposition)], file).into_response()
}

impl From<ImportJob> for ImportView {
    fn from(job: ImportJob) -> Self {
        Self {
            id: job.id.0,
            file_name: job.file_name,
            file_hash: job.file_hash,
            format: job.format,
            owner: job.owner,
            created_at: job.created_at,
            state: job.state.as_str(),
            key: job.key.as_str(),
            columns: job.columns,
            rows: job.counts.into(),
            can_be_applied: job.fingerprint.is_some(),
            finished_at: job.finished_at,
            trouble: job.trouble,
        }
    }
}

impl From<RowCounts> for CountsView {
    fn from(counts: RowCounts) -> Self {
        let RowCounts { create, change, unchanged, refused } = counts;
        Self { create, change, unchanged, refused }
    }
}

impl From<ImportPlan> for ImportPlanView {
    fn from(plan: ImportPlan) -> Self {
        let words = |words: Vec<CellWord>| words.into_iter().map(CellView::from).collect();
        Self {
            rows: plan.rows.into_iter().map(RowView::from).collect(),
            errors: words(plan.errors),
            notes: words(plan.notes),
            blockers: plan.blockers,
            warnings: plan.warnings,
            seats: plan.seats,
        }
    }
}

impl From<PlannedRow> for RowView {
    fn from(row: PlannedRow) -> Self {
        Self { row: row.row, effect: row.effect.as_str(), user_id: row.user_id.map(|id| id.0), name: row.name }
    }
}

impl From<CellWord> for CellView {
    fn from(word: CellWord) -> Self {
        let place = word.place();
        Self { place, row: word.row, column: word.column, text: word.text, message: word.message }
    }
}
