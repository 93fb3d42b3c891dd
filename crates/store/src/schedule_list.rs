//! The account's schedule as people read it: by date, day by day, and in counts.

use chrono::NaiveDate;
use lineside_model::id::{ScheduleEntryId, UserId};
use lineside_model::journal::Scope;
use lineside_model::list::{Page, UserName};
use lineside_model::schedule::EntryState;
use lineside_model::schedule_list::{ScheduleCounts, ScheduleDay, ScheduleFilter, ScheduleRow};
use sqlx::FromRow;
use uuid::Uuid;

use crate::condition::{Condition, Total};
use crate::connection::Connection;
use crate::schedule::{EntryColumns, entry_columns};
use crate::search::{past, search_words};
use crate::user_list::ENTRIES;
use crate::value::{date, try_all, values};
use crate::{Store, StoreError, home};

macro_rules! row_columns {
    () => {
        concat!(entry_columns!(), ", u.first_name, u.last_name, u.extension")
    };
}

const IDS: &str = "SELECT e.id FROM schedule_entry e WHERE e.account_id = $1";
const ROWS: &str = concat!(
    "SELECT ",
    row_columns!(),
    " FROM schedule_entry e JOIN account_user u ON u.id = e.user_id WHERE e.account_id = $1 AND e.id IN (...)"
);
const ROW: &str = concat!(
    "SELECT ",
    row_columns!(),
    " FROM schedule_entry e JOIN account_user u ON u.id = e.user_id WHERE e.account_id = $1 AND e.id = $2"
);
const OF_USER: &str = "e.user_id = ?";
const OF_TRACK: &str = "e.track_id = ?";
const OF_LICENSE: &str = "e.license_type_id = ?";
// Each state in words of its own, as its index says it.
const SCHEDULED: &str = "e.state = 'scheduled'";
const FAILED: &str = "e.state = 'failed'";
const CONFLICTS: &str = "e.conflicts <> '[]'";
const FROM: &str = "e.date >= ?";
const UNTIL: &str = "e.date <= ?";
const HAS_WORD: &str =
    "EXISTS (SELECT 1 FROM user_word w WHERE w.user_id = e.user_id AND w.word >= ?1 AND w.word < ?2)";
/// The same for a rare word: its users are looked up once.
const OF_WORD: &str = "e.user_id IN (
    SELECT w.user_id FROM user_word w WHERE w.account_id = ?1 AND w.word >= ?2 AND w.word < ?3
)";
const BY_DATE: &str = " ORDER BY e.date, e.sort_key, e.id";

const DAYS: &str = "
    SELECT e.date, count(*) AS entries, count(*) FILTER (WHERE e.conflicts <> '[]') AS conflicts
    FROM schedule_entry e WHERE e.account_id = $1 AND e.date >= $2 AND e.date <= $3 GROUP BY e.date ORDER BY e.date";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ROWS, ROW, DAYS];
#[cfg(test)]
pub(crate) const COMPOSED: crate::condition::Composed = crate::condition::Composed {
    selects: &[IDS],
    clauses: &[OF_USER, OF_TRACK, OF_LICENSE, SCHEDULED, FAILED, CONFLICTS, FROM, UNTIL, HAS_WORD, OF_WORD],
    orders: &[BY_DATE],
};

#[derive(FromRow)]
struct RowColumns {
    #[sqlx(flatten)]
    entry: EntryColumns,
    first_name: String,
    last_name: String,
    extension: Option<String>,
}

impl TryFrom<RowColumns> for ScheduleRow {
    type Error = StoreError;

    fn try_from(row: RowColumns) -> Result<Self, StoreError> {
        let name = format!("{} {}", row.first_name, row.last_name);
        let user = UserName { id: UserId(row.entry.user_id), name, extension: row.extension };
        Ok(Self { entry: row.entry.try_into()?, user })
    }
}

fn condition(scope: &Scope, filter: &ScheduleFilter) -> Condition {
    let mut condition = Condition::new(values![scope.account_id]);
    condition.and_if(OF_USER, filter.user_id);
    condition.and_if(OF_TRACK, filter.track_id);
    condition.and_if(OF_LICENSE, filter.license_type_id);
    match filter.state {
        Some(EntryState::Scheduled) => condition.and_plain(SCHEDULED),
        Some(EntryState::Failed) => condition.and_plain(FAILED),
        None => {}
    }
    if filter.conflicts {
        condition.and_plain(CONFLICTS);
    }
    condition.and_if(FROM, filter.from);
    condition.and_if(UNTIL, filter.until);
    condition
}

/// Up to so many entries of a word, its users are few beside those of a schedule.
const RARE: i64 = 4_000;

async fn and_words(
    link: &mut Connection,
    scope: &Scope,
    condition: &mut Condition,
    search: &str,
) -> Result<(), StoreError> {
    for word in search_words(search) {
        let range = values![scope.account_id, word.as_str(), past(&word), RARE + 1];
        if link.number(ENTRIES, range).await? <= RARE {
            condition.and_each(OF_WORD, [scope.account_id.into(), word.as_str().into(), past(&word).into()]);
        } else {
            condition.and_each(HAS_WORD, [word.as_str().into(), past(&word).into()]);
        }
    }
    Ok(())
}

impl Store {
    /// By date, then by the users' names.
    pub async fn schedule(&self, scope: &Scope, filter: &ScheduleFilter) -> Result<Page<ScheduleRow>, StoreError> {
        let page = filter.page.max(1);
        let mut link = self.listing().await?;
        let mut condition = condition(scope, filter);
        and_words(&mut link, scope, &mut condition, &filter.search).await?;
        let total = Total::capped(&mut link, IDS, &condition).await?;
        // First which, along the index; then only their rows.
        let ids: Vec<(Uuid,)> = link.rows(condition.page(IDS, BY_DATE, page), condition.values.clone()).await?;
        let rows: Vec<RowColumns> = link.rows_in(ROWS, values![scope.account_id], ids.iter().map(|(id,)| *id)).await?;
        let mut rows: Vec<ScheduleRow> = try_all(rows)?;
        rows.sort_by_cached_key(|row| ids.iter().position(|(id,)| *id == row.entry.id.0));
        Ok(total.page(rows, page))
    }

    /// The days that have entries, `until` itself included.
    pub async fn schedule_days(
        &self,
        scope: &Scope,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Vec<ScheduleDay>, StoreError> {
        let rows: Vec<(i64, i64, i64)> =
            self.reader().await?.rows(DAYS, values![scope.account_id, from, until]).await?;
        let day = |(days, entries, conflicts)| ScheduleDay { date: date(days), entries, conflicts };
        Ok(rows.into_iter().map(day).collect())
    }

    pub async fn schedule_counts(&self, scope: &Scope) -> Result<ScheduleCounts, StoreError> {
        let tally = home::tally(&mut self.reader().await?, scope).await?;
        Ok(ScheduleCounts {
            scheduled: tally.scheduled,
            conflicts: tally.schedule_conflicts,
            failed: tally.schedule_failed,
        })
    }

    pub async fn schedule_entry(&self, scope: &Scope, id: ScheduleEntryId) -> Result<Option<ScheduleRow>, StoreError> {
        let row = self.reader().await?.row::<RowColumns>(ROW, values![scope.account_id, id]).await?;
        row.map(ScheduleRow::try_from).transpose()
    }
}
