//! The journal: written with every change, read by filter; and events that are no change.

mod packed;
mod write;

use std::collections::BTreeMap;

use lineside_model::id::{AccountId, ChangeId, UserId};
use lineside_model::journal::{Actor, ActorKind, JournalEntry, STEPS_PAGE, Scope, Steps, Via};
use lineside_model::list::{JournalFilter, Page};
use lineside_model::plan::Step;
use lineside_model::text::{fold, search_text};
use lineside_model::undo::Undone;
use sqlx::FromRow;
use uuid::Uuid;

pub(crate) use self::write::{LongEntry, Written, write};
use crate::condition::{Condition, Total};
use crate::connection::Connection;
use crate::search;
use crate::value::{Value, from_json, instant, known, values};
use crate::{Store, StoreError};

macro_rules! journal_columns {
    () => {
        "j.id, j.account_id, j.at AS at, j.actor_kind, j.actor_id, j.actor_name, j.via, j.came_from, j.action, j.summary,
        j.user_id, j.request, j.steps, j.step_count"
    };
}
macro_rules! no_parts {
    () => {
        ", CAST(NULL AS TEXT) AS parts FROM journal j WHERE j.account_id = $1"
    };
}

/// Who undid a change, when.
const UNDONE_BY: &str =
    concat!("SELECT ", journal_columns!(), no_parts!(), " AND j.undoes = $2 ORDER BY j.at DESC, j.id DESC LIMIT 1");
const KNOWN_CHANGE: &str = "SELECT count(*) FROM journal WHERE id = $1";
/// Another transaction may have written the same change meanwhile.
const ENTRY: &str = concat!("SELECT ", journal_columns!(), no_parts!(), " AND j.id = $2");
const ENTRIES: &str = concat!("SELECT ", journal_columns!(), no_parts!());
const COUNT: &str = "SELECT j.id FROM journal j WHERE j.account_id = $1";
/// Of a user: what is mainly about them, and what touched them among others.
const ENTRIES_OF_USER: &str = concat!("SELECT ", journal_columns!(), no_parts!(), " AND j.user_id = $2");
const ENTRIES_WITH_USER: &str = concat!(
    "SELECT ",
    journal_columns!(),
    ", w.parts FROM journal_user w CROSS JOIN journal j
    WHERE w.account_id = $1 AND w.user_id = $2 AND j.id = w.journal_id AND j.account_id = $1"
);
const PARTS_WITH_USER: &str =
    "SELECT parts FROM journal_user WHERE account_id = $1 AND user_id = $2 AND at = $3 AND journal_id = $4";
const PARTS: &str = "
    SELECT p.id, p.steps, p.packed FROM journal_part p JOIN journal j ON j.id = p.journal_id
    WHERE j.account_id = $1 AND p.id IN (...)";
const OF_ACTION: &str = "j.action = ?";
const MENTIONS: &str = "j.search_key LIKE ? ESCAPE '\\'";
const FROM: &str = "j.at >= ?";
const UNTIL: &str = "j.at < ?";
const NEWEST_FIRST: &str = " ORDER BY j.at DESC, j.id DESC";
const NEWEST_OF_BOTH: &str = " ORDER BY at DESC, id DESC";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    UNDONE_BY,
    KNOWN_CHANGE,
    write::WRITE,
    write::COMPLETE,
    write::WRITE_USERS,
    PARTS_WITH_USER,
    write::WRITE_PARTS,
    PARTS,
    ENTRY,
];
#[cfg(test)]
pub(crate) const COMPOSED: crate::condition::Composed = crate::condition::Composed {
    selects: &[ENTRIES, COUNT, ENTRIES_OF_USER, ENTRIES_WITH_USER],
    clauses: &[OF_ACTION, MENTIONS, FROM, UNTIL],
    orders: &[NEWEST_FIRST],
};

/// Parts that are read together: packed and unpacked they are in memory at once.
const PARTS_AT_ONCE: usize = 500;
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
    step_count: Option<i64>,
    /// Of a long entry, those with steps about the user that was asked for.
    parts: Option<String>,
}

impl TryFrom<JournalColumns> for JournalEntry {
    type Error = StoreError;

