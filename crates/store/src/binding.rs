//! Registered contacts, kept so that phones stay reachable over a restart. The registrar writes behind, in batches, over
//! all accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use chrono::{DateTime, Utc};
use lineside_model::directory::{Binding, RegistrationChange, Transport};
use lineside_model::id::{AccountId, DeviceId, LineId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::engine::Tries;
use crate::resync::WAKE;
use crate::tally::{Tally, UserCounts};
use crate::value::{instant, known, parse, try_all, values};
use crate::{Store, StoreError, readiness};

const LINES: &str = "SELECT id, account_id, user_id, device_id FROM line WHERE id IN (...)";
const SAVE: &str = "
    INSERT INTO binding (line_id, contact, account_id, user_id, device_id, transport, source, user_agent, call_id, cseq,
        registered_at, expires_at)
    VALUES (...)
    ON CONFLICT (line_id, contact) DO UPDATE SET transport = excluded.transport, source = excluded.source,
        user_agent = excluded.user_agent, call_id = excluded.call_id, cseq = excluded.cseq,
        registered_at = excluded.registered_at, expires_at = excluded.expires_at";
const REMOVE: &str = "DELETE FROM binding WHERE line_id = $1 AND contact = $2";
const SEEN: &str = "UPDATE device SET last_registered_at = $1 WHERE id IN (...)";
/// The last renewals of a registration are told when it ends.
const HEARD: &str = "UPDATE device SET last_registered_at = $1 WHERE id = $2 AND last_registered_at < $1";
const BINDINGS: &str = "
    SELECT account_id, user_id, line_id, contact, transport, source, user_agent, call_id, cseq, registered_at, expires_at
    FROM binding WHERE expires_at > $1 ORDER BY line_id, contact";
const EXPIRED: &str = "SELECT account_id, user_id, device_id FROM binding WHERE expires_at <= $1";
const EXPIRE: &str = "DELETE FROM binding WHERE expires_at <= $1";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[LINES, SAVE, REMOVE, SEEN, HEARD, BINDINGS, EXPIRED, EXPIRE];

#[derive(FromRow)]
struct BindingColumns {
    account_id: Uuid,
    user_id: Uuid,
    line_id: Uuid,
    contact: Vec<u8>,
    transport: String,
    source: String,
    user_agent: String,
    call_id: String,
    cseq: i64,
    registered_at: i64,
    expires_at: i64,
}

impl TryFrom<BindingColumns> for Binding {
    type Error = StoreError;

    fn try_from(row: BindingColumns) -> Result<Self, StoreError> {
        Ok(Self {
            account_id: AccountId(row.account_id),
            user_id: UserId(row.user_id),
            line_id: LineId(row.line_id),
            contact: row.contact.into(),
            transport: known("a transport", &row.transport, Transport::parse)?,
            source: parse::<SocketAddr>("a contact's source", &row.source)?,
            user_agent: row.user_agent.into(),
            call_id: row.call_id.into(),
            cseq: u32::try_from(row.cseq).map_err(|error| StoreError::row("a CSeq", error))?,
            registered_at: instant(row.registered_at),
            expires_at: instant(row.expires_at),
        })
    }
}

/// Whose line it is.
#[derive(Clone, Copy, FromRow)]
struct LineOwner {
    id: Uuid,
    account_id: Uuid,
    user_id: Uuid,
    device_id: Uuid,
}

/// Whose readiness a batch touches.
#[derive(Default)]
struct Touched {
    users: BTreeMap<AccountId, BTreeSet<UserId>>,
    devices: BTreeMap<AccountId, BTreeSet<DeviceId>>,
}

impl Touched {
    fn add(&mut self, account: Uuid, user: Uuid, device: Uuid) {
        let account = AccountId(account);
        self.users.entry(account).or_default().insert(UserId(user));
        self.devices.entry(account).or_default().insert(DeviceId(device));
    }
}

/// What a batch of registrations led to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// Phones that are to be asked to fetch their configuration.
    pub waiting: u64,
    /// Accounts with other counts of users who are ready.
    pub counted: BTreeSet<AccountId>,
}

/// The last word on each contact of a batch: how it is registered, or when it was heard of last.
type LastWords<'a> = BTreeMap<(LineId, &'a [u8]), Result<&'a Binding, DateTime<Utc>>>;

fn last_words(changes: &[RegistrationChange]) -> LastWords<'_> {
    let mut last = BTreeMap::new();
    for change in changes {
        match change {
            RegistrationChange::Put(binding) => last.insert((binding.line_id, &*binding.contact), Ok(binding)),
            RegistrationChange::Removed { line_id, contact, heard_at, .. } => {
                last.insert((*line_id, &**contact), Err(*heard_at))
            }
        };
    }
    last
}

