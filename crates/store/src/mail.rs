//! The outbox of mails: claimed, sent, settled.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lineside_model::account::AccountSettings;
use lineside_model::id::{AccountId, ChangeId, MailId, UserId};
use lineside_model::journal::Scope;
use lineside_model::mail::{Mail, MailKind, MailState};
use lineside_model::phone_number::E164;
use lineside_model::plan::Record;
use lineside_model::user::User;
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::engine::Tries;
use crate::journal::{self, Written};
use crate::record::Stored;
use crate::user::{UserColumns, user_columns};
use crate::value::{Value, from_json, instant, json, kept_number, known, parse, values};
use crate::{Store, StoreError, schedule_facts};

macro_rules! mail_columns {
    () => {
        "m.id AS mail_id, m.account_id AS mail_account_id, m.user_id, m.kind, m.about, m.recipient, m.state AS mail_state,
        m.attempts, m.said, m.created_at AS mailed_at, m.next_at, m.done_at"
    };
}

pub(crate) const MAILS_OF_USER: &str = concat!(
    "SELECT ",
    mail_columns!(),
    " FROM mail m WHERE m.account_id = $1 AND m.user_id = $2 ORDER BY m.created_at DESC, m.id DESC LIMIT $3"
);
pub(crate) const MAIL_COUNTS: &str = "SELECT state, count(*) FROM mail WHERE account_id = $1 AND state IN ('queued', 'delayed', 'failed') GROUP BY state";
/// Over all accounts, as are the next three: one worker sends for everybody.
const CLAIM: &str = "
    UPDATE mail SET next_at = $2, attempts = attempts + 1
    WHERE id IN (
        SELECT id FROM mail WHERE state IN ('queued', 'delayed') AND next_at <= $1
        ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ) RETURNING id";
const JOBS: &str = concat!(
    "SELECT ",
    mail_columns!(),
    ", ",
    user_columns!(),
    ", u.number AS primary_number, a.settings
    FROM mail m
    JOIN account_user u ON u.account_id = m.account_id AND u.id = m.user_id
    JOIN account a ON a.id = m.account_id
    WHERE m.id IN (...)"
);
const SETTLE: &str = "
    UPDATE mail SET state = $2, said = $3, next_at = COALESCE($4, next_at), done_at = $5 WHERE id = $1";
const NEXT_AT: &str = "SELECT min(next_at) FROM mail WHERE state IN ('queued', 'delayed')";
const RETRY: &str = "
    UPDATE mail SET state = 'queued', next_at = $4, attempts = 0, done_at = NULL
    WHERE account_id = $1 AND user_id = $2 AND id = $3 AND state IN ('failed', 'delayed')";
const GIVE_UP: &str = "
    UPDATE mail SET state = 'failed', said = 'not sent: the user was deleted', done_at = $2
    WHERE account_id = $1 AND state IN ('queued', 'delayed') AND user_id IN (...)";
pub(crate) const SAVE_MAILS: &str = "
    INSERT INTO mail (id, account_id, user_id, kind, about, recipient, state, attempts, said, created_at, next_at, done_at)
    VALUES (...)";
const DELETE_MAILS: &str = "DELETE FROM mail WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[MAILS_OF_USER, MAIL_COUNTS, CLAIM, JOBS, SETTLE, NEXT_AT, RETRY, GIVE_UP, SAVE_MAILS, DELETE_MAILS];

/// Who left gets no mail any more.
pub(crate) async fn give_up(
    link: &mut Connection,
    account: AccountId,
    users: &[UserId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    link.execute_in(GIVE_UP, values![account, now], users.iter().copied()).await?;
    Ok(())
}

/// What happened, as it stands in the journal.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    pub id: ChangeId,
    pub at: DateTime<Utc>,
    pub action: &'a str,
    pub summary: &'a str,
    pub user_id: Option<UserId>,
}

/// A claimed mail with what its text says.
#[derive(Debug, Clone)]
pub struct MailJob {
    pub mail: Mail,
    pub user: User,
    pub number: Option<E164>,
    pub account_name: String,
}

#[derive(FromRow)]
pub(crate) struct MailColumns {
    mail_id: Uuid,
    mail_account_id: Uuid,
    user_id: Uuid,
    kind: String,
    about: String,
    recipient: String,
    mail_state: String,
    attempts: i64,
    said: Option<String>,
    mailed_at: i64,
    next_at: i64,
    done_at: Option<i64>,
}

impl TryFrom<MailColumns> for Mail {
    type Error = StoreError;

    fn try_from(row: MailColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: MailId(row.mail_id),
            account_id: AccountId(row.mail_account_id),
            user_id: UserId(row.user_id),
            kind: known("a mail's kind", &row.kind, MailKind::parse)?,
            about: from_json("what a mail is about", &row.about)?,
            to: parse("a mail's address", &row.recipient)?,
            state: known("a mail's state", &row.mail_state, MailState::parse)?,
            attempts: i32::try_from(row.attempts).unwrap_or(i32::MAX),
            said: row.said,
            created_at: instant(row.mailed_at),
            next_at: instant(row.next_at),
            done_at: row.done_at.map(instant),
        })
    }
}