    fn try_from(row: JournalColumns) -> Result<Self, StoreError> {
        let steps = steps(&row.steps)?;
        Ok(Self {
            step_count: row.step_count.and_then(|count| usize::try_from(count).ok()).unwrap_or(steps.len()),
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
            steps,
        })
    }
}

/// What stands of a change that is to be undone.
pub(crate) async fn undone(
    link: &mut Connection,
    account: AccountId,
    id: ChangeId,
) -> Result<Option<Undone>, StoreError> {
    let Some(entry) = whole(link, account, id, Steps::All).await? else { return Ok(None) };
    let JournalEntry { summary, action, at, steps, .. } = entry;
    Ok(Some(Undone::new(id, summary, action, at, steps)))
}

fn steps(json: &str) -> Result<Vec<Step>, StoreError> {
    from_json("a journal entry's steps", json)
}

/// Parts are counted from 1; what stands in the journal itself is part 0.
fn part_id(entry: ChangeId, part: usize) -> Uuid {
    entry.derive("journal part", Uuid::from_u128(part as u128))
}

/// Whether this change was carried out before.
pub(crate) async fn knows(link: &mut Connection, id: ChangeId) -> Result<bool, StoreError> {
    Ok(link.number(KNOWN_CHANGE, values![id]).await? > 0)
}

/// Each with its first steps; or with those about the user, wherever they lie in a change to many.
async fn entries(
    link: &mut Connection,
    scope: &Scope,
    rows: Vec<JournalColumns>,
    user: Option<UserId>,
) -> Result<Vec<JournalEntry>, StoreError> {
    let mut listed: Vec<Vec<Uuid>> = Vec::new();
    for row in &rows {
        let parts = part_list(row.parts.as_deref())?;
        listed.push(parts.into_iter().map(|part| part_id(ChangeId(row.id), part)).collect());
    }
    let wanted: Vec<Uuid> = listed.iter().flatten().copied().collect();
    let found = found_parts(link, scope.account_id, wanted).await?;
    let entry = |(row, parts): (JournalColumns, Vec<Uuid>)| {
        let mut entry = JournalEntry::try_from(row)?;
        for part in parts.iter().filter_map(|id| found.get(id)) {
            entry.steps.extend(part.steps()?);
        }
        match user {
            Some(user) if entry.is_long() && entry.user_id != Some(user) => {
                entry.steps.retain(|step| step.is_about(user));
            }
            _ => entry.steps.truncate(STEPS_PAGE),
        }
        Ok(entry)
    };
    rows.into_iter().zip(listed).map(entry).collect()
}

fn part_list(json: Option<&str>) -> Result<Vec<usize>, StoreError> {
    json.map_or_else(|| Ok(Vec::new()), |parts| from_json("a journal entry's parts", parts))
}

/// In their order.
async fn parts(
    link: &mut Connection,
    account: AccountId,
    entry: ChangeId,
    wanted: impl IntoIterator<Item = usize>,
) -> Result<Vec<Step>, StoreError> {
    let wanted: Vec<Uuid> = wanted.into_iter().map(|part| part_id(entry, part)).collect();
    let mut all = Vec::new();
    for some in wanted.chunks(PARTS_AT_ONCE) {
        let mut found = found_parts(link, account, some.to_vec()).await?;
        for part in some.iter().filter_map(|id| found.remove(id)) {
            all.extend(part.steps()?);
        }
    }
    Ok(all)
}

async fn found_parts(
    link: &mut Connection,
    account: AccountId,
    wanted: Vec<Uuid>,
) -> Result<BTreeMap<Uuid, PartColumns>, StoreError> {
    let found: Vec<PartColumns> = link.rows_in(PARTS, values![account], wanted).await?;
    Ok(found.into_iter().map(|part| (part.id, part)).collect())
}

#[derive(FromRow)]
struct PartColumns {
    id: Uuid,
    /// From before parts were packed.
    steps: String,
    packed: Option<Vec<u8>>,
}

impl PartColumns {
    fn steps(&self) -> Result<Vec<Step>, StoreError> {
        self.packed.as_ref().map_or_else(|| steps(&self.steps), |packed| packed::unpack(packed))
    }
}

