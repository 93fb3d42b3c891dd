//! An import, and what each of its rows would do.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lineside_model::import::{ImportJob, PlannedRow, RowCounts};
use lineside_service::import::ImportPlan;
use lineside_sheet::rows::CellWord;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

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
    /// `users`, `devices`, `numbers` or `locations`.
    lists: &'static str,
    /// By what rows find them: `username`, `email` or `extension` of users, `mac`, `phone_number`, `location` of the others.
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
            lists: job.key.kind().as_str(),
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