#[derive(FromRow)]
struct JobColumns {
    #[sqlx(flatten)]
    mail: MailColumns,
    #[sqlx(flatten)]
    user: UserColumns,
    primary_number: Option<String>,
    settings: String,
}

impl TryFrom<JobColumns> for MailJob {
    type Error = StoreError;

    fn try_from(row: JobColumns) -> Result<Self, StoreError> {
        let settings: AccountSettings = from_json("an account's settings", &row.settings)?;
        Ok(Self {
            mail: row.mail.try_into()?,
            user: row.user.try_into()?,
            number: row.primary_number.as_deref().map(kept_number).transpose()?,
            account_name: settings.name.to_string(),
        })
    }
}

impl Stored for Mail {
    const SAVE: &'static str = SAVE_MAILS;
    const DELETE: &'static str = DELETE_MAILS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Mail(mail) = record { Some(mail) } else { None }
    }

    /// A mail has no version: it is made once, and then only its way changes.
    fn values(&self, _version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![
            self.id,
            self.account_id,
            self.user_id,
            self.kind.as_str(),
            json(&self.about)?,
            self.to.as_str(),
            self.state.as_str(),
            self.attempts,
            self.said.as_deref(),
            self.created_at,
            self.next_at,
            self.done_at,
        ])
    }
}

impl Store {
    /// Claims mails that are due and puts their next try to `lease_until`, so that a claimer that dies loses nothing.
    /// Counts the attempt. In the order of their making.
    pub async fn claim_mails(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<MailJob>, StoreError> {
        let mut tries = Tries::default();
        loop {
            // Row locks, not one order of everything: claimers pass over each other's rows.
            let mut link = self.begin_loose().await?;
            let claimed = async {
                let ids: Vec<(Uuid,)> = link.rows(CLAIM, values![now, lease_until, limit]).await?;
                let rows: Vec<JobColumns> = link.rows_in(JOBS, values![], ids.iter().map(|(id,)| *id)).await?;
                let jobs: BTreeMap<MailId, MailJob> = rows
                    .into_iter()
                    .map(|row| MailJob::try_from(row).map(|job| (job.mail.id, job)))
                    .collect::<Result<_, StoreError>>()?;
                Ok(jobs.into_values().collect())
            };
            let claimed = claimed.await;
            if let Some(jobs) = tries.settle(link, claimed).await? {
                return Ok(jobs);
            }
        }
    }

    /// What became of a claimed mail; `next_at` for a delayed one.
    pub async fn settle_mail(
        &self,
        id: MailId,
        state: MailState,
        said: &str,
        now: DateTime<Utc>,
        next_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let done_at = matches!(state, MailState::Accepted | MailState::Failed).then_some(now);
        self.writer().await?.execute(SETTLE, values![id, state.as_str(), said, next_at, done_at]).await?;
        Ok(())
    }

    /// When the next mail is due.
    pub async fn next_mail_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row: Option<(Option<i64>,)> = self.reader().await?.row(NEXT_AT, values![]).await?;
        Ok(row.and_then(|(at,)| at).map(instant))
    }

    /// Queues a mail that is no part of a change (a forgotten password).
    pub async fn queue_mail(&self, mail: &Mail) -> Result<(), StoreError> {
        self.writer().await?.write_rows(SAVE_MAILS, vec![mail.values(0)?]).await?;
        Ok(())
    }

    /// An event that administrators are told of, and the mails that tell them, together and once. False: it was told before.
    pub async fn raise_alarm(&self, scope: &Scope, event: &Event<'_>, mails: &[Mail]) -> Result<bool, StoreError> {
        self.raise(scope, event, mails, None).await
    }

    /// With a row of its own beside.
    pub(crate) async fn raise(
        &self,
        scope: &Scope,
        event: &Event<'_>,
        mails: &[Mail],
        row: Option<(&'static str, Vec<Value>)>,
    ) -> Result<bool, StoreError> {
        let rows: Vec<Vec<Value>> = mails.iter().map(|mail| mail.values(0)).collect::<Result<_, _>>()?;
        let Event { id, at, action, summary, user_id } = *event;
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let raised = async {
                let entry = Written { user_id, ..Written::event(id, at, action, summary) };
                let raised = journal::write(&mut link, scope, entry).await?;
                if raised {
                    link.write_rows(SAVE_MAILS, rows.clone()).await?;
                    if let Some((statement, values)) = row.clone() {
                        link.execute(statement, values).await?;
                    }
                }
                Ok(raised)
            };
            let raised = raised.await;
            if let Some(raised) = tries.settle(link, raised).await? {
                return Ok(raised);
            }
        }
    }

    /// Who is told when something of the account needs a person.
    pub async fn administrators(&self, scope: &Scope) -> Result<Vec<User>, StoreError> {
        schedule_facts::administrators(&mut self.snapshot().await?, scope.account_id).await
    }

    /// Tries a failed or delayed mail again at once. False: no such mail.
    pub async fn retry_mail(
        &self,
        scope: &Scope,
        user: UserId,
        id: MailId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let retried = self.writer().await?.execute(RETRY, values![scope.account_id, user, id, now]).await?;
        Ok(retried > 0)
    }
}
