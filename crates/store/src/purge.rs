//! Users who left so long ago that nothing is to be left of them. Over all accounts, as the worker that looks for them is.

use chrono::{DateTime, Days, Utc};
use lineside_model::id::{AccountId, UserId};
use lineside_model::plan::{Plan, Record};
use lineside_model::recording::Recording;
use lineside_model::user::KEPT_DAYS;
use uuid::Uuid;

use crate::connection::Connection;
use crate::recording::{RecordingColumns, recording_columns};
use crate::value::{try_all, values};
use crate::{Store, StoreError};

const ACCOUNTS: &str = "
    SELECT DISTINCT account_id FROM (
        SELECT account_id FROM account_user WHERE deleted_at IS NOT NULL AND purged_at IS NULL AND deleted_at <= $1
        ORDER BY deleted_at LIMIT 100000
    ) over ORDER BY account_id LIMIT $2";
pub(crate) const TO_PURGE: &str = "
    SELECT id FROM account_user
    WHERE account_id = $1 AND deleted_at IS NOT NULL AND purged_at IS NULL AND deleted_at <= $2
    ORDER BY deleted_at, id LIMIT 500";
/// Of those who left so long ago, and whose recordings were to go with them.
const RECORDINGS: &str = concat!(
    "SELECT ",
    recording_columns!(),
    " WHERE account_id = $1 AND audio IS NOT NULL AND user_id IN (
        SELECT u.id FROM account_user u
        WHERE u.account_id = $1 AND u.deleted_at IS NOT NULL AND u.purged_at IS NULL AND u.deleted_at <= $2
            AND u.recordings_go
    ) ORDER BY started_at, id LIMIT $3"
);
const LOGINS: &str = "DELETE FROM login WHERE user_id IN (...)";
const SESSIONS: &str = "DELETE FROM session WHERE user_id IN (...)";
const LINKS: &str = "DELETE FROM link WHERE user_id IN (...)";
const TOKENS: &str = "DELETE FROM api_token WHERE user_id IN (...)";
const MAILS: &str = "DELETE FROM mail WHERE account_id = $1 AND user_id IN (...)";
const WATCHES: &str = "DELETE FROM mailbox_watch WHERE account_id = $1 AND user_id IN (...)";
const WORDS: &str = "DELETE FROM user_word WHERE account_id = $1 AND user_id IN (...)";
const VIEWS: &str = "DELETE FROM user_view WHERE account_id = $1 AND NOT shared AND user_id IN (...)";
const COLUMNS: &str = "DELETE FROM user_columns WHERE account_id = $1 AND user_id IN (...)";
/// By whoever is nobody's: sessions before the logins that they belong to.
const OF_LOGIN: [&str; 4] = [SESSIONS, LINKS, TOKENS, LOGINS];
const OF_ACCOUNT: [&str; 5] = [MAILS, WATCHES, WORDS, VIEWS, COLUMNS];

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[ACCOUNTS, TO_PURGE, RECORDINGS, LOGINS, SESSIONS, LINKS, TOKENS, MAILS, WATCHES, WORDS, VIEWS, COLUMNS];

/// Who was deleted by then can be brought back no more.
pub(crate) fn deleted_by(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_sub_days(Days::new(KEPT_DAYS)).unwrap_or_default()
}

/// What is kept of these users beside the rows that the plan removes.
pub(crate) async fn follow(link: &mut Connection, account: AccountId, plan: &Plan) -> Result<(), StoreError> {
    let purged = plan.steps.iter().filter_map(|step| match (&step.before, &step.after) {
        (Some(Record::User(before)), Some(Record::User(after))) => {
            (before.purged_at.is_none() && after.purged_at.is_some()).then_some(after.id)
        }
        _ => None,
    });
    let purged: Vec<UserId> = purged.collect();
    if purged.is_empty() {
        return Ok(());
    }
    for sql in OF_LOGIN {
        link.execute_in(sql, values![], purged.iter().copied()).await?;
    }
    for sql in OF_ACCOUNT {
        link.execute_in(sql, values![account], purged.iter().copied()).await?;
    }
    Ok(())
}

impl Store {
    pub async fn accounts_to_purge(&self, now: DateTime<Utc>, limit: i64) -> Result<Vec<AccountId>, StoreError> {
        let rows: Vec<(Uuid,)> = self.reader().await?.rows(ACCOUNTS, values![deleted_by(now), limit]).await?;
        Ok(rows.into_iter().map(|(id,)| AccountId(id)).collect())
    }

    pub async fn recordings_to_purge(
        &self,
        account: AccountId,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<Recording>, StoreError> {
        let values = values![account, deleted_by(now), limit];
        let rows: Vec<RecordingColumns> = self.reader().await?.rows(RECORDINGS, values).await?;
        try_all(rows)
    }
}
