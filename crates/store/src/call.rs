//! The history of calls: written in batches as calls end, read by filter, the newest first.

mod ladder;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use lineside_model::call::{CallFilter, CallRecord};
use lineside_model::call_report::{CallBegan, CallDirection, CallEnded, CallOutcome, LadderStep};
use lineside_model::id::{AccountId, CallId, RecordingId, UserId};
use lineside_model::journal::Scope;
use sqlx::FromRow;
use uuid::Uuid;

use crate::condition::Condition;
use crate::engine::Tries;
use crate::value::{Value, date, from_json, json, values};
use crate::{Store, StoreError};

macro_rules! call_columns {
    () => {
        "c.recording_id, c.ended"
    };
}

const SAVE_CALLS: &str = "
    INSERT INTO call (account_id, id, started_at, direction, outcome, ended) VALUES (...)
    ON CONFLICT (account_id, id) DO NOTHING";
const SAVE_LADDERS: &str = "
    INSERT INTO call_ladder (account_id, call_id, messages) VALUES (...)
    ON CONFLICT (account_id, call_id) DO NOTHING";
/// Of the calls those that have a recording: a row that is written anew to say nothing costs as much as a new one.
const MARK_RECORDED: &str = "
    UPDATE call SET recording_id = (
        SELECT min_id.id FROM recording min_id
        WHERE min_id.account_id = call.account_id AND min_id.call_id = call.id ORDER BY min_id.id LIMIT 1
    ) WHERE account_id = $1 AND recording_id IS NULL AND id IN (
        SELECT r.call_id FROM recording r WHERE r.account_id = $1 AND r.call_id IN (...)
    )";
const SAVE_USERS: &str = "
    INSERT INTO call_user (account_id, user_id, started_at, call_id) VALUES (...)
    ON CONFLICT (account_id, user_id, started_at, call_id) DO NOTHING";
const SAVE_NUMBERS: &str = "
    INSERT INTO call_number (account_id, number, started_at, call_id) VALUES (...)
    ON CONFLICT (account_id, number, started_at, call_id) DO NOTHING";
const ADD_SECONDS: &str = "
    INSERT INTO outbound_day (account_id, user_id, date, seconds) VALUES (...)
    ON CONFLICT (account_id, user_id, date) DO UPDATE SET seconds = outbound_day.seconds + excluded.seconds";
/// Over all accounts: the limits of the switch begin with it.
const SECONDS_SINCE: &str = "SELECT account_id, user_id, date, seconds FROM outbound_day WHERE date >= $1";
const FORGET_DAYS: &str = "DELETE FROM outbound_day WHERE date < $1";
const CALL: &str = concat!(
    "SELECT ",
    call_columns!(),
    ", c.ladder, l.messages FROM call c LEFT JOIN call_ladder l ON l.account_id = c.account_id AND l.call_id = c.id
    WHERE c.account_id = $1 AND c.id = $2"
);
const CALLS: &str = concat!("SELECT ", call_columns!(), " FROM call c WHERE c.account_id = $1");
const CALLS_OF_USER: &str = concat!(
    "SELECT ",
    call_columns!(),
    " FROM call_user k CROSS JOIN call c
    WHERE k.account_id = $1 AND k.user_id = $2 AND c.account_id = k.account_id AND c.id = k.call_id"
);
const CALLS_WITH_NUMBER: &str = concat!(
    "SELECT ",
    call_columns!(),
    " FROM call_number k CROSS JOIN call c
    WHERE k.account_id = $1 AND k.number = $2 AND c.account_id = k.account_id AND c.id = k.call_id"
);
const OF_DIRECTION: &str = "c.direction = ?";
const OF_OUTCOME: &str = "c.outcome = ?";
const OF_USER: &str = "EXISTS (SELECT 1 FROM call_user u WHERE u.account_id = c.account_id AND u.user_id = ?
        AND u.started_at = c.started_at AND u.call_id = c.id)";
const FROM: &str = "c.started_at >= ?";
const UNTIL: &str = "c.started_at < ?";
const BEFORE: &str = "(c.started_at, c.id) < (?1, ?2)";
const BEFORE_OF_KEY: &str = "(k.started_at, k.call_id) < (?1, ?2)";
const RECORDED: &str = "c.recording_id IS NOT NULL";
const NEWEST_FIRST: &str = " ORDER BY c.started_at DESC, c.id DESC";
const NEWEST_OF_KEY: &str = " ORDER BY k.started_at DESC, k.call_id DESC";
const OLD: &str = concat!(
    "SELECT ",
    call_columns!(),
    " FROM call c WHERE c.account_id = $1 AND c.started_at < $2 ORDER BY c.started_at, c.id LIMIT $3"
);
const FORGET_CALLS: &str = "DELETE FROM call WHERE account_id = $1 AND id IN (...)";
const FORGET_LADDERS: &str = "DELETE FROM call_ladder WHERE account_id = $1 AND call_id IN (...)";
/// Of these users what is not newer than the last call that is forgotten.
const FORGET_USERS: &str =
    "DELETE FROM call_user WHERE account_id = $1 AND (started_at, call_id) <= ($2, $3) AND user_id IN (...)";
