//! The plan of an import: what each row would do, every error at once, and the plan of the rows without errors, which is the one
//! that can be applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lineside_model::account::Account;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::import::{Import, ImportJob, ImportKind, ImportState, PlannedRow, RowCounts, RowEffect};
use lineside_model::plan::{Blocker, Plan};
use lineside_sheet::column::Column;
use lineside_sheet::damage::Habits;
use lineside_sheet::mapping::{Mapping, Sheet};
use lineside_sheet::merge::Merge;
use lineside_sheet::rows::{CellWord, Corrections, Rows, Setting, edited_users, read_rows};
use object_store::{ObjectStoreExt, PutPayload};

use super::template::CHUNK;
use super::{ImportPlan, ReadImport, plan_path};
use crate::{Caller, Service, ServiceError};

/// Without the rows that failed, others may fail that needed them; so often it is tried.
const ROUNDS: usize = 5;
/// Errors and warnings that are kept; nobody reads more before repairing these.
const KEPT: usize = 10_000;

impl Service {
    /// Plans anew, for everything that may have changed since.
    pub async fn plan_import(
        &self,
        caller: &Caller,
        id: lineside_model::id::ImportId,
    ) -> Result<ImportJob, ServiceError> {
        let read = self.read_import(caller, id).await?;
        super::check_open(&read.job)?;
        self.plan_read(caller, read).await
    }

    pub(super) async fn plan_read(&self, caller: &Caller, read: ReadImport) -> Result<ImportJob, ServiceError> {
        let scope = caller.scope()?;
        read.mapping().check().map_err(|error| ServiceError::field("mapping", error))?;
        let rows = self.rows_of(caller, &read).await?;
        let ReadImport { mut job, sheet, .. } = read;
        // Read again if cells are to be shown: planning a large file takes memory enough without it.
        drop(sheet);
        let (mut made, plan, import) = self.plan_rows(caller, &job, rows).await?;
        let good = match plan {
            // Nothing was refused: what was planned is what is applied.
            Some(plan) if !plan.rows.iter().any(|row| row.effect == RowEffect::Refused) => Some(plan),
            _ => self.good_plan(caller, &job, &import, &made).await?,
        };
        job.fingerprint = good.filter(|plan| !plan.blocked()).map(|plan| plan.fingerprint());
        job.counts = RowCounts::of(&made.rows);
        job.state = ImportState::Planned;
        job.trouble = None;
        made.errors.truncate(KEPT);
        made.warnings.truncate(KEPT);
        let text = serde_json::to_vec(&made).map_err(|_| ServiceError::Stopped)?;
        self.inner.files.put(&plan_path(&scope, job.id), PutPayload::from(text)).await?;
        self.save_job(&scope, &mut job).await?;
        Ok(job)
    }

    /// The file's rows, read by its mapping, and merged with what others did since when the file is an export.
    pub(super) async fn rows_of(&self, caller: &Caller, read: &ReadImport) -> Result<Rows, ServiceError> {
        let scope = caller.scope()?;
        let account = Arc::new(self.account(caller).await?);
        let is_of_users = read.job.key.kind() == ImportKind::Users;
        let export = if is_of_users { self.export_of(&scope, read).await? } else { None };
        let mut merge = match export {
            Some(export) => {
                let keys = self.store().keys_of_users(&scope, read.job.key).await?;
                Some(Merge { export, keys, now: BTreeMap::new() })
            }
            None => None,
        };
        if let Some(compared) = merge.take() {
            let (mut compared, edited) = reading(read, &account, move |sheet, mapping, corrections, setting| {
                let edited = edited_users(sheet, mapping, corrections, Setting { merge: Some(&compared), ..setting });
                (compared, edited)
            })
            .await?;
            let there: Vec<_> = edited.into_iter().filter(|id| compared.keys.contains_key(id)).collect();
            for ids in there.chunks(CHUNK) {
                let rows = self.rows_of_users(&scope, ids, compared.export.columns()).await?;
                compared.now.extend(rows);
            }
            merge = Some(compared);
        }
        reading(read, &account, move |sheet, mapping, corrections, setting| {
            read_rows(sheet, mapping, corrections, Setting { merge: merge.as_ref(), ..setting })
        })
        .await
    }

