//! Files to fill in: empty, with the account's users, or with the rows of an import that failed.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use lineside_model::device::DeviceModel;
use lineside_model::id::{ImportId, UserId};
use lineside_model::import::ImportKind;
use lineside_model::journal::Scope;
use lineside_model::phone_number::NumberKind;
use lineside_model::selection::Selection;
use lineside_sheet::column::Column;
use lineside_sheet::mapping::STAMP_HEADING;
use lineside_sheet::merge::Export;
use lineside_sheet::users::{self, Choices};
use lineside_sheet::write::{self, Layout};
use lineside_store::import::{DeviceCells, NumberCells};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use uuid::Uuid;

use super::ReadImport;
use crate::{Caller, Service, ServiceError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Csv,
    Xlsx,
}

impl FileKind {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileOf {
    Nobody,
    AllUsers,
    /// Those who were picked.
    Selected(Selection),
}

/// Users loaded at once.
pub(super) const CHUNK: usize = 2_000;
/// Exports of an account that files can still be compared with.
const EXPORTS_KEPT: usize = 20;
/// Free numbers in a drop-down.
const NUMBERS: i64 = 1_000;

impl Service {
    pub async fn users_file(&self, caller: &Caller, of: FileOf, kind: FileKind) -> Result<Vec<u8>, ServiceError> {
        let scope = caller.scope()?;
        let account = self.account(caller).await?;
        let catalogue = self.catalogue().await?;
        let columns = users::columns(&catalogue);
        let mut layout = users::layout(
            ImportKind::Users,
            &catalogue,
            &self.choices(caller).await?,
            format!("Template of {}", account.number),
        );
        if of == FileOf::Nobody {
            return written(layout, Vec::new(), kind).await;
        }
        let mut rows = Vec::new();
        for ids in self.users_of(caller, of).await?.chunks(CHUNK) {
            rows.extend(self.rows_of_users(&scope, ids, &columns).await?);
        }
        layout.stamp = self.keep_export(&scope, &columns, &rows).await?;
        if kind == FileKind::Csv {
            layout.headings.push(layout.stamp.clone());
        }
        written(layout, rows.into_iter().map(|(_, row)| row).collect(), kind).await
    }

    /// A file of devices, numbers or locations: to fill in, or with all that there are.
    pub async fn inventory_file(
        &self,
        caller: &Caller,
        lists: ImportKind,
        of: FileOf,
        kind: FileKind,
    ) -> Result<Vec<u8>, ServiceError> {
        let scope = caller.scope()?;
        let catalogue = self.catalogue().await?;
        let layout =
            users::layout(lists, &catalogue, &self.choices(caller).await?, format!("Template of {}", lists.as_str()));
        let rows = match (of, lists) {
            (FileOf::Nobody, _) => Vec::new(),
            (of, ImportKind::Users) => return self.users_file(caller, of, kind).await,
            (_, ImportKind::Devices) => {
                let devices = self.store().devices_for_file(&scope).await?.into_iter();
                let model = |slug: String| DeviceModel::find(&slug).map_or(slug, |model| model.name.to_owned());
                let row = |(slug, mac, label, username): DeviceCells| {
                    vec![mac, model(slug), label.unwrap_or_default(), username.unwrap_or_default()]
                };
                devices.map(row).collect()
            }
            (_, ImportKind::Numbers) => {
                let numbers = self.store().numbers_for_file(&scope).await?.into_iter();
                let row = |(number, kind, location, username): NumberCells| {
                    vec![number, kind, location.unwrap_or_default(), username.unwrap_or_default()]
                };
                numbers.map(row).collect()
            }
            (_, ImportKind::Locations) => {
                let locations = self.locations(caller).await?;
                locations.iter().map(|row| users::site_row(&catalogue, &row.location.site)).collect()
            }
        };
        written(layout, rows, kind).await
    }

    pub(super) async fn rows_of_users(
        &self,
        scope: &Scope,
        ids: &[UserId],
        columns: &[Column],
    ) -> Result<Vec<(UserId, Vec<String>)>, ServiceError> {
        let facts = self.store().facts_of(scope, ids).await?;
        Ok(ids.iter().map(|id| (*id, users::row(&facts, *id, columns))).collect())
    }

    /// Keeps what a file was made of, for the day on which it comes back edited. Returns the file's stamp.
    async fn keep_export(
        &self,
        scope: &Scope,
        columns: &[Column],
        rows: &[(UserId, Vec<String>)],
    ) -> Result<String, ServiceError> {
        let id = self.new_uuid();
        let headings = std::iter::once(Export::ID.to_owned()).chain(columns.iter().map(ToString::to_string));
        let layout = Layout { headings: headings.collect(), ..Layout::default() };
        let rows = rows.iter().map(|(id, row)| std::iter::once(id.to_string()).chain(row.iter().cloned()));
        let file = write::csv(&layout, rows.map(Iterator::collect::<Vec<_>>))
            .map_err(|error| ServiceError::field("file", error))?;
        self.inner.files.put(&export_path(scope, id), PutPayload::from(file)).await?;
        self.forget_exports(scope).await?;
        Ok(format!("{STAMP_HEADING}{id}"))
    }