const FORGET_NUMBERS: &str =
    "DELETE FROM call_number WHERE account_id = $1 AND (started_at, call_id) <= ($2, $3) AND number IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    SAVE_CALLS,
    SAVE_LADDERS,
    MARK_RECORDED,
    SAVE_USERS,
    SAVE_NUMBERS,
    ADD_SECONDS,
    SECONDS_SINCE,
    FORGET_DAYS,
    CALL,
    OLD,
    FORGET_CALLS,
    FORGET_LADDERS,
    FORGET_USERS,
    FORGET_NUMBERS,
];
#[cfg(test)]
pub(crate) const COMPOSED: &[crate::condition::Composed] = &[
    crate::condition::Composed {
        selects: &[CALLS],
        clauses: &[OF_DIRECTION, OF_OUTCOME, FROM, UNTIL, BEFORE, RECORDED],
        orders: &[NEWEST_FIRST],
    },
    crate::condition::Composed {
        selects: &[CALLS_OF_USER, CALLS_WITH_NUMBER],
        clauses: &[OF_DIRECTION, OF_OUTCOME, OF_USER, FROM, UNTIL, BEFORE_OF_KEY, RECORDED],
        orders: &[NEWEST_OF_KEY],
    },
];

pub use lineside_model::outbound::Talked;

#[derive(FromRow)]
struct CallColumns {
    recording_id: Option<Uuid>,
    ended: String,
}

impl TryFrom<CallColumns> for CallRecord {
    type Error = StoreError;

    fn try_from(row: CallColumns) -> Result<Self, StoreError> {
        Ok(Self { ended: from_json("a call", &row.ended)?, recording: row.recording_id.map(RecordingId) })
    }
}

#[derive(FromRow)]
struct WholeCall {
    #[sqlx(flatten)]
    call: CallColumns,
    /// Of calls that were kept as text, before the ladder was packed.
    ladder: String,
    messages: Option<Vec<u8>>,
}

