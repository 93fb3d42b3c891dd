//! The outbox of mails: claimed, sent, settled.

use chrono::{DateTime, Utc};
use lineside_model::id::{MailId, UserId};
use lineside_model::journal::Scope;
use lineside_model::mail::{Mail, MailState};
use lineside_model::phone_number::E164;
use lineside_model::user::User;

use crate::{Store, StoreError};

/// A claimed mail with what its text says.
#[derive(Debug, Clone)]
pub struct MailJob {
    pub mail: Mail,
    pub user: User,
    pub number: Option<E164>,
    pub account_name: String,
}

impl Store {
    /// Claims mails that are due and puts their next try to `lease_until`, so that a claimer that dies loses nothing.
    /// Counts the attempt. PostgreSQL: `FOR UPDATE SKIP LOCKED`.
    pub async fn claim_mails(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<MailJob>, StoreError> {
        todo!()
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
        todo!()
    }

    /// When the next mail is due.
    pub async fn next_mail_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        todo!()
    }

    /// Queues a mail that is no part of a change (a forgotten password).
    pub async fn queue_mail(&self, mail: &Mail) -> Result<(), StoreError> {
        todo!()
    }

    /// Tries a failed or delayed mail again at once. False: no such mail.
    pub async fn retry_mail(
        &self,
        scope: &Scope,
        user: UserId,
        id: MailId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        todo!()
    }
}
