//! Mailboxes and the messages in them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lineside_model::call_settings::CallRules;
use lineside_model::directory::DirectoryMailbox;
use lineside_model::id::{AccountId, CallId, MessageId, UserId};
use lineside_model::journal::Scope;
use lineside_model::mail::Mail;
use lineside_model::plan::Record;
use lineside_model::secret::Opaque;
use lineside_model::voicemail::{Mailbox, MessageState, StorageLevel, VoicemailMessage};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::engine::Tries;
use crate::mail::SAVE_MAILS;
use crate::record::Stored;
use crate::value::{Value, from_json, instant, json, known, try_all, values};
use crate::{Store, StoreError, call_settings, user};

macro_rules! message_columns {
    () => {
        "id, account_id, user_id, version, caller, received_at, duration_ms, state, audio, bytes, call_id, forwarded_by
        FROM voicemail_message"
    };
}

pub(crate) const MAILBOXES_OF_USERS: &str =
    "SELECT user_id, account_id, version, enabled, pin_hash FROM mailbox WHERE account_id = $1 AND user_id IN (...)";
const SAVE_MAILBOXES: &str = "
    INSERT INTO mailbox (user_id, account_id, version, enabled, pin_hash) VALUES (...)
    ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, enabled = excluded.enabled,
        pin_hash = excluded.pin_hash
    WHERE mailbox.account_id = excluded.account_id AND mailbox.version = excluded.version - 1";
const DELETE_MAILBOXES: &str = "DELETE FROM mailbox WHERE account_id = $1 AND user_id IN (...)";
pub(crate) const MESSAGES_BY_ID: &str =
    concat!("SELECT ", message_columns!(), " WHERE account_id = $1 AND id IN (...)");
pub(crate) const MESSAGES_OF_USERS: &str =
    concat!("SELECT ", message_columns!(), " WHERE account_id = $1 AND user_id IN (...)");
const MESSAGES: &str = concat!(
    "SELECT ",
    message_columns!(),
    " WHERE account_id = $1 AND user_id = $2 ORDER BY received_at DESC, id DESC LIMIT $3"
);
const ADD_MESSAGES: &str = "
    INSERT INTO voicemail_message (id, account_id, user_id, version, caller, received_at, duration_ms, state, audio,
        bytes, call_id, forwarded_by)
    VALUES (...) ON CONFLICT (id) DO NOTHING";
/// One that was left goes from mailbox to mailbox.
const SAVE_MESSAGES: &str = "
    INSERT INTO voicemail_message (id, account_id, user_id, version, caller, received_at, duration_ms, state, audio,
        bytes, call_id, forwarded_by)
    VALUES (...) ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, version = excluded.version,
        state = excluded.state, forwarded_by = excluded.forwarded_by
    WHERE voicemail_message.account_id = excluded.account_id AND voicemail_message.version = excluded.version - 1";
const DELETE_MESSAGES: &str = "DELETE FROM voicemail_message WHERE account_id = $1 AND id IN (...)";
const SET_STATE: &str = "
    UPDATE voicemail_message SET state = $4 WHERE account_id = $1 AND user_id = $2 AND id = $3 AND state <> $4";
/// Over all accounts, for the switch; a mailbox holds some hundreds of messages at most.
const COUNTS: &str = "
    SELECT m.user_id, m.account_id, m.state, count(*) AS messages, CAST(sum(m.bytes) AS BIGINT) AS bytes
    FROM voicemail_message m WHERE m.user_id IN (...) GROUP BY m.user_id, m.account_id, m.state";
const RULES: &str = "SELECT account_id, rules FROM call_settings WHERE account_id IN (...)";
const WATCH: &str = "SELECT failures, locked_until, told FROM mailbox_watch WHERE account_id = $1 AND user_id = $2";
const SAVE_WATCH: &str = "
    INSERT INTO mailbox_watch (user_id, account_id, failures, locked_until, told) VALUES (...)
    ON CONFLICT (user_id) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until,
        told = excluded.told";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    MAILBOXES_OF_USERS,
    SAVE_MAILBOXES,
    DELETE_MAILBOXES,
    MESSAGES_BY_ID,
    MESSAGES_OF_USERS,
    MESSAGES,
    ADD_MESSAGES,
    SAVE_MESSAGES,
    DELETE_MESSAGES,
    SET_STATE,
    COUNTS,
    RULES,
    WATCH,
    SAVE_WATCH,
];

