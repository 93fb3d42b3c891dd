//! Seats bought and used. The database itself guards that never more are used than bought.

use lineside_model::id::{AccountId, LicenseTypeId};
use lineside_model::journal::Scope;
use lineside_model::license::Seats;
use lineside_model::plan::{Plan, Record};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::record::Stored;
use crate::value::{Value, values};
use crate::{Store, StoreError};

pub(crate) const SEATS: &str = "
    SELECT account_id, license_type_id, version, bought, used FROM seats WHERE account_id = $1 ORDER BY license_type_id";
const SAVE_SEATS: &str = "
    INSERT INTO seats (account_id, license_type_id, version, bought) VALUES (...)
    ON CONFLICT (account_id, license_type_id) DO UPDATE SET version = excluded.version, bought = excluded.bought
    WHERE seats.version = excluded.version - 1 AND seats.used <= excluded.bought";
const DELETE_SEATS: &str = "DELETE FROM seats WHERE account_id = $1 AND used = 0 AND license_type_id IN (...)";
const TAKE_SEATS: &str = "
    UPDATE seats SET used = used + $3
    WHERE account_id = $1 AND license_type_id = $2 AND used + $3 <= bought AND used + $3 >= 0";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[SEATS, SAVE_SEATS, DELETE_SEATS, TAKE_SEATS];

#[derive(FromRow)]
pub(crate) struct SeatsColumns {
    account_id: Uuid,
    license_type_id: Uuid,
    version: i64,
    bought: i64,
    used: i64,
}

impl From<SeatsColumns> for Seats {
    fn from(row: SeatsColumns) -> Self {
        Self {
            account_id: AccountId(row.account_id),
            license_type_id: LicenseTypeId(row.license_type_id),
            version: row.version,
            bought: row.bought,
            used: row.used,
        }
    }
}

impl Stored for Seats {
    const SAVE: &'static str = SAVE_SEATS;
    const DELETE: &'static str = DELETE_SEATS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Seats(seats) = record { Some(seats) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![self.account_id, self.license_type_id, version, self.bought])
    }
}

/// Takes and frees the plan's seats. When somebody else took the last ones, planning anew tells so.
pub(crate) async fn take(link: &mut Connection, scope: &Scope, plan: &Plan) -> Result<(), StoreError> {
    for effect in &plan.seats {
        let taken = link.execute(TAKE_SEATS, values![scope.account_id, effect.license_type_id, effect.delta]).await?;
        if taken == 0 {
            return Err(StoreError::Busy);
        }
    }
    Ok(())
}

pub(crate) async fn load(link: &mut Connection, account: AccountId) -> Result<Vec<Seats>, StoreError> {
    let rows = link.rows::<SeatsColumns>(SEATS, values![account]).await?;
    Ok(rows.into_iter().map(Seats::from).collect())
}

impl Store {
    pub async fn seats(&self, scope: &Scope) -> Result<Vec<Seats>, StoreError> {
        load(&mut self.reader().await?, scope.account_id).await
    }
}
