//! What the worker that carries out the schedule asks, over all accounts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::id::{AccountId, LicenseTypeId, UserId};
use lineside_model::journal::Scope;
use lineside_model::seat_timeline::SeatTimeline;
use uuid::Uuid;

use crate::schedule_facts::room_from;
use crate::value::{date, instant, values};
use crate::{Store, StoreError, seat_day, seats};

const NEXT_DUE: &str = "SELECT min(due_at) FROM schedule_entry WHERE state = 'scheduled'";
/// The inner limit keeps both engines to the index of due entries: mostly there are none.
const WITH_DUE: &str = "
    SELECT account_id FROM (
        SELECT account_id, due_at FROM schedule_entry WHERE state = 'scheduled' AND due_at <= $1
        ORDER BY due_at, account_id LIMIT 100000
    ) due GROUP BY account_id ORDER BY min(due_at), account_id LIMIT $2";
/// Days begin at different instants: a day more than the seven and the one that the plan asks for.
const TO_WARN: &str = "
    SELECT account_id FROM (
        SELECT account_id, due_at FROM schedule_entry
        WHERE state = 'scheduled' AND conflicts <> '[]' AND due_at <= $1
            AND (warned IS NULL OR (warned <> 'one_day' AND due_at <= $2))
        ORDER BY due_at, account_id LIMIT 100000
    ) to_warn GROUP BY account_id ORDER BY min(due_at), account_id LIMIT $3";
const OVERBOOKED: &str = "SELECT DISTINCT account_id FROM seats WHERE overbooked ORDER BY account_id LIMIT $1";
/// The last of each type: from whose date on the fewest seats must be free.
const LAST_WAITING: &str = "
    SELECT account_id, license_type_id, max(date) FROM schedule_entry
    WHERE state = 'scheduled' AND NOT reserved AND license_type_id IS NOT NULL AND conflicts <> '[]'
    GROUP BY account_id, license_type_id ORDER BY account_id, license_type_id";
const USERS: &str = "
    SELECT DISTINCT user_id FROM schedule_entry WHERE account_id = $1 AND user_id > $2 AND state = 'scheduled'
    ORDER BY user_id LIMIT $3";

const TO_SETTLE: &str = "
    SELECT count(*) FROM (
        SELECT 1 AS one FROM seats WHERE account_id = $1 AND overbooked
        UNION ALL
        SELECT one FROM (
            SELECT 1 AS one FROM schedule_entry
            WHERE account_id = $1 AND state = 'scheduled' AND NOT reserved AND license_type_id IS NOT NULL
                AND conflicts <> '[]'
            LIMIT 1
        ) AS waiting
    ) AS found";
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[NEXT_DUE, WITH_DUE, TO_WARN, OVERBOOKED, LAST_WAITING, USERS, TO_SETTLE];

impl Store {
    /// When the next entry of any account is due.
    pub async fn next_due_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row: Option<(Option<i64>,)> = self.reader().await?.row(NEXT_DUE, values![]).await?;
        Ok(row.and_then(|(at,)| at).map(instant))
    }

    /// The longest due first.
    pub async fn accounts_with_due(&self, now: DateTime<Utc>, limit: i64) -> Result<Vec<AccountId>, StoreError> {
        let rows = self.reader().await?.rows(WITH_DUE, values![now, limit]).await?;
        Ok(accounts(rows))
    }

    /// Accounts with entries that may have to be warned of; the plan knows.
    pub async fn accounts_to_warn(&self, now: DateTime<Utc>, limit: i64) -> Result<Vec<AccountId>, StoreError> {
        let (week, day) = (now + TimeDelta::days(8), now + TimeDelta::days(2));
        let rows = self.reader().await?.rows(TO_WARN, values![week, day, limit]).await?;
        Ok(accounts(rows))
    }

    /// Accounts where rehearsing would do something: a seat is free for an entry that waits for one, or some day has too few.
    pub async fn accounts_to_settle(&self, limit: i64) -> Result<Vec<AccountId>, StoreError> {
        let mut link = self.snapshot().await?;
        let mut found: BTreeSet<AccountId> =
            accounts(link.rows(OVERBOOKED, values![limit]).await?).into_iter().collect();
        let rows: Vec<(Uuid, Uuid, i64)> = link.rows(LAST_WAITING, values![]).await?;
        let mut waiting: BTreeMap<AccountId, Vec<(LicenseTypeId, i64)>> = BTreeMap::new();
        for (account, license, days) in rows {
            waiting.entry(AccountId(account)).or_default().push((LicenseTypeId(license), days));
        }
        let most = usize::try_from(limit).unwrap_or_default();
        for (account, last) in waiting {
            if found.len() >= most {
                break;
            }
            let mut days = seat_day::load(&mut link, account).await?;
            let seats = seats::load(&mut link, account).await?;
            let room = last.into_iter().any(|(license, last)| {
                let seats = seats.iter().find(|seats| seats.license_type_id == license);
                let timeline = SeatTimeline::new(seats, days.remove(&license).unwrap_or_default());
                room_from(&timeline).is_some_and(|from| from <= date(last))
            });
            if room {
                found.insert(account);
            }
        }
        Ok(found.into_iter().take(most).collect())
    }

    /// Whether the account has entries that wait for a seat, or a day with too few.
    pub async fn account_to_settle(&self, account: AccountId) -> Result<bool, StoreError> {
        Ok(self.reader().await?.number(TO_SETTLE, values![account]).await? > 0)
    }

    /// In the order of identifiers, after this one: for rehearsing everything, a part at a time.
    pub async fn users_with_entries(
        &self,
        scope: &Scope,
        after: UserId,
        limit: i64,
    ) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<(Uuid,)> = self.reader().await?.rows(USERS, values![scope.account_id, after, limit]).await?;
        Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
    }
}

fn accounts(rows: Vec<(Uuid,)>) -> Vec<AccountId> {
    rows.into_iter().map(|(id,)| AccountId(id)).collect()
}
