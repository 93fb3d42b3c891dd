//! Plans from facts, and plans carried out: one transaction of rows, journal and outbox.

use lineside_model::change::ChangeRequest;
use lineside_model::journal::Scope;
use lineside_model::plan::{Context, Fingerprint, Plan};

use crate::{Store, StoreError};

/// What became of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// Carried out, and in the journal under the change's identifier.
    Done(Plan),
    /// The same change was carried out before (a second click, a retried request): nothing was done again.
    Before,
    /// Not possible; nothing was done.
    Blocked(Plan),
    /// The facts moved since the plan was read; nothing was done. This is the plan as it is now.
    Moved(Plan),
}

impl Store {
    /// Plans without carrying out.
    pub async fn plan(&self, scope: &Scope, request: &ChangeRequest, context: Context<'_>) -> Result<Plan, StoreError> {
        todo!()
    }

    /// Plans anew within the transaction and carries exactly that out, provided that it is the plan of `expected` (when
    /// there is one) and nothing blocks it. Retries by itself when another transaction came between.
    pub async fn apply(
        &self,
        scope: &Scope,
        request: &ChangeRequest,
        expected: Option<&Fingerprint>,
        context: Context<'_>,
    ) -> Result<Applied, StoreError> {
        todo!()
    }
}
