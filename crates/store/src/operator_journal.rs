//! What operators did, over all accounts: written in the transaction that does it.

use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, ChangeId};
use lineside_model::journal::Actor;
use lineside_model::list::Page;
use lineside_model::operator_journal::{OperatorEntry, OperatorJournalFilter, OperatorStep};
use lineside_model::text::{fold, search_text};
use sqlx::FromRow;
use uuid::Uuid;

use crate::condition::{Condition, Total};
use crate::connection::Connection;
use crate::search;
use crate::value::{from_json, instant, json, try_all, values};
use crate::{Store, StoreError};

macro_rules! columns {
    () => {
        "j.id, j.at, j.actor, j.action, j.summary, j.account_id, j.request, j.steps FROM operator_journal j"
    };
}

const KNOWN: &str = "SELECT count(*) FROM operator_journal WHERE id = $1";
/// Another transaction may have written the same change meanwhile.
const WRITE: &str = "
    INSERT INTO operator_journal (id, at, actor, action, summary, search_key, account_id, request, steps)
    VALUES (...) ON CONFLICT (id) DO NOTHING";
const ENTRY: &str = concat!("SELECT ", columns!(), " WHERE j.id = $1");
const ENTRIES: &str = concat!("SELECT ", columns!(), " WHERE TRUE");
const COUNT: &str = "SELECT j.id FROM operator_journal j WHERE TRUE";
const OF_ACTION: &str = "j.action = ?";
const OF_ACCOUNT: &str = "j.account_id = ?";
const MENTIONS: &str = "j.search_key LIKE ? ESCAPE '\\'";
const NEWEST_FIRST: &str = " ORDER BY j.at DESC, j.id DESC";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[KNOWN, WRITE, ENTRY];
#[cfg(test)]
pub(crate) const COMPOSED: crate::condition::Composed = crate::condition::Composed {
    selects: &[ENTRIES, COUNT],
    clauses: &[OF_ACTION, OF_ACCOUNT, MENTIONS],
    orders: &[NEWEST_FIRST],
};

#[derive(FromRow)]
struct Columns {
    id: Uuid,
    at: i64,
    actor: String,
    action: String,
    summary: String,
    account_id: Option<Uuid>,
    request: Option<String>,
    steps: String,
}

impl TryFrom<Columns> for OperatorEntry {
    type Error = StoreError;

    fn try_from(row: Columns) -> Result<Self, StoreError> {
        Ok(Self {
            id: ChangeId(row.id),
            at: instant(row.at),
            actor: from_json("an operator in the journal", &row.actor)?,
            action: row.action,
            summary: row.summary,
            account_id: row.account_id.map(AccountId),
            request: row.request,
            steps: from_json("what an operator changed", &row.steps)?,
        })
    }
}

/// What goes into the journal beside who did it.
pub(crate) struct Written<'a> {
    pub id: ChangeId,
    pub at: DateTime<Utc>,
    pub action: &'a str,
    pub summary: &'a str,
    pub account_id: Option<AccountId>,
    pub request: Option<&'a str>,
    pub steps: Vec<OperatorStep>,
}

impl<'a> Written<'a> {
    pub(crate) fn event(id: ChangeId, at: DateTime<Utc>, action: &'a str, summary: &'a str) -> Self {
        Self { id, at, action, summary, account_id: None, request: None, steps: Vec::new() }
    }
}

/// Whether this change was carried out before.
pub(crate) async fn knows(link: &mut Connection, id: ChangeId) -> Result<bool, StoreError> {
    Ok(link.number(KNOWN, values![id]).await? > 0)
}

/// False: an entry with this identifier is there already.
pub(crate) async fn write(link: &mut Connection, actor: &Actor, entry: Written<'_>) -> Result<bool, StoreError> {
    let row = values![
        entry.id,
        entry.at,
        json(actor)?,
        entry.action,
        entry.summary,
        fold(&format!("{} {}", entry.summary, actor.name)),
        entry.account_id,
        entry.request,
        json(&entry.steps)?,
    ];
    Ok(link.write_rows(WRITE, vec![row]).await? > 0)
}

fn condition(filter: &OperatorJournalFilter) -> Condition {
    let mut condition = Condition::new(values![]);
    condition.and_if(OF_ACTION, Some(search_text(&filter.action)).filter(|action| !action.is_empty()));
    condition.and_if(OF_ACCOUNT, filter.account_id);
    for word in fold(&filter.search).split_whitespace().take(8) {
        condition.and(MENTIONS, search::part(word));
    }
    condition
}

impl Store {
    /// The newest first.
    pub async fn operator_journal(&self, filter: &OperatorJournalFilter) -> Result<Page<OperatorEntry>, StoreError> {
        let (condition, page) = (condition(filter), filter.page.max(1));
        let mut link = self.snapshot().await?;
        let total = Total::capped(&mut link, COUNT, &condition).await?;
        let sql = condition.page(ENTRIES, NEWEST_FIRST, page);
        let rows: Vec<Columns> = link.rows(sql, condition.values.clone()).await?;
        Ok(total.page(try_all(rows)?, page))
    }

    pub async fn operator_entry(&self, id: ChangeId) -> Result<Option<OperatorEntry>, StoreError> {
        let row = self.reader().await?.row::<Columns>(ENTRY, values![id]).await?;
        row.map(OperatorEntry::try_from).transpose()
    }

    /// An event without steps, such as a failed sign-in.
    pub async fn record_operator_event(
        &self,
        actor: &Actor,
        id: ChangeId,
        now: DateTime<Utc>,
        action: &str,
        summary: &str,
    ) -> Result<(), StoreError> {
        write(&mut self.writer().await?, actor, Written::event(id, now, action, summary)).await?;
        Ok(())
    }
}
