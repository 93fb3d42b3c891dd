//! Files to fill in: empty, with the account's users, or with the rows of an import that failed.

use std::collections::BTreeMap;

use lineside_model::id::ImportId;
use lineside_model::phone_number::NumberKind;
use lineside_sheet::users::{self, Choices};
use lineside_sheet::write::{self, Layout};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileOf {
    Nobody,
    AllUsers,
}

/// Users loaded at once.
const CHUNK: usize = 2_000;
/// Free numbers in a drop-down.
const NUMBERS: i64 = 1_000;

impl Service {
    pub async fn users_file(&self, caller: &Caller, of: FileOf, kind: FileKind) -> Result<Vec<u8>, ServiceError> {
        let scope = caller.scope()?;
        let account = self.account(caller).await?;
        let catalogue = self.catalogue().await?;
        let columns = users::columns(&catalogue);
        let stamp = format!("users 1 {} {}", account.number, self.now().to_rfc3339());
        let layout = users::layout(&catalogue, &self.choices(caller).await?, stamp);
        let mut rows = Vec::new();
        if of == FileOf::AllUsers {
            for ids in self.store().all_users(&scope).await?.chunks(CHUNK) {
                let facts = self.store().facts_of(&scope, ids).await?;
                rows.extend(ids.iter().map(|id| users::row(&facts, *id, &columns)));
            }
        }
        written(layout, rows, kind).await
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

async fn written(layout: Layout, rows: Vec<Vec<String>>, kind: FileKind) -> Result<Vec<u8>, ServiceError> {
    let file = tokio::task::spawn_blocking(move || match kind {
        FileKind::Csv => write::csv(&layout, rows),
        FileKind::Xlsx => write::xlsx(&layout, rows),
    });
    file.await.map_err(|_| ServiceError::Stopped)?.map_err(|error| ServiceError::field("file", error))
}
