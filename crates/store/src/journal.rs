//! The journal: written with every change, read by filter; and events that are no change.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, ChangeId, UserId};
use lineside_model::journal::{Actor, ActorKind, JournalEntry, Scope, Via};
use lineside_model::list::{JournalFilter, Page};
use lineside_model::plan::Plan;
use lineside_model::text::{fold, search_text};
use sqlx::FromRow;
use uuid::Uuid;

use crate::condition::{Condition, Total};
use crate::connection::Connection;
use crate::search;
use crate::value::{Value, from_json, instant, json, known, try_all, values};
use crate::{Store, StoreError};

macro_rules! journal_columns {
    () => {
        "j.id, j.account_id, j.at AS at, j.actor_kind, j.actor_id, j.actor_name, j.via, j.came_from, j.action, j.summary,
        j.user_id, j.request, j.steps"
    };
}

const KNOWN_CHANGE: &str = "SELECT count(*) FROM journal WHERE id = $1";
/// Another transaction may have written the same change meanwhile.
const WRITE: &str = "
    INSERT INTO journal (id, account_id, at, actor_kind, actor_id, actor_name, via, came_from, action, summary,
        search_key, user_id, request, steps)
    VALUES (...) ON CONFLICT (id) DO NOTHING";
const ENTRY: &str = concat!("SELECT ", journal_columns!(), " FROM journal j WHERE j.account_id = $1 AND j.id = $2");
const ENTRIES: &str = concat!("SELECT ", journal_columns!(), " FROM journal j WHERE j.account_id = $1");
const COUNT: &str = "SELECT j.id FROM journal j WHERE j.account_id = $1";
/// Of a user: what is mainly about them, and what touched them among others.
const ENTRIES_OF_USER: &str =
    concat!("SELECT ", journal_columns!(), " FROM journal j WHERE j.account_id = $1 AND j.user_id = $2");
const ENTRIES_WITH_USER: &str = concat!(
    "SELECT ",
    journal_columns!(),
    " FROM journal_user w CROSS JOIN journal j
    WHERE w.account_id = $1 AND w.user_id = $2 AND j.id = w.journal_id AND j.account_id = $1"
);
const WRITE_USERS: &str = "INSERT INTO journal_user (account_id, user_id, at, journal_id) VALUES (...)";
const OF_ACTION: &str = "j.action = ?";
const MENTIONS: &str = "j.search_key LIKE ? ESCAPE '\\'";
const FROM: &str = "j.at >= ?";
const UNTIL: &str = "j.at < ?";
const NEWEST_FIRST: &str = " ORDER BY j.at DESC, j.id DESC";
const NEWEST_OF_BOTH: &str = " ORDER BY at DESC, id DESC";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[KNOWN_CHANGE, WRITE, WRITE_USERS, ENTRY];
#[cfg(test)]
pub(crate) const COMPOSED: crate::condition::Composed = crate::condition::Composed {
    selects: &[ENTRIES, COUNT, ENTRIES_OF_USER, ENTRIES_WITH_USER],
    clauses: &[OF_ACTION, MENTIONS, FROM, UNTIL],
    orders: &[NEWEST_FIRST],
};

#[derive(FromRow)]
struct JournalColumns {
    id: Uuid,
    account_id: Uuid,
    at: i64,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor_name: String,
    via: String,
    came_from: Option<String>,
    action: String,
    summary: String,
    user_id: Option<Uuid>,
    request: Option<String>,
    steps: String,
}

impl TryFrom<JournalColumns> for JournalEntry {
    type Error = StoreError;

    fn try_from(row: JournalColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: ChangeId(row.id),
            account_id: AccountId(row.account_id),
            at: instant(row.at),
            actor: Actor {
                kind: known("an actor's kind", &row.actor_kind, ActorKind::parse)?,
                id: row.actor_id,
                name: row.actor_name,
                via: known("an actor's way", &row.via, Via::parse)?,
                from: row.came_from,
            },
            action: row.action,
            summary: row.summary,
            user_id: row.user_id.map(UserId),
            request: row.request,
            steps: from_json("a journal entry's steps", &row.steps)?,
        })
    }
}

