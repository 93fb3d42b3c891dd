//! Users from files: upload, columns, plan, apply, history; and files to fill in.
//!
//! The file and the last plan lie in the file storage, where the import stands in the database. Applying is one change under the
//! import's own identifier: whatever dies on the way, the journal says whether all of it was applied or nothing.

mod apply;
mod plan;
mod template;

use std::collections::BTreeMap;
use std::sync::Arc;

use lineside_model::id::ImportId;
use lineside_model::import::{ImportJob, ImportKind, ImportState, Key, PlannedRow, RowCounts};
use lineside_model::journal::Scope;
use lineside_model::license::Catalogue;
use lineside_sheet::Limits;
use lineside_sheet::column::Column;
use lineside_sheet::mapping::{Mapping, Sheet};
use lineside_sheet::rows::{CellWord, Corrections};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::template::{FileKind, FileOf};
use crate::{Caller, Service, ServiceError};

/// The largest file that is taken in, in bytes.
pub fn upload_max() -> usize {
    Limits::default().bytes
}

/// How many imports the history shows.
const SHOWN: i64 = 100;
/// Imports of the past whose columns are looked at for those of a new file.
const REMEMBERED: i64 = 20;
/// How many corrected cells are kept beside a file; beyond that, the file itself wants correcting.
const CORRECTIONS_MAX: usize = 1_000;

/// What the plan page shows beside the counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ImportPlan {
    pub rows: Vec<PlannedRow>,
    pub errors: Vec<CellWord>,
    /// What was repaired.
    pub notes: Vec<CellWord>,
    /// Errors of no row: too few seats over all, more rows than can be applied.
    pub blockers: Vec<String>,
    pub warnings: Vec<String>,
    pub seats: Vec<String>,
}

/// An import with its file read.
#[derive(Clone)]
pub struct ReadImport {
    pub job: ImportJob,
    pub sheet: Arc<Sheet>,
    pub catalogue: Arc<Catalogue>,
}

impl ReadImport {
    pub fn mapping(&self) -> Mapping {
        let columns = self.job.columns.iter().filter_map(|(at, key)| Some((*at, Column::parse(key)?)));
        Mapping { key: self.job.key, columns: columns.collect() }
    }

    pub(crate) fn corrections(&self) -> Corrections {
        self.job.corrections.iter().map(|(row, column, text)| ((*row, *column), text.clone())).collect()
    }
}

impl Service {
    /// Takes a file in, guesses what its columns mean, and waits for somebody to look at that.
    pub async fn upload_import(
        &self,
        caller: &Caller,
        kind: ImportKind,
        file_name: &str,
        file: Vec<u8>,
    ) -> Result<ImportJob, ServiceError> {
        self.upload_import_once(caller, ImportId(self.new_uuid()), kind, file_name, file).await
    }

    /// Under an identifier that was minted when the form was opened: the same form sent twice is one import.
    pub async fn upload_import_once(
        &self,
        caller: &Caller,
        id: ImportId,
        kind: ImportKind,
        file_name: &str,
        file: Vec<u8>,
    ) -> Result<ImportJob, ServiceError> {
        let scope = caller.scope()?;
        if let Some(job) = self.store().import(&scope, id).await? {
            return Ok(job);
        }
        let file_hash = hex::encode(Sha256::digest(&file));
        let (file, sheet) = read_sheet(file).await?;
        if sheet.row_count() == 0 {
            return Err(ServiceError::field("file", lineside_sheet::SheetError::NoRows));
        }
        let catalogue = self.catalogue().await?;
        let mapping = self.guess_mapping(&scope, kind, &sheet, &catalogue).await?;
        self.inner.files.put(&file_path(&scope, id), PutPayload::from(file)).await?;
        let job = ImportJob {
            id,
            account_id: scope.account_id,
            version: 1,
            created_at: self.now(),
            state: ImportState::Mapping,
            owner: caller.name().to_owned(),
            file_name: crate::greeting::tidy(file_name, kind.as_str()),
            file_hash,
            format: sheet.table.format.to_string(),
            key: mapping.key,
            columns: keys_of(&mapping),
            remembered: BTreeMap::new(),
            corrections: Vec::new(),
            counts: RowCounts::default(),
            good_rows_only: false,
            fingerprint: None,
            started_at: None,
            finished_at: None,
            trouble: None,
        };
        self.store().add_import(&scope, &job).await?;
        Ok(job)
    }

    /// As the account's last files with these headings were read, or as the headings say.
    async fn guess_mapping(
        &self,
        scope: &Scope,
        kind: ImportKind,
        sheet: &Sheet,
        catalogue: &Catalogue,
    ) -> Result<Mapping, ServiceError> {
        let before = self.store().imports(scope, REMEMBERED).await?;
        for job in before.into_iter().filter(|job| job.key.kind() == kind) {
            let columns =
                job.remembered.iter().map(|(heading, key)| (heading.clone(), key.as_deref().and_then(Column::parse)));
            let columns: BTreeMap<String, Option<Column>> = columns.collect();
            if !columns.is_empty() && sheet.knows_all(&columns) {
                return Ok(sheet.remembered(&columns, job.key));
            }
        }
        Ok(sheet.guess(kind, catalogue))
    }

