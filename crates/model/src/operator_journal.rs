//! What operators did: to accounts, the catalogue and their own tokens. Accounts have journals of their own, in which the
//! operator's changes stand too; what touches no account stands only here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::CatalogueStep;
use crate::id::{AccountId, ChangeId};
use crate::journal::Actor;
use crate::plan::{FieldChange, Record, Step};

/// One applied change, or one event worth keeping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorEntry {
    pub id: ChangeId,
    pub at: DateTime<Utc>,
    pub actor: Actor,
    /// Such as `open_account` or `change_catalogue`.
    pub action: String,
    /// In words.
    pub summary: String,
    pub account_id: Option<AccountId>,
    /// The fingerprint of the request that asked for it, where that may be sent again under the same key.
    pub request: Option<String>,
    pub steps: Vec<OperatorStep>,
}

/// One record, field by field, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorStep {
    /// Such as `Add`.
    pub verb: String,
    /// What kind of thing it is, such as `account`.
    pub record: String,
    pub id: Uuid,
    /// Such as `track Voice`.
    pub title: String,
    pub changes: Vec<FieldChange>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OperatorJournalFilter {
    /// Words of the summary or the actor's name.
    pub search: String,
    pub action: String,
    pub account_id: Option<AccountId>,
    /// From 1.
    pub page: i64,
}

impl OperatorStep {
    pub fn verb(&self) -> &str {
        &self.verb
    }
}

impl From<&Step> for OperatorStep {
    fn from(step: &Step) -> Self {
        let record = step.after.as_ref().or(step.before.as_ref());
        Self {
            verb: step.verb().to_owned(),
            record: record.map(|record| record.kind().to_owned()).unwrap_or_default(),
            id: record.map(Record::id).unwrap_or_default(),
            title: step.title.clone(),
            changes: step.changes.clone(),
        }
    }
}

impl From<&CatalogueStep> for OperatorStep {
    fn from(step: &CatalogueStep) -> Self {
        Self {
            verb: step.action.verb().to_owned(),
            record: step.record.map(|record| record.kind().to_owned()).unwrap_or_default(),
            id: step.record.map(crate::catalogue::CatalogueRecord::id).unwrap_or_default(),
            title: step.title.clone(),
            changes: step.changes.clone(),
        }
    }
}