/// Whether this change was carried out before.
pub(crate) async fn knows(link: &mut Connection, id: ChangeId) -> Result<bool, StoreError> {
    Ok(link.number(KNOWN_CHANGE, values![id]).await? > 0)
}

/// What goes into the journal beside who did it.
pub(crate) struct Written<'a> {
    pub id: ChangeId,
    pub at: DateTime<Utc>,
    pub action: &'a str,
    pub summary: &'a str,
    pub user_id: Option<UserId>,
    pub request: Option<&'a str>,
    /// Whom it touches beside.
    pub others: BTreeSet<UserId>,
    pub steps: String,
}

impl<'a> Written<'a> {
    pub(crate) fn change(id: ChangeId, at: DateTime<Utc>, action: &'a str, plan: &'a Plan) -> Result<Self, StoreError> {
        let mut others = plan.touched_users();
        plan.user_id.map(|user| others.remove(&user));
        let (summary, steps) = (&plan.summary, json(&plan.steps)?);
        Ok(Self { id, at, action, summary, user_id: plan.user_id, request: None, others, steps })
    }

    pub(crate) fn event(id: ChangeId, at: DateTime<Utc>, action: &'a str, summary: &'a str) -> Self {
        let others = BTreeSet::new();
        Self { id, at, action, summary, user_id: None, request: None, others, steps: "[]".to_owned() }
    }
}

/// False: an entry with this identifier is there already.
pub(crate) async fn write(link: &mut Connection, scope: &Scope, entry: Written<'_>) -> Result<bool, StoreError> {
    let actor = &scope.actor;
    let row = values![
        entry.id,
        scope.account_id,
        entry.at,
        actor.kind.as_str(),
        actor.id,
        actor.name.as_str(),
        actor.via.as_str(),
        actor.from.as_deref(),
        entry.action,
        entry.summary,
        fold(&format!("{} {}", entry.summary, actor.name)),
        entry.user_id,
        entry.request,
        entry.steps,
    ];
    if link.write_rows(WRITE, vec![row]).await? == 0 {
        return Ok(false);
    }
    let others = entry.others.into_iter().map(|user| values![scope.account_id, user, entry.at, entry.id]);
    link.write_rows(WRITE_USERS, others.collect()).await?;
    Ok(true)
}

/// The filter as a condition, with its parameters.
fn condition(scope: &Scope, filter: &JournalFilter) -> Condition {
    let mut own = values![scope.account_id];
    own.extend(filter.user_id.map(Value::from));
    let mut condition = Condition::new(own);
    condition.and_if(OF_ACTION, Some(search_text(&filter.action)).filter(|action| !action.is_empty()));
    condition.and_if(FROM, filter.from);
    condition.and_if(UNTIL, filter.until);
    for word in fold(&filter.search).split_whitespace().take(8) {
        condition.and(MENTIONS, search::part(word));
    }
    condition
}

impl Store {
    /// The newest first.
    pub async fn journal(&self, scope: &Scope, filter: &JournalFilter) -> Result<Page<JournalEntry>, StoreError> {
        let page = filter.page.max(1);
        let condition = condition(scope, filter);
        let mut link = self.snapshot().await?;
        let (select, order) = match filter.user_id {
            None => (COUNT.to_owned(), NEWEST_FIRST),
            // No entry is in both, so nothing is there twice; each comes in the order of its index.
            Some(_) => (format!("{} UNION ALL {ENTRIES_WITH_USER}", condition.all(ENTRIES_OF_USER)), NEWEST_OF_BOTH),
        };
        let total = Total::capped(&mut link, &select, &condition).await?;
        let select = if filter.user_id.is_none() { ENTRIES } else { &select };
        let rows: Vec<JournalColumns> =
            link.rows(condition.page(select, order, page), condition.values.clone()).await?;
        Ok(total.page(try_all(rows)?, page))
    }

    pub async fn journal_entry(&self, scope: &Scope, id: ChangeId) -> Result<Option<JournalEntry>, StoreError> {
        let row = self.reader().await?.row::<JournalColumns>(ENTRY, values![scope.account_id, id]).await?;
        row.map(JournalEntry::try_from).transpose()
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
        let entry = Written { user_id, ..Written::event(id, now, action, summary) };
        write(&mut self.writer().await?, scope, entry).await?;
        Ok(())
    }
}
