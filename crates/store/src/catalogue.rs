//! The operator's tracks and license types: one small document that every plan and list reads, so it is kept in memory
//! once it was read, and read anew when its version says that somebody changed it: another node, or the command line.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use lineside_model::catalogue::{self, CatalogueChange, CatalogueNow, CataloguePlan, CatalogueUsage, TypeUsage};
use lineside_model::id::{ChangeId, LicenseTypeId, TrackId};
use lineside_model::journal::Actor;
use lineside_model::license::Catalogue;
use lineside_model::list::{PAGE, Page};
use lineside_model::operator_journal::OperatorStep;
use sqlx::FromRow;
use uuid::Uuid;

use crate::condition::Total;
use crate::connection::Connection;
use crate::engine::Tries;
use crate::value::{from_json, instant, json, try_all, values};
use crate::{Store, StoreError, operator_journal, rehearsal};

const VERSION: &str = "SELECT version FROM catalogue WHERE id = 1";
const CATALOGUE: &str = "SELECT version, body FROM catalogue WHERE id = 1";
const INSTALL_CATALOGUE: &str =
    "INSERT INTO catalogue (id, body, version) VALUES (1, $1, 1) ON CONFLICT (id) DO NOTHING";
const REPLACE: &str = "UPDATE catalogue SET body = $1, version = version + 1 WHERE id = 1 AND version = $2";
const ADD_CHANGE: &str = "INSERT INTO catalogue_change (version, at, actor, plan) VALUES ($1, $2, $3, $4)";
const CHANGES: &str = "SELECT version, at, actor, plan FROM catalogue_change ORDER BY version DESC LIMIT $1 OFFSET $2";
const CHANGES_SINCE: &str = "
    SELECT version, at, actor, plan FROM catalogue_change WHERE version > $1 ORDER BY version DESC LIMIT $2";
const CHANGE_COUNT: &str = "SELECT count(*) FROM catalogue_change";
/// Seats say how many hold a type: `used` is guarded by whoever takes one.
const SEATS: &str = "
    SELECT license_type_id, CAST(sum(bought) AS BIGINT) AS bought, CAST(sum(used) AS BIGINT) AS used FROM seats
    GROUP BY license_type_id";
const SCHEDULED: &str = "
    SELECT track_id, license_type_id, count(*) AS entries FROM schedule_entry GROUP BY track_id, license_type_id";
/// Nothing is left of a type that was deleted.
const FORGET_SEATS: &str = "DELETE FROM seats WHERE bought = 0 AND used = 0 AND license_type_id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    VERSION,
    CATALOGUE,
    INSTALL_CATALOGUE,
    REPLACE,
    ADD_CHANGE,
    CHANGES,
    CHANGES_SINCE,
    CHANGE_COUNT,
    SEATS,
    SCHEDULED,
    FORGET_SEATS,
];

/// The catalogue as it was last read, with its version.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Option<Versioned>>>);

type Versioned = (i64, Arc<Catalogue>);

impl Kept {
    fn of(&self, version: i64) -> Option<Arc<Catalogue>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(kept, _)| *kept == version).map(|(_, catalogue)| catalogue.clone())
    }

    /// A transaction that began before a change reads the one before; that one is not kept.
    fn keep(&self, version: i64, catalogue: &Arc<Catalogue>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|(kept, _)| *kept < version) {
            *kept = Some((version, catalogue.clone()));
        }
    }
}

/// Another catalogue in place of the one that was read, under an identifier: sent twice, it is applied once.
#[derive(Debug, Clone)]
pub struct CatalogueRequest<'a> {
    pub id: ChangeId,
    pub wanted: &'a Catalogue,
    /// The version that it takes the place of.
    pub seen: i64,
    /// The fingerprint of the API's request, where that may be sent again.
    pub sent: Option<&'a str>,
}

/// What became of a change of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub enum CatalogueApplied {
    Done(CataloguePlan),
    /// The same change was carried out before: nothing was done again.
    Before,
    /// Not possible; nothing was done.
    Blocked(CataloguePlan),
    /// Somebody changed the catalogue since it was read; nothing was done.
    Stale,
}

#[derive(FromRow)]
struct ChangeColumns {
    version: i64,
    at: i64,
    actor: String,
    plan: String,
}

impl TryFrom<ChangeColumns> for CatalogueChange {
    type Error = StoreError;

    fn try_from(row: ChangeColumns) -> Result<Self, StoreError> {
        Ok(Self {
            version: row.version,
            at: instant(row.at),
            actor: from_json("who changed the catalogue", &row.actor)?,
            plan: from_json("a change of the catalogue", &row.plan)?,
        })
    }
}

impl Store {
    pub async fn catalogue(&self) -> Result<Catalogue, StoreError> {
        Ok(Catalogue::clone(&*self.catalogue_on(&mut self.reader().await?).await?))
    }

    /// Writes the catalogue when there is none yet.
    pub async fn install_catalogue(&self, catalogue: &Catalogue) -> Result<(), StoreError> {
        self.writer().await?.execute(INSTALL_CATALOGUE, values![json(catalogue)?]).await?;
        Ok(())
    }

