//! Schedules that are to be rehearsed since the catalogue changed: asked for in the transaction of that change, worked off
//! part by part, by whichever node comes first. Over all accounts, as the catalogue is.

use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::value::{instant, values};
use crate::{Store, StoreError};

/// From the first user on, whatever was done for an earlier catalogue.
const ASK: &str = "
    INSERT INTO rehearsal (account_id, version, after_user, claimed_until)
    SELECT e.account_id, $1, $2, 0 FROM (
        SELECT DISTINCT account_id FROM schedule_entry WHERE state = 'scheduled'
    ) e WHERE TRUE
    ON CONFLICT (account_id) DO UPDATE SET version = excluded.version, after_user = excluded.after_user, claimed_until = 0";
const CLAIM: &str = "
    UPDATE rehearsal SET claimed_until = $2
    WHERE account_id = (
        SELECT r.account_id FROM rehearsal r WHERE r.claimed_until <= $1
        ORDER BY r.claimed_until, r.account_id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING account_id, version, after_user";
const GO_ON: &str = "UPDATE rehearsal SET after_user = $3, claimed_until = 0 WHERE account_id = $1 AND version = $2";
const DONE: &str = "DELETE FROM rehearsal WHERE account_id = $1 AND version = $2";
const NEXT: &str = "SELECT min(claimed_until) FROM rehearsal";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ASK, CLAIM, GO_ON, DONE, NEXT];

/// The rehearsal of one account, as far as it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rehearsal {
    pub account_id: AccountId,
    pub after: UserId,
    version: i64,
}

#[derive(FromRow)]
struct RehearsalColumns {
    account_id: Uuid,
    version: i64,
    after_user: Uuid,
}

/// Of every account that has scheduled entries; in the transaction that makes the catalogue this version.
pub(crate) async fn ask(link: &mut Connection, version: i64) -> Result<(), StoreError> {
    link.execute(ASK, values![version, Uuid::nil()]).await?;
    Ok(())
}

impl Store {
    /// A rehearsal that nobody is at work on, kept from others until the time given.
    pub async fn claim_rehearsal(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<Rehearsal>, StoreError> {
        let row: Option<RehearsalColumns> = self.writer().await?.row(CLAIM, values![now, until]).await?;
        Ok(row.map(|row| Rehearsal {
            account_id: AccountId(row.account_id),
            after: UserId(row.after_user),
            version: row.version,
        }))
    }

    /// Users up to this one were rehearsed; the rest may go to somebody else. When the catalogue changed again meanwhile,
    /// it begins anew.
    pub async fn go_on_rehearsing(&self, rehearsal: Rehearsal, after: UserId) -> Result<(), StoreError> {
        let values = values![rehearsal.account_id, rehearsal.version, after];
        self.writer().await?.execute(GO_ON, values).await?;
        Ok(())
    }

    pub async fn end_rehearsal(&self, rehearsal: Rehearsal) -> Result<(), StoreError> {
        self.writer().await?.execute(DONE, values![rehearsal.account_id, rehearsal.version]).await?;
        Ok(())
    }

    /// When there is one that can be claimed: long past, unless somebody is at work on all of them.
    pub async fn next_rehearsal_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row: Option<(Option<i64>,)> = self.reader().await?.row(NEXT, values![]).await?;
        Ok(row.and_then(|(at,)| at).map(instant))
    }
}
