//! The catalogue edited by the operator: planned, applied to the version that was read, and what is scheduled rehearsed.

use lineside_model::catalogue::{self, CatalogueChange, CatalogueNow, CataloguePlan};
use lineside_model::license::Catalogue;
use lineside_model::list::Page;
use lineside_store::{CatalogueApplied, CatalogueRequest};

use crate::{Caller, Service, ServiceError};

/// So many entries of schedules are rehearsed before the operator is answered.
const AT_ONCE: i64 = 2_000;

/// When what is scheduled is looked at anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehearsal {
    /// Beside the answer, when there is much of it.
    Behind,
    /// Before the answer: for a program that ends with it.
    First,
}

impl Service {
    /// With its version and its use.
    pub async fn catalogue_now(&self, caller: &Caller) -> Result<CatalogueNow, ServiceError> {
        caller.operator()?;
        Ok(self.store().catalogue_now().await?)
    }

    /// The plan of a wanted catalogue, and the version that it was made for.
    pub async fn plan_catalogue(
        &self,
        caller: &Caller,
        wanted: &Catalogue,
    ) -> Result<(i64, CataloguePlan), ServiceError> {
        let now = self.catalogue_now(caller).await?;
        Ok((now.version, catalogue::plan(&now, &wanted.clone().in_order())))
    }

    /// In place of the catalogue of this version, or not at all.
    pub async fn apply_catalogue(
        &self,
        caller: &Caller,
        request: &CatalogueRequest<'_>,
        rehearsal: Rehearsal,
    ) -> Result<CatalogueApplied, ServiceError> {
        caller.operator()?;
        let applied = self.store().change_catalogue(request, &caller.actor(), self.now()).await?;
        if matches!(&applied, CatalogueApplied::Done(plan) if !plan.is_empty()) {
            self.feed_everybody();
            self.rehearse_catalogue(rehearsal).await?;
        }
        Ok(applied)
    }

    /// It was asked for together with the change: what a crash interrupts, the worker goes on with.
    async fn rehearse_catalogue(&self, rehearsal: Rehearsal) -> Result<(), ServiceError> {
        let scheduled: i64 = self.store().catalogue_now().await?.usage.scheduled.values().sum();
        if scheduled <= AT_ONCE || rehearsal == Rehearsal::First {
            return self.rehearse_claimed(usize::MAX).await.map(drop);
        }
        let service = self.clone();
        tokio::spawn(async move {
            if let Err(error) = service.rehearse_claimed(usize::MAX).await {
                tracing::error!(%error, "what is scheduled is rehearsed later: the catalogue changed");
            }
        });
        Ok(())
    }

    /// Who changed what, the newest first.
    pub async fn catalogue_history(&self, caller: &Caller, page: i64) -> Result<Page<CatalogueChange>, ServiceError> {
        caller.operator()?;
        Ok(self.store().catalogue_changes(page).await?)
    }

    /// For a new track or type.
    pub fn new_catalogue_id(&self) -> uuid::Uuid {
        self.new_uuid()
    }
}
