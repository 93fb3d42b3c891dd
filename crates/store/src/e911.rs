//! E911 addresses.

use lineside_model::e911::{Confirmation, E911Address};
use lineside_model::id::{AccountId, UserId};
use lineside_model::plan::Record;
use sqlx::FromRow;
use uuid::Uuid;

use crate::StoreError;
use crate::record::Stored;
use crate::value::{Value, from_json, instant, json, kept_number, values};

pub(crate) const E911_OF_USERS: &str = "
    SELECT user_id, account_id, version, address, callback, confirmed_at, confirmed_by
    FROM e911_address WHERE account_id = $1 AND user_id IN (...)";
const SAVE_E911: &str = "
    INSERT INTO e911_address (user_id, account_id, version, address, callback, confirmed_at, confirmed_by) VALUES (...)
    ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, address = excluded.address,
        callback = excluded.callback, confirmed_at = excluded.confirmed_at, confirmed_by = excluded.confirmed_by
    WHERE e911_address.account_id = excluded.account_id AND e911_address.version = excluded.version - 1";
const DELETE_E911: &str = "DELETE FROM e911_address WHERE account_id = $1 AND user_id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[E911_OF_USERS, SAVE_E911, DELETE_E911];

#[derive(FromRow)]
pub(crate) struct E911Columns {
    user_id: Uuid,
    account_id: Uuid,
    version: i64,
    address: String,
    callback: Option<String>,
    confirmed_at: Option<i64>,
    confirmed_by: Option<String>,
}

impl TryFrom<E911Columns> for E911Address {
    type Error = StoreError;

    fn try_from(row: E911Columns) -> Result<Self, StoreError> {
        let confirmed =
            row.confirmed_at.map(|at| Confirmation { at: instant(at), by: row.confirmed_by.unwrap_or_default() });
        Ok(Self {
            user_id: UserId(row.user_id),
            account_id: AccountId(row.account_id),
            version: row.version,
            address: from_json("an E911 address", &row.address)?,
            callback: row.callback.as_deref().map(kept_number).transpose()?,
            confirmed,
        })
    }
}

impl Stored for E911Address {
    const SAVE: &'static str = SAVE_E911;
    const DELETE: &'static str = DELETE_E911;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::E911Address(e911) = record { Some(e911) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![
            self.user_id,
            self.account_id,
            version,
            json(&self.address)?,
            self.callback.as_ref().map(lineside_model::phone_number::E164::as_str),
            self.confirmed.as_ref().map(|confirmed| confirmed.at),
            self.confirmed.as_ref().map(|confirmed| confirmed.by.as_str()),
        ])
    }
}