/// The most messages that are listed; a mailbox is full long before.
const LISTED: i64 = 1_000;

#[derive(FromRow)]
pub(crate) struct MailboxColumns {
    user_id: Uuid,
    account_id: Uuid,
    version: i64,
    enabled: bool,
    pin_hash: Option<Vec<u8>>,
}

impl TryFrom<MailboxColumns> for Mailbox {
    type Error = StoreError;

    fn try_from(row: MailboxColumns) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: UserId(row.user_id),
            account_id: AccountId(row.account_id),
            version: row.version,
            enabled: row.enabled,
            pin_hash: row.pin_hash.map(Opaque::new),
        })
    }
}

#[derive(FromRow)]
pub(crate) struct MessageColumns {
    id: Uuid,
    account_id: Uuid,
    user_id: Uuid,
    version: i64,
    caller: String,
    received_at: i64,
    duration_ms: i64,
    state: String,
    audio: String,
    bytes: i64,
    call_id: Option<Uuid>,
    forwarded_by: Option<Uuid>,
}

impl TryFrom<MessageColumns> for VoicemailMessage {
    type Error = StoreError;

    fn try_from(row: MessageColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: MessageId(row.id),
            account_id: AccountId(row.account_id),
            user_id: UserId(row.user_id),
            version: row.version,
            caller: from_json("a caller", &row.caller)?,
            received_at: instant(row.received_at),
            duration_ms: u32::try_from(row.duration_ms).unwrap_or(u32::MAX),
            state: known("a message's state", &row.state, MessageState::parse)?,
            audio: row.audio,
            bytes: row.bytes.unsigned_abs(),
            call_id: row.call_id.map(CallId),
            forwarded_by: row.forwarded_by.map(UserId),
        })
    }
}

impl Stored for Mailbox {
    const SAVE: &'static str = SAVE_MAILBOXES;
    const DELETE: &'static str = DELETE_MAILBOXES;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Mailbox(mailbox) = record { Some(mailbox) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![self.user_id, self.account_id, version, self.enabled, self.pin_hash.as_ref()])
    }
}

impl Stored for VoicemailMessage {
    const SAVE: &'static str = SAVE_MESSAGES;
    const DELETE: &'static str = DELETE_MESSAGES;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::VoicemailMessage(message) = record { Some(message) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![
            self.id,
            self.account_id,
            self.user_id,
            version,
            json(&self.caller)?,
            self.received_at,
            self.duration_ms,
            self.state.as_str(),
            self.audio.as_str(),
            i64::try_from(self.bytes).unwrap_or(i64::MAX),
            self.call_id,
            self.forwarded_by,
        ])
    }
}

#[derive(FromRow)]
struct CountColumns {
    user_id: Uuid,
    account_id: Uuid,
    state: String,
    messages: i64,
    bytes: i64,
}

/// How many messages wait in each mailbox, and whether it is full.
pub(crate) async fn counts(
    link: &mut Connection,
    users: &[UserId],
) -> Result<BTreeMap<Uuid, DirectoryMailbox>, StoreError> {
    let rows: Vec<CountColumns> = link.rows_in(COUNTS, values![], users.iter().copied()).await?;
    let accounts: Vec<Uuid> = rows.iter().map(|row| row.account_id).collect();
    let rules: Vec<(Uuid, String)> = link.rows_in(RULES, values![], accounts).await?;
    let limit = |(account, rules): (Uuid, String)| {
        from_json::<CallRules>("rules for calls", &rules).map(|rules| (account, rules.voicemail_storage_mb))
    };
    let limits: BTreeMap<Uuid, u32> = rules.into_iter().map(limit).collect::<Result<_, _>>()?;
    let mut used: BTreeMap<Uuid, u64> = BTreeMap::new();
    let mut counts: BTreeMap<Uuid, DirectoryMailbox> = BTreeMap::new();
    for row in rows {
        let mailbox = counts.entry(row.user_id).or_default();
        let messages = u32::try_from(row.messages).unwrap_or(u32::MAX);
        match known("a message's state", &row.state, MessageState::parse)? {
            MessageState::New => mailbox.unheard = messages,
            MessageState::Saved => mailbox.saved = messages,
        }
        let bytes = used.entry(row.user_id).or_default();
        *bytes += row.bytes.unsigned_abs();
        let limit = limits.get(&row.account_id).copied().unwrap_or(CallRules::default().voicemail_storage_mb);
        mailbox.full = StorageLevel::of(*bytes, limit) == StorageLevel::Full;
    }
    Ok(counts)
}