/// One entry with the steps that are wanted of it.
async fn whole(
    link: &mut Connection,
    account: AccountId,
    id: ChangeId,
    wanted: Steps,
) -> Result<Option<JournalEntry>, StoreError> {
    let Some(row) = link.row::<JournalColumns>(ENTRY, values![account, id]).await? else {
        return Ok(None);
    };
    let mut entry = JournalEntry::try_from(row)?;
    let (all, whole) = (entry.step_count.div_ceil(STEPS_PAGE), entry.steps.len() == entry.step_count);
    let rest: Vec<usize> = match wanted {
        // Short, or from before there were parts.
        _ if whole => Vec::new(),
        Steps::All => (1..all).collect(),
        Steps::Page(page) => (1..all).filter(|part| part + 1 == page).collect(),
        Steps::Of(user) => {
            let key = values![account, user, entry.at, id];
            let listed: Option<(Option<String>,)> = link.row(PARTS_WITH_USER, key).await?;
            part_list(listed.and_then(|(parts,)| parts).as_deref())?
        }
    };
    entry.steps.extend(parts(link, account, id, rest).await?);
    match wanted {
        Steps::All => {}
        Steps::Of(user) => entry.steps.retain(|step| step.is_about(user)),
        Steps::Page(page) => {
            let before = if whole { page.saturating_sub(1) } else { page.saturating_sub(1).min(1) };
            entry.steps.drain(..before.saturating_mul(STEPS_PAGE).min(entry.steps.len()));
            entry.steps.truncate(STEPS_PAGE);
        }
    }
    Ok(Some(entry))
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
    /// Whether the change is in the journal: then all of it was applied, otherwise nothing.
    pub async fn was_applied(&self, id: ChangeId) -> Result<bool, StoreError> {
        knows(&mut self.reader().await?, id).await
    }

    /// The newest first.
    pub async fn journal(&self, scope: &Scope, filter: &JournalFilter) -> Result<Page<JournalEntry>, StoreError> {
        let page = filter.page.max(1);
        let condition = condition(scope, filter);
        let mut link = self.listing().await?;
        let (select, order) = match filter.user_id {
            None => (COUNT.to_owned(), NEWEST_FIRST),
            // No entry is in both, so nothing is there twice; each comes in the order of its index.
            Some(_) => (format!("{} UNION ALL {ENTRIES_WITH_USER}", condition.all(ENTRIES_OF_USER)), NEWEST_OF_BOTH),
        };
        let total = Total::capped(&mut link, &select, &condition).await?;
        let select = if filter.user_id.is_none() { ENTRIES } else { &select };
        let rows: Vec<JournalColumns> =
            link.rows(condition.page(select, order, page), condition.values.clone()).await?;
        Ok(total.page(entries(&mut link, scope, rows, filter.user_id).await?, page))
    }

    /// The newest about a user, without counting the others.
    pub async fn newest_of_user(
        &self,
        scope: &Scope,
        user: UserId,
        limit: i64,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let condition = condition(scope, &JournalFilter { user_id: Some(user), ..JournalFilter::default() });
        let select = format!("{} UNION ALL {ENTRIES_WITH_USER}", condition.all(ENTRIES_OF_USER));
        let mut link = self.listing().await?;
        let sql = condition.slice(&select, NEWEST_OF_BOTH, limit, 0);
        let rows: Vec<JournalColumns> = link.rows(sql, condition.values.clone()).await?;
        entries(&mut link, scope, rows, Some(user)).await
    }

    pub async fn journal_entry(
        &self,
        scope: &Scope,
        id: ChangeId,
        wanted: Steps,
    ) -> Result<Option<JournalEntry>, StoreError> {
        whole(&mut self.reader().await?, scope.account_id, id, wanted).await
    }

    /// The change that took this one back last.
    pub async fn undone_by(&self, scope: &Scope, id: ChangeId) -> Result<Option<JournalEntry>, StoreError> {
        let row = self.reader().await?.row::<JournalColumns>(UNDONE_BY, values![scope.account_id, id]).await?;
        row.map(JournalEntry::try_from).transpose()
    }
}
