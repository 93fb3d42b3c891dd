//! A change of the catalogue: one document under one version, which belongs to no account.

use axum::Json;
use axum::response::IntoResponse;
use lineside_model::catalogue::{self, CatalogueBlocker, CatalogueNow, CataloguePlan};
use lineside_model::field::FieldErrors;
use lineside_model::license::Catalogue;
use lineside_model::plan::BlockerKind;
use lineside_service::ServiceError;
use lineside_service::catalogue::Rehearsal;
use lineside_service::store::{CatalogueApplied, CatalogueRequest, StoreError};
use serde::Serialize;
use uuid::Uuid;

use super::{Answer, Applied, Ask, TRIES};
use crate::etag::{Seen, Versioned};
use crate::plan::PlanView;
use crate::problem::Problem;

/// What becomes of the catalogue, and where in the body its errors belong.
pub struct CatalogueEdit<W, F> {
    /// The version that the caller read, if they say.
    pub version: Option<i64>,
    /// Of the catalogue as it is now; asked again when somebody comes between.
    pub wanted: W,
    /// `None`: the blocker is about something that was not sent.
    pub field_of: F,
}

impl Ask {
    /// Plans, or applies and answers 200 with what `shown` says is there afterwards.
    pub async fn edit_catalogue<W, F, T, S>(&self, edit: CatalogueEdit<W, F>, shown: impl Fn() -> S) -> Answer
    where
        W: Fn(&Catalogue) -> Result<Catalogue, Problem>,
        F: Fn(&CatalogueBlocker) -> Option<String>,
        T: Serialize + Versioned,
        S: Future<Output = Result<T, Problem>>,
    {
        self.change_catalogue(edit).await?.shown(shown).await
    }

    /// As [`Self::edit_catalogue`], for a new track or type: 201 with its address.
    pub async fn add_to_catalogue<W, F, T: Serialize + Versioned>(
        &self,
        edit: CatalogueEdit<W, F>,
        address: &str,
        shown: impl Future<Output = Result<T, Problem>>,
    ) -> Answer
    where
        W: Fn(&Catalogue) -> Result<Catalogue, Problem>,
        F: Fn(&CatalogueBlocker) -> Option<String>,
    {
        self.change_catalogue(edit).await?.created(address, shown).await
    }

    /// As [`Self::edit_catalogue`], for what is gone afterwards: 204.
    pub async fn delete_from_catalogue(&self, wanted: impl Fn(&Catalogue) -> Result<Catalogue, Problem>) -> Answer {
        let edit = CatalogueEdit { version: None, wanted, field_of: |_: &CatalogueBlocker| None };
        Ok(self.change_catalogue(edit).await?.removed())
    }

    /// For new tracks and types: the same each time that the change is planned.
    pub fn new_catalogue_ids(&self) -> impl FnMut() -> Uuid {
        let (id, mut last) = (self.id, Uuid::nil());
        move || {
            last = id.derive("catalogue", last);
            last
        }
    }

    async fn change_catalogue<W, F>(&self, edit: CatalogueEdit<W, F>) -> Result<Applied, Problem>
    where
        W: Fn(&Catalogue) -> Result<Catalogue, Problem>,
        F: Fn(&CatalogueBlocker) -> Option<String>,
    {
        let before = || Applied::Done { plan: None, secret: None };
        if self.repeated && !self.plan_only {
            return Ok(before());
        }
        for _ in 0..TRIES {
            let now = self.service.catalogue_now(&self.caller).await?;
            self.check_version(&now, edit.version).await?;
            let wanted = (edit.wanted)(&now.catalogue)?.in_order();
            let plan = catalogue::plan(&now, &wanted);
            wrong_fields(&plan, &edit.field_of)?;
            let view = PlanView::of_catalogue(self.named, &plan, &edit.field_of);
            if self.plan_only {
                return Ok(Applied::Planned(Json(view).into_response()));
            }
            if self.read.as_ref().is_some_and(|read| read.fingerprint != plan.fingerprint()) {
                return Err(Problem::plan_moved(view));
            }
            let (wanted, seen, sent) = (&wanted, now.version, self.sent.as_deref());
            let request = CatalogueRequest { id: self.id, wanted, seen, sent };
            match self.service.apply_catalogue(&self.caller, &request, Rehearsal::Behind).await? {
                CatalogueApplied::Done(_) => return Ok(Applied::Done { plan: Some(view), secret: None }),
                CatalogueApplied::Before if self.is_repeated().await? => return Ok(before()),
                CatalogueApplied::Before => return Err(Problem::key_reused()),
                CatalogueApplied::Blocked(plan) => {
                    let blockers = PlanView::of_catalogue(self.named, &plan, &edit.field_of).blockers;
                    return Err(Problem::blocked_by(blockers));
                }
                // Somebody came between the look at it and the change.
                CatalogueApplied::Stale => {}
            }
        }
        Err(ServiceError::from(StoreError::Busy).into())
    }

    async fn check_version(&self, now: &CatalogueNow, version: Option<i64>) -> Result<(), Problem> {
        let seen = Seen { id: Uuid::nil(), version: now.version };
        if let Some(condition) = self.if_match.as_ref().filter(|condition| !condition.holds(Some(seen))) {
            let differences = match condition.newest() {
                Some(seen) => self.service.catalogue_differences(&self.caller, seen).await?,
                None => Vec::new(),
            };
            return Err(Problem::precondition_failed(differences));
        }
        match version.filter(|version| *version != now.version) {
            Some(seen) => Err(Problem::version_passed(self.service.catalogue_differences(&self.caller, seen).await?)),
            None => Ok(()),
        }
    }
}

/// What was sent and can't be, whatever hangs on the catalogue.
fn wrong_fields(plan: &CataloguePlan, field_of: impl Fn(&CatalogueBlocker) -> Option<String>) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    for blocker in plan.blockers.iter().filter(|blocker| blocker.kind == BlockerKind::Invalid) {
        if let Some(field) = field_of(blocker) {
            errors.push(&field, blocker.in_words());
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}