    /// The oldest beyond those that are kept: their identifiers are in the order of time.
    async fn forget_exports(&self, scope: &Scope) -> Result<(), ServiceError> {
        let folder = Path::from(format!("exports/{}", scope.account_id));
        let mut kept: Vec<Path> =
            self.inner.files.list(Some(&folder)).map_ok(|file| file.location).try_collect().await?;
        kept.sort_unstable();
        for path in kept.iter().take(kept.len().saturating_sub(EXPORTS_KEPT)) {
            self.inner.files.delete(path).await?;
        }
        Ok(())
    }

    /// The export that a file was made from, as its stamp says; `None` when there is none, or it is no longer kept.
    pub(super) async fn export_of(&self, scope: &Scope, read: &ReadImport) -> Result<Option<Export>, ServiceError> {
        let stamp = read.sheet.table.stamp.as_deref().and_then(|stamp| stamp.strip_prefix(STAMP_HEADING));
        let Some(id) = stamp.and_then(|id| Uuid::parse_str(id.trim()).ok()) else { return Ok(None) };
        let file = match self.inner.files.get(&export_path(scope, id)).await {
            Ok(file) => file.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let key = read.job.key;
        let export = tokio::task::spawn_blocking(move || Export::read(&file, key));
        Ok(export.await.map_err(|_| ServiceError::Stopped)?.ok())
    }

    /// In the order of lists.
    async fn users_of(&self, caller: &Caller, of: FileOf) -> Result<Vec<UserId>, ServiceError> {
        let selection = match of {
            FileOf::Nobody => return Ok(Vec::new()),
            FileOf::AllUsers => None,
            FileOf::Selected(selection) => Some(selection),
        };
        let mut users = self.store().all_users(&caller.scope()?).await?;
        if let Some(selection) = selection {
            let selected = self.selected(caller, &selection).await?;
            users.retain(|user| selected.binary_search(user).is_ok());
        }
        Ok(users)
    }

    async fn choices(&self, caller: &Caller) -> Result<Choices, ServiceError> {
        let locations = self.locations(caller).await?;
        let departments = self.departments(caller).await?;
        let free = self.free_numbers(caller, None, "", NUMBERS).await?;
        let of =
            |kind| free.iter().filter(|number| number.kind == kind).map(|number| number.number.to_string()).collect();
        Ok(Choices {
            locations: locations.iter().map(|row| row.location.site.name.to_string()).collect(),
            departments: departments.into_iter().map(|row| row.name).collect(),
            landlines: of(NumberKind::Landline),
            mobiles: of(NumberKind::Mobile),
        })
    }

    /// The rows that were refused, as they were, with what is wrong in a last column: to correct and upload again.
    pub async fn import_result(&self, caller: &Caller, id: ImportId, kind: FileKind) -> Result<Vec<u8>, ServiceError> {
        let read = self.read_import(caller, id).await?;
        let plan = self.import_plan(caller, id).await?;
        let mut reasons: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for error in plan.errors {
            reasons.entry(error.row).or_default().push(format!("{}: {}", error.place(), error.message));
        }
        let corrections = read.corrections();
        let places: Vec<usize> = read.sheet.headings.iter().map(|heading| heading.column).collect();
        let headings = read.sheet.headings.iter().map(|heading| heading.text.clone());
        let layout = Layout { headings: headings.chain(["What is wrong".to_owned()]).collect(), ..Layout::default() };
        let mut rows = Vec::new();
        for row in read.sheet.rows() {
            let number = row.number.saturating_add(1);
            let Some(reasons) = reasons.get(&number) else { continue };
            let text = |column: &usize| match corrections.get(&(number, *column)) {
                Some(text) => text.clone(),
                None => row.cell(*column).text.to_owned(),
            };
            rows.push(places.iter().map(text).chain([reasons.join("; ")]).collect::<Vec<String>>());
        }
        written(layout, rows, kind).await
    }
}

fn export_path(scope: &Scope, id: Uuid) -> Path {
    Path::from(format!("exports/{}/{id}.csv", scope.account_id))
}

async fn written(layout: Layout, rows: Vec<Vec<String>>, kind: FileKind) -> Result<Vec<u8>, ServiceError> {
    let file = tokio::task::spawn_blocking(move || match kind {
        FileKind::Csv => write::csv(&layout, rows),
        FileKind::Xlsx => write::xlsx(&layout, rows),
    });
    file.await.map_err(|_| ServiceError::Stopped)?.map_err(|error| ServiceError::field("file", error))
}