    async fn plan_rows(
        &self,
        caller: &Caller,
        job: &ImportJob,
        rows: Rows,
    ) -> Result<(ImportPlan, Option<Plan>, Import), ServiceError> {
        let unreadable: BTreeSet<u32> = rows.errors.iter().map(|error| error.row).collect();
        let refused = unreadable.iter().map(|row| PlannedRow {
            row: *row,
            effect: RowEffect::Refused,
            user_id: None,
            name: String::new(),
        });
        let mut made =
            ImportPlan { rows: refused.collect(), errors: rows.errors, notes: rows.notes, ..ImportPlan::default() };
        let (mut planned, mut import) = (None, rows.import);
        if !import.rows.is_empty() {
            let request = request(job, import);
            let plan = self.plan(caller, &request).await?;
            let Change::Import { import: rows } = request.change else { return Err(ServiceError::Stopped) };
            import = rows;
            if plan.blockers.iter().any(|blocker| blocker.row.is_some()) {
                let read = self.with_sheet(&caller.scope()?, job.clone()).await?;
                let mapping = read.mapping();
                let with_row = |blocker: &Blocker| blocker.row.map(|row| word(row, blocker, &mapping, &read));
                made.errors.extend(plan.blockers.iter().filter_map(with_row));
            }
            let of_all = plan.blockers.iter().filter(|blocker| blocker.row.is_none());
            made.blockers = of_all.map(|blocker| blocker.message.clone()).collect();
            made.warnings = plan.warnings.iter().map(|warning| warning.message.clone()).collect();
            made.seats = plan.seats.iter().map(in_words).collect();
            made.rows.extend(plan.rows.iter().cloned());
            planned = Some(plan);
        }
        made.rows.sort_by_key(|row| row.row);
        made.errors.sort_by_key(|error| (error.row, error.column));
        Ok((made, planned, import))
    }

    /// Of the rows that nothing is wrong with; `None` when there is no such row.
    async fn good_plan(
        &self,
        caller: &Caller,
        job: &ImportJob,
        import: &Import,
        made: &ImportPlan,
    ) -> Result<Option<Plan>, ServiceError> {
        let mut refused: BTreeSet<u32> = refused_rows(&made.rows);
        for _ in 0..ROUNDS {
            let rows = import.rows.iter().filter(|row| !refused.contains(&row.row)).cloned().collect();
            let good = Import { key: import.key, rows };
            if good.rows.is_empty() {
                return Ok(None);
            }
            let plan = self.plan(caller, &request(job, good)).await?;
            let more = refused_rows(&plan.rows);
            if more.is_empty() {
                return Ok(Some(plan));
            }
            refused.extend(more);
        }
        Ok(None)
    }
}

/// Off the workers that answer requests.
async fn reading<T: Send + 'static>(
    read: &ReadImport,
    account: &Arc<Account>,
    work: impl FnOnce(&Sheet, &Mapping, &Corrections, Setting<'_>) -> T + Send + 'static,
) -> Result<T, ServiceError> {
    let (sheet, catalogue, account) = (read.sheet.clone(), read.catalogue.clone(), account.clone());
    let (mapping, corrections) = (read.mapping(), read.corrections());
    let done = tokio::task::spawn_blocking(move || {
        let setting = Setting { catalogue: &catalogue, habits: Habits::of(&account), merge: None };
        work(&sheet, &mapping, &corrections, setting)
    });
    done.await.map_err(|_| ServiceError::Stopped)
}

/// The change that imports these rows.
pub(super) fn request(job: &ImportJob, import: Import) -> ChangeRequest {
    ChangeRequest { id: job.change_id(), change: Change::Import { import } }
}

pub(super) fn refused_rows(rows: &[PlannedRow]) -> BTreeSet<u32> {
    rows.iter().filter(|row| row.effect == RowEffect::Refused).map(|row| row.row).collect()
}

/// A blocker at the cell that can remove it.
fn word(row: u32, blocker: &Blocker, mapping: &Mapping, read: &ReadImport) -> CellWord {
    let column = blocker.field.as_deref().and_then(Column::of_field);
    let column = column.and_then(|column| {
        let either = match column {
            Column::FirstName | Column::LastName => Some(Column::FullName),
            Column::E911StreetNumber | Column::E911StreetName => Some(Column::E911Street),
            Column::DeviceMac => Some(Column::DeviceModel),
            Column::DeviceModel => Some(Column::DeviceMac),
            _ => None,
        };
        mapping.column_of(&column).or_else(|| mapping.column_of(&either?))
    });
    let corrected = |column| read.job.corrections.iter().find(|(at, of, _)| (*at, *of) == (row, column));
    let of_file = |column| {
        let at = read.sheet.table.row_numbered(row.saturating_sub(1));
        at.map(|at| at.cell(column).text.to_owned()).unwrap_or_default()
    };
    let text = column.map(|column| corrected(column).map_or_else(|| of_file(column), |(_, _, text)| text.clone()));
    CellWord { row, column, text: text.unwrap_or_default(), message: blocker.message.clone() }
}

fn in_words(effect: &lineside_model::plan::SeatEffect) -> String {
    let on = effect.date.map(|date| format!(" from {date} on")).unwrap_or_default();
    format!("{}: {} of {} seats in use{on}, {:+}", effect.name, effect.used, effect.bought, effect.delta)
}
