//! What others did to a record since somebody looked at it: two people save the same user at once, and the second sees
//! what changed.

use chrono::{DateTime, Utc};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::list::JournalFilter;
use serde::Serialize;
use uuid::Uuid;

use crate::{Caller, Identity, Service, ServiceError};

/// One field that was changed, from what was seen to what is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub field: String,
    /// Empty: there was none.
    pub before: String,
    /// Empty: there is none.
    pub after: String,
    /// Who changed it last, and when.
    pub by: String,
    pub at: DateTime<Utc>,
}

impl Service {
    /// The fields of the change's record that moved on from the version that the change was made for, out of the newest page
    /// of the journal. Empty for a change without a version.
    pub async fn differences(&self, caller: &Caller, request: &ChangeRequest) -> Result<Vec<Difference>, ServiceError> {
        let Some((record, seen, filter)) = looked_at(caller, &request.change) else { return Ok(Vec::new()) };
        self.since(caller, record, seen, &filter).await
    }

    /// As [`Self::differences`], for any record and the version of it that was seen.
    pub async fn differences_since(
        &self,
        caller: &Caller,
        record: Uuid,
        seen: i64,
    ) -> Result<Vec<Difference>, ServiceError> {
        self.since(caller, record, seen, &JournalFilter { page: 1, ..JournalFilter::default() }).await
    }

    async fn since(
        &self,
        caller: &Caller,
        record: Uuid,
        seen: i64,
        filter: &JournalFilter,
    ) -> Result<Vec<Difference>, ServiceError> {
        let journal = self.journal(caller, filter).await?;
        let mut differences: Vec<Difference> = Vec::new();
        // The newest entry comes first: the latest `after` stays, the earliest `before` is taken over.
        for entry in &journal.rows {
            let moved = entry.steps.iter().filter(|step| {
                step.before.as_ref().is_some_and(|before| before.id() == record && before.version() >= seen)
            });
            for change in moved.flat_map(|step| &step.changes) {
                match differences.iter_mut().find(|known| known.field == change.field) {
                    Some(known) => known.before.clone_from(&change.before),
                    None => differences.push(Difference {
                        field: change.field.clone(),
                        before: change.before.clone(),
                        after: change.after.clone(),
                        by: entry.actor.name.clone(),
                        at: entry.at,
                    }),
                }
            }
        }
        differences.retain(|difference| difference.before != difference.after);
        Ok(differences)
    }
}

/// The record, the version that was seen, and where the journal tells of it.
fn looked_at(caller: &Caller, change: &Change) -> Option<(Uuid, i64, JournalFilter)> {
    let of = |action: &str| JournalFilter { action: action.to_owned(), page: 1, ..JournalFilter::default() };
    match change {
        Change::EditProfile { user_id, version, .. } | Change::SetSecurity { user_id, version, .. } => {
            let filter = JournalFilter { user_id: Some(*user_id), page: 1, ..JournalFilter::default() };
            Some((user_id.0, (*version)?, filter))
        }
        Change::EditLocation { location_id, version, .. } => Some((location_id.0, (*version)?, of(change.action()))),
        Change::EditDepartment { department_id, version, .. } => {
            Some((department_id.0, (*version)?, of(change.action())))
        }
        Change::EditAccount { version, .. } => match caller.identity {
            Identity::User { account_id, .. } => Some((account_id.0, (*version)?, of(change.action()))),
            Identity::Operator { .. } => None,
        },
        _ => None,
    }
}
