//! What others did to a record since somebody looked at it: two people save the same user at once, and the second sees
//! what changed.

use chrono::{DateTime, Utc};
use lineside_model::catalogue::CatalogueStep;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::{AccountId, UserId};
use lineside_model::journal::Actor;
use lineside_model::list::JournalFilter;
use lineside_model::plan::{FieldChange, Step};
use serde::Serialize;
use uuid::Uuid;

use crate::{Caller, Service, ServiceError};

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
        // Of an account, an operator changes nothing but the record of the account itself; a User their own things.
        let scope = match caller.settings_scope(AccountId(record)) {
            Ok(scope) => scope,
            Err(_) => caller.scope_of_user(UserId(record))?,
        };
        let journal = self.store().journal(&scope, filter).await?;
        let moved =
            |step: &&Step| step.before.as_ref().is_some_and(|before| before.id() == record && before.version() >= seen);
        let changes = journal.rows.iter().flat_map(|entry| {
            let changes = entry.steps.iter().filter(moved).flat_map(|step| &step.changes);
            changes.map(move |change| Difference::of(change.field.clone(), change, &entry.actor, entry.at))
        });
        Ok(gathered(changes))
    }

    /// What others did to the catalogue since the version that was seen.
    pub async fn catalogue_differences(&self, caller: &Caller, seen: i64) -> Result<Vec<Difference>, ServiceError> {
        caller.operator()?;
        let changes = self.store().catalogue_changes_since(seen).await?;
        let changes = changes.iter().flat_map(|applied| {
            let field = |title: &str, change: &FieldChange| format!("{title}: {}", change.field);
            let of = move |step: &'_ CatalogueStep| {
                let differences = step.changes.iter();
                let of = |change| Difference::of(field(&step.title, change), change, &applied.actor, applied.at);
                differences.map(of).collect::<Vec<_>>()
            };
            applied.plan.steps.iter().flat_map(of)
        });
        Ok(gathered(changes))
    }
}

impl Difference {
    fn of(field: String, change: &FieldChange, actor: &Actor, at: DateTime<Utc>) -> Self {
        let (before, after) = (change.before.clone(), change.after.clone());
        Self { field, before, after, by: actor.name.clone(), at }
    }
}

/// The newest comes first: the latest `after` stays, the earliest `before` is taken over.
fn gathered(changes: impl Iterator<Item = Difference>) -> Vec<Difference> {
    let mut differences: Vec<Difference> = Vec::new();
    for change in changes {
        match differences.iter_mut().find(|known| known.field == change.field) {
            Some(known) => known.before = change.before,
            None => differences.push(change),
        }
    }
    differences.retain(|difference| difference.before != difference.after);
    differences
}

/// The record, the version that was seen, and where the journal tells of it.
fn looked_at(caller: &Caller, change: &Change) -> Option<(Uuid, i64, JournalFilter)> {
    let of = |action: &str| JournalFilter { action: action.to_owned(), page: 1, ..JournalFilter::default() };
    match change {
        Change::EditProfile { user_id, version, .. } | Change::SetSecurity { user_id, version, .. } => {
            let filter = JournalFilter { user_id: Some(*user_id), page: 1, ..JournalFilter::default() };
            Some((user_id.0, (*version)?, filter))
        }
        Change::SetForwarding { user_id, version, .. } | Change::SetVoicemail { user_id, version, .. } => {
            let filter = JournalFilter { user_id: Some(*user_id), ..of(change.action()) };
            Some((user_id.0, (*version)?, filter))
        }
        Change::SetCallRules { version, .. } => Some((caller.account_id()?.0, (*version)?, of(change.action()))),
        Change::EditTrunk { trunk_id, version, .. } => Some((trunk_id.0, (*version)?, of(change.action()))),
        Change::EditLocation { location_id, version, .. } => Some((location_id.0, (*version)?, of(change.action()))),
        Change::EditDepartment { department_id, version, .. } => {
            Some((department_id.0, (*version)?, of(change.action())))
        }
        Change::EditAccount { account_id, version, .. } => {
            Some((account_id.or(caller.account_id())?.0, (*version)?, of(change.action())))
        }
        _ => None,
    }
}