    /// Without waiting for another connection, and as of its transaction.
    pub(crate) async fn catalogue_on(&self, link: &mut Connection) -> Result<Arc<Catalogue>, StoreError> {
        let version = link.number(VERSION, values![]).await?;
        if let Some(catalogue) = self.catalogue.of(version) {
            return Ok(catalogue);
        }
        let Some((version, body)) = link.row::<(i64, String)>(CATALOGUE, values![]).await? else {
            return Ok(Arc::default());
        };
        let catalogue = Arc::new(from_json("the catalogue", &body)?);
        self.catalogue.keep(version, &catalogue);
        Ok(catalogue)
    }

    /// With what hangs on each type, over all accounts.
    pub async fn catalogue_now(&self) -> Result<CatalogueNow, StoreError> {
        now(&mut self.snapshot().await?).await
    }

    /// Another catalogue in place of the one of this version. Planned and counted within the transaction: whoever assigns a
    /// type meanwhile either comes first and is counted, or finds the new catalogue.
    pub async fn change_catalogue(
        &self,
        request: &CatalogueRequest<'_>,
        actor: &Actor,
        at: DateTime<Utc>,
    ) -> Result<CatalogueApplied, StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let applied = change(&mut link, request, actor, at).await;
            if let Some(applied) = tries.settle(link, applied).await? {
                return Ok(applied);
            }
        }
    }

    /// The newest first.
    pub async fn catalogue_changes(&self, page: i64) -> Result<Page<CatalogueChange>, StoreError> {
        let (mut link, page) = (self.snapshot().await?, page.max(1));
        let total = Total::exact(link.number(CHANGE_COUNT, values![]).await?);
        let offset = (page - 1).saturating_mul(PAGE);
        let rows: Vec<ChangeColumns> = link.rows(CHANGES, values![PAGE, offset]).await?;
        Ok(total.page(try_all(rows)?, page))
    }

    /// Those after a version, the newest first, no more than a page.
    pub async fn catalogue_changes_since(&self, version: i64) -> Result<Vec<CatalogueChange>, StoreError> {
        try_all(self.reader().await?.rows::<ChangeColumns>(CHANGES_SINCE, values![version, PAGE]).await?)
    }
}

async fn now(link: &mut Connection) -> Result<CatalogueNow, StoreError> {
    let Some((version, body)) = link.row::<(i64, String)>(CATALOGUE, values![]).await? else {
        return Ok(CatalogueNow::default());
    };
    let mut usage = CatalogueUsage::default();
    let seats: Vec<(Uuid, i64, i64)> = link.rows(SEATS, values![]).await?;
    for (license, bought, held) in seats {
        usage.types.insert(LicenseTypeId(license), TypeUsage { held, bought, scheduled: 0 });
    }
    let scheduled: Vec<(Uuid, Option<Uuid>, i64)> = link.rows(SCHEDULED, values![]).await?;
    for (track, license, entries) in scheduled {
        *usage.scheduled.entry(TrackId(track)).or_default() += entries;
        if let Some(license) = license {
            usage.types.entry(LicenseTypeId(license)).or_default().scheduled += entries;
        }
    }
    Ok(CatalogueNow { version, catalogue: from_json("the catalogue", &body)?, usage })
}

async fn change(
    link: &mut Connection,
    request: &CatalogueRequest<'_>,
    actor: &Actor,
    at: DateTime<Utc>,
) -> Result<CatalogueApplied, StoreError> {
    if operator_journal::knows(link, request.id).await? {
        return Ok(CatalogueApplied::Before);
    }
    let (now, seen) = (now(link).await?, request.seen);
    if now.version != seen {
        return Ok(CatalogueApplied::Stale);
    }
    let wanted = request.wanted.clone().in_order();
    let plan = catalogue::plan(&now, &wanted);
    if plan.blocked() {
        return Ok(CatalogueApplied::Blocked(plan));
    }
    // What may be sent again has to be known again, even if there was nothing to do.
    if plan.is_empty() && request.sent.is_none() {
        return Ok(CatalogueApplied::Done(plan));
    }
    let entry = operator_journal::Written {
        request: request.sent,
        steps: plan.steps.iter().map(OperatorStep::from).collect(),
        ..operator_journal::Written::event(request.id, at, "change_catalogue", &plan.summary)
    };
    if !operator_journal::write(link, actor, entry).await? {
        return Ok(CatalogueApplied::Before);
    }
    if plan.is_empty() {
        return Ok(CatalogueApplied::Done(plan));
    }
    if link.execute(REPLACE, values![json(&wanted)?, seen]).await? == 0 {
        return Ok(CatalogueApplied::Stale);
    }
    link.execute(ADD_CHANGE, values![seen + 1, at, json(actor)?, json(&plan)?]).await?;
    rehearsal::ask(link, seen + 1).await?;
    let deleted = now.catalogue.types.iter().map(|license| license.id);
    let deleted: Vec<LicenseTypeId> = deleted.filter(|id| wanted.license_type(*id).is_none()).collect();
    link.execute_in(FORGET_SEATS, values![], deleted).await?;
    Ok(CatalogueApplied::Done(plan))
}