impl Store {
    /// Calls of any accounts that ended, and what was talked out of the house, in one transaction. A call that is there
    /// already (told twice) stays as it is, and is not counted again.
    pub async fn save_calls(&self, calls: &[CallEnded], talked: &[Talked]) -> Result<(), StoreError> {
        let mut of_account: BTreeMap<AccountId, Vec<&CallEnded>> = BTreeMap::new();
        for call in calls {
            of_account.entry(call.began.account).or_default().push(call);
        }
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin_loose().await?;
            let saved = async {
                let mut written = 0;
                for calls in of_account.values() {
                    let rows = calls.iter().map(|call| row(call)).collect::<Result<Vec<_>, _>>()?;
                    written += link.write_rows(SAVE_CALLS, rows).await?;
                    link.write_rows(SAVE_LADDERS, calls.iter().map(|call| ladder_row(call)).collect()).await?;
                    link.write_rows(SAVE_USERS, key_rows(calls, CallEnded::users)).await?;
                    link.write_rows(SAVE_NUMBERS, key_rows(calls, CallEnded::numbers)).await?;
                    let Some(first) = calls.first() else { continue };
                    let ids = calls.iter().map(|call| call.began.call);
                    link.execute_in(MARK_RECORDED, values![first.began.account], ids).await?;
                }
                if usize::try_from(written).is_ok_and(|written| written == calls.len()) {
                    link.write_rows(ADD_SECONDS, seconds(talked)).await?;
                }
                Ok(())
            };
            let saved = saved.await;
            if tries.settle(link, saved).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Up to `limit` calls, the newest first; the next page is asked for with the last one's time and identifier.
    pub async fn calls(&self, scope: &Scope, filter: &CallFilter, limit: i64) -> Result<Vec<CallRecord>, StoreError> {
        let number = filter.number.trim().trim_start_matches('+');
        let (select, order, key) = match (number, filter.user_id) {
            ("", None) => (CALLS, NEWEST_FIRST, None),
            ("", Some(user)) => (CALLS_OF_USER, NEWEST_OF_KEY, Some(Value::from(user))),
            (number, _) => (CALLS_WITH_NUMBER, NEWEST_OF_KEY, Some(Value::from(number))),
        };
        let mut own = values![scope.account_id];
        own.extend(key);
        let mut condition = Condition::new(own);
        condition.and_if(OF_DIRECTION, filter.direction.map(CallDirection::as_str));
        condition.and_if(OF_OUTCOME, filter.outcome.map(CallOutcome::as_str));
        condition.and_if(OF_USER, filter.user_id.filter(|_| !number.is_empty()));
        condition.and_if(FROM, filter.from);
        condition.and_if(UNTIL, filter.until);
        if filter.recorded {
            condition.and_plain(RECORDED);
        }
        if let Some(place) = filter.before {
            let before = if order == NEWEST_FIRST { BEFORE } else { BEFORE_OF_KEY };
            condition.and_each(before, [place.at.into(), place.call.into()]);
        }
        let sql = condition.slice(select, order, limit, 0);
        let rows: Vec<CallColumns> = self.reader().await?.rows(sql, condition.values).await?;
        rows.into_iter().map(CallRecord::try_from).collect()
    }

    /// With its ladder.
    pub async fn call(&self, scope: &Scope, id: CallId) -> Result<Option<CallRecord>, StoreError> {
        let row: Option<WholeCall> = self.reader().await?.row(CALL, values![scope.account_id, id]).await?;
        let Some(row) = row else { return Ok(None) };
        let mut call = CallRecord::try_from(row.call)?;
        call.ended.ladder = match row.messages {
            Some(messages) => ladder::unpack(&messages)?,
            None => from_json::<Vec<LadderStep>>("a ladder", &row.ladder)?.into_iter().collect(),
        };
        Ok(Some(call))
    }

    /// What users talked out of the house since a date.
    pub async fn talked_since(&self, from: NaiveDate) -> Result<Vec<Talked>, StoreError> {
        let rows: Vec<(Uuid, Uuid, i64, i64)> = self.reader().await?.rows(SECONDS_SINCE, values![from]).await?;
        let talked = |(account, user, day, seconds): (Uuid, Uuid, i64, i64)| Talked {
            account_id: AccountId(account),
            user_id: UserId(user),
            date: date(day),
            seconds,
        };
        Ok(rows.into_iter().map(talked).collect())
    }

    pub async fn forget_talked_before(&self, date: NaiveDate) -> Result<(), StoreError> {
        self.writer().await?.execute(FORGET_DAYS, values![date]).await?;
        Ok(())
    }

    /// Deletes calls that began before an instant, so many at a time; how many it were.
    pub async fn forget_calls(
        &self,
        account: AccountId,
        before: DateTime<Utc>,
        limit: i64,
    ) -> Result<usize, StoreError> {
        let rows: Vec<CallColumns> = self.reader().await?.rows(OLD, values![account, before, limit]).await?;
        let calls = rows.into_iter().map(CallRecord::try_from).collect::<Result<Vec<_>, _>>()?;
        let Some(last) = calls.last().map(|last| &last.ended.began) else { return Ok(0) };
        let ids = || calls.iter().map(|call| call.ended.began.call);
        let users: BTreeSet<UserId> = calls.iter().flat_map(|call| call.ended.users()).collect();
        let numbers: BTreeSet<String> = calls.iter().flat_map(|call| call.ended.numbers()).collect();
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin_loose().await?;
            let forgotten = async {
                let up_to = || values![account, last.at, last.call];
                link.execute_in(FORGET_USERS, up_to(), users.iter().copied()).await?;
                link.execute_in(FORGET_NUMBERS, up_to(), numbers.iter().cloned()).await?;
                link.execute_in(FORGET_LADDERS, values![account], ids()).await?;
                link.execute_in(FORGET_CALLS, values![account], ids()).await?;
                Ok(calls.len())
            };
            let forgotten = forgotten.await;
            if let Some(forgotten) = tries.settle(link, forgotten).await? {
                return Ok(forgotten);
            }
        }
    }
}

/// The ladder lies in a table of its own.
fn row(call: &CallEnded) -> Result<Vec<Value>, StoreError> {
    let began = &call.began;
    Ok(values![began.account, began.call, began.at, began.direction.as_str(), call.outcome.as_str(), json(call)?])
}

fn ladder_row(call: &CallEnded) -> Vec<Value> {
    values![call.began.account, call.began.call, ladder::pack(&call.ladder)]
}

/// By what an account's calls are found, in the order in which it lies: of a thousand calls many belong on the same page.
fn key_rows<K: Ord + Into<Value>>(calls: &[&CallEnded], keys: impl Fn(&CallEnded) -> Vec<K>) -> Vec<Vec<Value>> {
    let of_call = |call: &&CallEnded| {
        let CallBegan { account, at, call: id, .. } = call.began;
        keys(call).into_iter().map(move |key| (key, at, id, account)).collect::<Vec<_>>()
    };
    let mut rows: Vec<_> = calls.iter().flat_map(of_call).collect();
    rows.sort_unstable();
    rows.into_iter().map(|(key, at, id, account)| vec![account.into(), key.into(), at.into(), id.into()]).collect()
}

/// One row each: PostgreSQL takes no key twice in one statement.
fn seconds(talked: &[Talked]) -> Vec<Vec<Value>> {
    let mut sums: BTreeMap<(AccountId, UserId, NaiveDate), i64> = BTreeMap::new();
    for talked in talked {
        *sums.entry((talked.account_id, talked.user_id, talked.date)).or_default() += talked.seconds;
    }
    sums.into_iter().map(|((account, user, date), seconds)| values![account, user, date, seconds]).collect()
}