/// A user's mailbox as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxDetail {
    /// `None`: as it comes.
    pub mailbox: Option<Mailbox>,
    /// The newest first.
    pub messages: Vec<VoicemailMessage>,
    pub bytes: u64,
    pub limit_mb: u32,
}

/// What happened to a mailbox beside what is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailboxWatch {
    /// Wrong PINs in a row.
    pub failures: i64,
    pub locked_until: Option<DateTime<Utc>>,
    /// The level that its user was told of.
    pub told: Option<StorageLevel>,
}

#[derive(FromRow)]
struct WatchColumns {
    failures: i64,
    locked_until: Option<i64>,
    told: Option<String>,
}

impl Store {
    pub async fn mailbox(&self, scope: &Scope, user: UserId) -> Result<MailboxDetail, StoreError> {
        let mut link = self.snapshot().await?;
        let own = values![scope.account_id];
        let mailboxes: Vec<MailboxColumns> = link.rows_in(MAILBOXES_OF_USERS, own, [user]).await?;
        let rows: Vec<MessageColumns> = link.rows(MESSAGES, values![scope.account_id, user, LISTED]).await?;
        let messages: Vec<VoicemailMessage> = try_all(rows)?;
        let rules = call_settings::load(&mut link, scope.account_id).await?.map(|settings| settings.rules);
        Ok(MailboxDetail {
            mailbox: mailboxes.into_iter().next().map(Mailbox::try_from).transpose()?,
            bytes: messages.iter().map(|message| message.bytes).sum(),
            messages,
            limit_mb: rules.unwrap_or_default().voicemail_storage_mb,
        })
    }

    pub async fn message(&self, scope: &Scope, id: MessageId) -> Result<Option<VoicemailMessage>, StoreError> {
        let rows: Vec<MessageColumns> =
            self.reader().await?.rows_in(MESSAGES_BY_ID, values![scope.account_id], [id]).await?;
        rows.into_iter().next().map(VoicemailMessage::try_from).transpose()
    }

    /// A message whose file lies in the storage, and the mails that tell of it, together. Told again, it is there once.
    /// False: it was there, or its user is gone.
    pub async fn add_message(&self, message: &VoicemailMessage, mails: &[Mail]) -> Result<bool, StoreError> {
        let rows: Vec<Vec<Value>> = mails.iter().map(|mail| mail.values(0)).collect::<Result<_, _>>()?;
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let added = async {
                if !user::exists(&mut link, message.account_id, message.user_id).await? {
                    return Ok(false);
                }
                let added = link.write_rows(ADD_MESSAGES, vec![message.values(1)?]).await?;
                if added > 0 {
                    link.write_rows(SAVE_MAILS, rows.clone()).await?;
                }
                Ok(added > 0)
            };
            let added = added.await;
            if let Some(added) = tries.settle(link, added).await? {
                return Ok(added);
            }
        }
    }

    /// A message that was listened to is new no longer, until somebody says so. False: it was so before.
    pub async fn set_message_state(
        &self,
        scope: &Scope,
        user: UserId,
        id: MessageId,
        state: MessageState,
    ) -> Result<bool, StoreError> {
        let values = values![scope.account_id, user, id, state.as_str()];
        Ok(self.writer().await?.execute(SET_STATE, values).await? > 0)
    }

    pub async fn mailbox_watch(&self, scope: &Scope, user: UserId) -> Result<MailboxWatch, StoreError> {
        let row: Option<WatchColumns> = self.reader().await?.row(WATCH, values![scope.account_id, user]).await?;
        let Some(row) = row else { return Ok(MailboxWatch::default()) };
        Ok(MailboxWatch {
            failures: row.failures,
            locked_until: row.locked_until.map(instant),
            told: row.told.map(|told| known("a storage level", &told, StorageLevel::parse)).transpose()?,
        })
    }

    pub async fn save_mailbox_watch(
        &self,
        scope: &Scope,
        user: UserId,
        watch: &MailboxWatch,
    ) -> Result<(), StoreError> {
        let told = watch.told.map(StorageLevel::as_str);
        let row = values![user, scope.account_id, watch.failures, watch.locked_until, told];
        self.writer().await?.write_rows(SAVE_WATCH, vec![row]).await?;
        Ok(())
    }
}