    pub async fn import(&self, caller: &Caller, id: ImportId) -> Result<ImportJob, ServiceError> {
        let scope = caller.scope()?;
        let job = self.store().import(&scope, id).await?.ok_or(ServiceError::NotFound)?;
        self.settle_import(&scope, job).await
    }

    /// The newest first.
    pub async fn imports(&self, caller: &Caller) -> Result<Vec<ImportJob>, ServiceError> {
        let scope = caller.scope()?;
        let mut jobs = Vec::new();
        for job in self.store().imports(&scope, SHOWN).await? {
            jobs.push(self.settle_import(&scope, job).await?);
        }
        Ok(jobs)
    }

    /// With the file read, for the page of its columns.
    pub async fn read_import(&self, caller: &Caller, id: ImportId) -> Result<ReadImport, ServiceError> {
        let job = self.import(caller, id).await?;
        self.with_sheet(&caller.scope()?, job).await
    }

    pub(crate) async fn with_sheet(&self, scope: &Scope, job: ImportJob) -> Result<ReadImport, ServiceError> {
        let file = self.inner.files.get(&file_path(scope, job.id)).await?.bytes().await?;
        let (_, sheet) = read_sheet(file.to_vec()).await?;
        Ok(ReadImport { job, sheet: Arc::new(sheet), catalogue: Arc::new(self.catalogue().await?) })
    }

    /// Says what the columns mean; the import is planned with that.
    pub async fn map_import(
        &self,
        caller: &Caller,
        id: ImportId,
        mapping: &Mapping,
    ) -> Result<ImportJob, ServiceError> {
        let mut read = self.read_import(caller, id).await?;
        check_open(&read.job)?;
        mapping.check().map_err(|error| ServiceError::field("mapping", error))?;
        if mapping.key.kind() != read.job.key.kind() {
            let message = format!("this file lists {}; choose another key", read.job.key.kind().as_str());
            return Err(ServiceError::field("key", message));
        }
        let remembered = read.sheet.to_remember(mapping).into_iter();
        read.job.remembered = remembered.map(|(heading, column)| (heading, column.map(|c| c.to_string()))).collect();
        read.job.key = mapping.key;
        read.job.columns = keys_of(mapping);
        self.plan_read(caller, read).await
    }

    /// Writes another text into a cell, beside the file, and plans anew.
    pub async fn correct_import(
        &self,
        caller: &Caller,
        id: ImportId,
        cells: &[(u32, usize, String)],
    ) -> Result<ImportJob, ServiceError> {
        let mut read = self.read_import(caller, id).await?;
        check_open(&read.job)?;
        for (row, column, text) in cells {
            read.job.corrections.retain(|(other, at, _)| (other, at) != (row, column));
            read.job.corrections.push((*row, *column, text.chars().take(Limits::default().cell).collect()));
        }
        if read.job.corrections.len() > CORRECTIONS_MAX {
            let message =
                format!("more than {CORRECTIONS_MAX} cells are corrected here; correct the file and upload it");
            return Err(ServiceError::field("text", message));
        }
        self.plan_read(caller, read).await
    }

    /// The plan as it was made last.
    pub async fn import_plan(&self, caller: &Caller, id: ImportId) -> Result<ImportPlan, ServiceError> {
        let plan = self.inner.files.get(&plan_path(&caller.scope()?, id)).await?.bytes().await?;
        serde_json::from_slice(&plan).map_err(|_| ServiceError::NotFound)
    }

    pub(crate) async fn save_job(&self, scope: &Scope, job: &mut ImportJob) -> Result<(), ServiceError> {
        if self.store().save_import(scope, job).await? {
            return Ok(());
        }
        Err(ServiceError::field("import", "somebody else went on with this import meanwhile; look at it as it is now"))
    }
}

fn keys_of(mapping: &Mapping) -> BTreeMap<usize, String> {
    mapping.columns.iter().map(|(at, column)| (*at, column.to_string())).collect()
}

/// Nothing is planned anew that is being applied or was.
fn check_open(job: &ImportJob) -> Result<(), ServiceError> {
    match job.state {
        ImportState::Mapping | ImportState::Planned => Ok(()),
        ImportState::Applying => {
            Err(ServiceError::field("import", "this import is being applied; wait until it is done"))
        }
        ImportState::Done => Err(ServiceError::field("import", "this import was applied; upload the file again")),
    }
}

/// Off the workers that answer requests: a large file takes a second.
async fn read_sheet(file: Vec<u8>) -> Result<(Vec<u8>, Sheet), ServiceError> {
    let read = tokio::task::spawn_blocking(move || {
        let table = lineside_sheet::read::read(&file, Limits::default());
        table.map(|table| (file, Sheet::new(table)))
    });
    read.await.map_err(|_| ServiceError::Stopped)?.map_err(|error| ServiceError::field("file", error))
}

fn file_path(scope: &Scope, id: ImportId) -> Path {
    Path::from(format!("imports/{}/{id}.file", scope.account_id))
}

fn plan_path(scope: &Scope, id: ImportId) -> Path {
    Path::from(format!("imports/{}/{id}.plan", scope.account_id))
}

/// For pages and requests, which name keys as text.
pub fn key_of(text: &str) -> Result<Key, ServiceError> {
    Key::parse(text).ok_or_else(|| ServiceError::field("key", "choose by what rows are found, from the list"))
}
