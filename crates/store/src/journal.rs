//! The journal, read; and events that are no change.

use chrono::{DateTime, Utc};
use lineside_model::id::{ChangeId, UserId};
use lineside_model::journal::{JournalEntry, Scope};
use lineside_model::list::{JournalFilter, Page};

use crate::{Store, StoreError};

impl Store {
    /// The newest first.
    pub async fn journal(&self, scope: &Scope, filter: &JournalFilter) -> Result<Page<JournalEntry>, StoreError> {
        todo!()
    }

    pub async fn journal_entry(&self, scope: &Scope, id: ChangeId) -> Result<Option<JournalEntry>, StoreError> {
        todo!()
    }

    /// An event without steps, such as a failed sign-in.
    pub async fn record_event(
        &self,
        scope: &Scope,
        id: ChangeId,
        now: DateTime<Utc>,
        action: &str,
        summary: &str,
        user_id: Option<UserId>,
    ) -> Result<(), StoreError> {
        todo!()
    }
}