impl Store {
    /// Writes a batch behind the registrar, in one transaction; changes of lines that are gone are passed over. Keeps each
    /// user's and device's registered state current.
    pub async fn save_bindings(&self, changes: &[RegistrationChange], now: DateTime<Utc>) -> Result<Saved, StoreError> {
        if changes.is_empty() {
            return Ok(Saved::default());
        }
        let last = last_words(changes);
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let saved = self.write_bindings(&mut link, &last, now).await;
            if let Some(saved) = tries.settle(link, saved).await? {
                return Ok(saved);
            }
        }
    }

    async fn write_bindings(
        &self,
        link: &mut Connection,
        last: &LastWords<'_>,
        now: DateTime<Utc>,
    ) -> Result<Saved, StoreError> {
        let lines: BTreeSet<LineId> = last.keys().map(|(line, _)| *line).collect();
        let owners: Vec<LineOwner> = link.rows_in(LINES, values![], lines).await?;
        let owners: BTreeMap<Uuid, LineOwner> = owners.into_iter().map(|owner| (owner.id, owner)).collect();
        let (mut touched, mut rows, mut removed, mut seen) =
            (Touched::default(), Vec::new(), Vec::new(), BTreeSet::new());
        for ((line, contact), binding) in last {
            let Some(owner) = owners.get(&line.0) else { continue };
            touched.add(owner.account_id, owner.user_id, owner.device_id);
            let binding = match binding {
                Ok(binding) => binding,
                Err(heard_at) => {
                    removed.push((values![*line, *contact], values![*heard_at, owner.device_id]));
                    continue;
                }
            };
            seen.insert(owner.device_id);
            rows.push(values![
                *line,
                *contact,
                owner.account_id,
                owner.user_id,
                owner.device_id,
                binding.transport.as_str(),
                binding.source.to_string(),
                &*binding.user_agent,
                &*binding.call_id,
                binding.cseq,
                binding.registered_at,
                binding.expires_at,
            ]);
        }
        let before = user_counts(link, &touched).await?;
        for (contact, heard) in removed {
            link.execute(REMOVE, contact).await?;
            link.execute(HEARD, heard).await?;
        }
        link.write_rows(SAVE, rows).await?;
        let waiting = link.execute_in(WAKE, values![now], seen.iter().copied()).await?;
        link.execute_in(SEEN, values![now], seen).await?;
        let counted = self.refresh(link, &touched, &before).await?;
        Ok(Saved { waiting, counted })
    }

    /// Those not yet expired.
    pub async fn bindings(&self, now: DateTime<Utc>) -> Result<Vec<Binding>, StoreError> {
        try_all(self.reader().await?.rows::<BindingColumns>(BINDINGS, values![now]).await?)
    }

    /// Removes what expired while nobody was there to see it.
    pub async fn expire_bindings(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let expired = self.remove_expired(&mut link, now).await;
            if let Some(count) = tries.settle(link, expired).await? {
                return Ok(count);
            }
        }
    }

    async fn remove_expired(&self, link: &mut Connection, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let rows: Vec<(Uuid, Uuid, Uuid)> = link.rows(EXPIRED, values![now]).await?;
        let mut touched = Touched::default();
        for (account, user, device) in &rows {
            touched.add(*account, *user, *device);
        }
        let before = user_counts(link, &touched).await?;
        let removed = link.execute(EXPIRE, values![now]).await?;
        self.refresh(link, &touched, &before).await?;
        Ok(removed)
    }

    /// What lists repeat of the users and devices, and the accounts' counts.
    async fn refresh(
        &self,
        link: &mut Connection,
        touched: &Touched,
        before: &BTreeMap<AccountId, UserCounts>,
    ) -> Result<BTreeSet<AccountId>, StoreError> {
        let mut counted = BTreeSet::new();
        let catalogue = self.catalogue_on(link).await?;
        for (account, devices) in &touched.devices {
            readiness::refresh_devices(link, *account, devices.iter().copied()).await?;
        }
        for (account, users) in &touched.users {
            let users: Vec<UserId> = users.iter().copied().collect();
            readiness::refresh_users(link, *account, &catalogue, &users).await?;
            let after = UserCounts::of(link, *account, &users).await?;
            let before = before.get(account).copied().unwrap_or_default();
            if after != before {
                counted.insert(*account);
            }
            let tally = Tally { of_users: after.since(&before), ..Tally::default() };
            tally.add(link, *account).await?;
        }
        Ok(counted)
    }
}

async fn user_counts(link: &mut Connection, touched: &Touched) -> Result<BTreeMap<AccountId, UserCounts>, StoreError> {
    let mut counts = BTreeMap::new();
    for (account, users) in &touched.users {
        let users: Vec<UserId> = users.iter().copied().collect();
        counts.insert(*account, UserCounts::of(link, *account, &users).await?);
    }
    Ok(counts)
}
