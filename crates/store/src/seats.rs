//! Seats bought and used. The database itself guards that never more are used than bought.

use lineside_model::id::{AccountId, LicenseTypeId};
use lineside_model::journal::Scope;
use lineside_model::license::Seats;
use lineside_model::plan::{Plan, Record};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::record::Stored;
use crate::value::{Value, from_json, json, try_all, values};
use crate::{Store, StoreError};

pub(crate) const SEATS: &str = "
    SELECT account_id, license_type_id, version, bought, bound, used FROM seats WHERE account_id = $1 ORDER BY license_type_id";
const SAVE_SEATS: &str = "
    INSERT INTO seats (account_id, license_type_id, version, bought, bound) VALUES (...)
    ON CONFLICT (account_id, license_type_id) DO UPDATE SET version = excluded.version, bought = excluded.bought,
        bound = excluded.bound
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
    bound: String,
    used: i64,
}

impl TryFrom<SeatsColumns> for Seats {
    type Error = StoreError;

    fn try_from(row: SeatsColumns) -> Result<Self, StoreError> {
        Ok(Self {
            account_id: AccountId(row.account_id),
            license_type_id: LicenseTypeId(row.license_type_id),
            version: row.version,
            bought: row.bought,
            bound: from_json("bound seats", &row.bound)?,
            used: row.used,
        })
    }
}

impl Stored for Seats {
    const SAVE: &'static str = SAVE_SEATS;
    const DELETE: &'static str = DELETE_SEATS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Seats(seats) = record { Some(seats) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![self.account_id, self.license_type_id, version, self.bought, json(&self.bound)?])
    }
}

/// Takes and frees the plan's seats of now; those of a date are kept day by day. When somebody else took the last ones, planning anew tells so.
pub(crate) async fn take(link: &mut Connection, scope: &Scope, plan: &Plan) -> Result<(), StoreError> {
    for effect in plan.seats.iter().filter(|effect| effect.date.is_none()) {
        let taken = link.execute(TAKE_SEATS, values![scope.account_id, effect.license_type_id, effect.delta]).await?;
        if taken == 0 {
            return Err(StoreError::Busy);
        }
    }
    Ok(())
}

pub(crate) async fn load(link: &mut Connection, account: AccountId) -> Result<Vec<Seats>, StoreError> {
    try_all(link.rows::<SeatsColumns>(SEATS, values![account]).await?)
}

impl Store {
    pub async fn seats(&self, scope: &Scope) -> Result<Vec<Seats>, StoreError> {
        load(&mut self.reader().await?, scope.account_id).await
    }
}
