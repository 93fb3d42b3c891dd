//! Applying an import: in the background, once, all of it or nothing.

use lineside_model::id::{ChangeId, ImportId};
use lineside_model::import::{ImportJob, ImportState};
use lineside_model::journal::Scope;

use super::plan::{refused_rows, request};
use crate::{Caller, Outcome, Service, ServiceError};

impl Service {
    /// Begins to apply the plan that was shown; the import says how it ends. With errors in the file, only when the good rows
    /// alone are wanted.
    pub async fn apply_import(
        &self,
        caller: &Caller,
        id: ImportId,
        good_rows_only: bool,
    ) -> Result<ImportJob, ServiceError> {
        let scope = caller.scope()?;
        let mut job = self.import(caller, id).await?;
        super::check_open(&job)?;
        if job.counts.refused > 0 && !good_rows_only {
            let message = format!("{} rows have errors: repair them, or apply the good rows only", job.counts.refused);
            return Err(ServiceError::field("good_rows_only", message));
        }
        if job.state != ImportState::Planned || job.fingerprint.is_none() {
            return Err(ServiceError::field("import", "there is nothing to apply: no row is without errors"));
        }
        (job.state, job.started_at) = (ImportState::Applying, Some(self.now()));
        (job.good_rows_only, job.trouble) = (good_rows_only, None);
        // Before anybody can read that it is being applied, and wonder by whom.
        if !self.inner.applying.insert(job.change_id()) {
            return Err(ServiceError::field("import", "this import is being applied; wait until it is done"));
        }
        if let Err(error) = self.save_job(&scope, &mut job).await {
            self.inner.applying.remove(job.change_id());
            return Err(error);
        }
        let (service, caller, begun) = (self.clone(), caller.clone(), job.clone());
        tokio::spawn(async move {
            let ended = service.carry_out_import(&caller, begun.clone()).await;
            service.inner.applying.remove(begun.change_id());
            if let Err(error) = ended {
                tracing::error!(%error, import = %id, "an import was not applied");
                let trouble = "It was not applied, and nothing was changed: an error that is in the log. Try again.";
                let _ = service.end_import(&scope, begun, ImportState::Planned, Some(trouble)).await;
            }
        });
        Ok(job)
    }

    /// Waits until this program no longer applies the import: small ones are done before a page is drawn.
    pub async fn import_ended(&self, id: ImportId) {
        self.inner.applying.ended(ChangeId(id.0)).await;
    }

    async fn carry_out_import(&self, caller: &Caller, job: ImportJob) -> Result<(), ServiceError> {
        let scope = caller.scope()?;
        let read = self.with_sheet(&scope, job.clone()).await?;
        let rows = self.rows_of(caller, &read).await?;
        drop(read);
        let mut import = rows.import;
        if job.counts.refused > 0 {
            let refused = refused_rows(&self.import_plan(caller, job.id).await?.rows);
            import.rows.retain(|row| !refused.contains(&row.row));
        }
        match self.apply_in(&scope, &request(&job, import), job.fingerprint.as_ref()).await? {
            Outcome::Done { .. } | Outcome::Before => self.end_import(&scope, job, ImportState::Done, None).await,
            Outcome::Moved(_) | Outcome::Blocked(_) => {
                let trouble =
                    "What it touches was changed meanwhile, so nothing was applied. Look at the plan as it is now.";
                self.end_import(&scope, job.clone(), ImportState::Planned, None).await?;
                let mut planned = self.plan_import(caller, job.id).await?;
                planned.trouble = Some(trouble.to_owned());
                self.save_job(&scope, &mut planned).await
            }
        }
    }

    async fn end_import(
        &self,
        scope: &Scope,
        mut job: ImportJob,
        state: ImportState,
        trouble: Option<&str>,
    ) -> Result<(), ServiceError> {
        (job.state, job.trouble) = (state, trouble.map(str::to_owned));
        job.finished_at = (state == ImportState::Done).then(|| self.now());
        self.save_job(scope, &mut job).await
    }

    /// An import that nobody carries out any more: the journal knows whether it was applied.
    pub(super) async fn settle_import(&self, scope: &Scope, job: ImportJob) -> Result<ImportJob, ServiceError> {
        if job.state != ImportState::Applying || self.may_be_applying(job.change_id(), job.started_at) {
            return Ok(job);
        }
        let applied = self.store().was_applied(job.change_id()).await?;
        let (state, trouble) = if applied {
            (ImportState::Done, None)
        } else {
            let trouble = "Lineside stopped while this was being applied. Nothing was changed; apply it again.";
            (ImportState::Planned, Some(trouble))
        };
        match self.end_import(scope, job.clone(), state, trouble).await {
            // Somebody was at work on it after all: what they saved stands.
            Ok(()) | Err(ServiceError::Invalid(_)) => {}
            Err(error) => return Err(error),
        }
        self.store().import(scope, job.id).await?.ok_or(ServiceError::NotFound)
    }
}
