//! Trunks of accounts, and the operator's, which have no account.

use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, TrunkId};
use lineside_model::journal::Scope;
use lineside_model::plan::Record;
use lineside_model::secret::Opaque;
use lineside_model::trunk::{Trunk, TrunkSettings};
use sqlx::FromRow;
use uuid::Uuid;

use crate::record::Stored;
use crate::value::{Value, from_json, instant, json, try_all, values};
use crate::{Store, StoreError};

macro_rules! trunk_columns {
    () => {
        "id, account_id, version, settings, password, created_at FROM trunk"
    };
}

pub(crate) const TRUNKS: &str = concat!("SELECT ", trunk_columns!(), " WHERE account_id = $1 ORDER BY id");
/// Over all accounts, for the switch.
const ALL_TRUNKS: &str = concat!("SELECT ", trunk_columns!());
const SAVE_TRUNKS: &str = "
    INSERT INTO trunk (id, account_id, version, settings, password, created_at) VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, settings = excluded.settings,
        password = excluded.password
    WHERE trunk.account_id = excluded.account_id AND trunk.version = excluded.version - 1";
const DELETE_TRUNKS: &str = "DELETE FROM trunk WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[TRUNKS, ALL_TRUNKS, SAVE_TRUNKS, DELETE_TRUNKS];

/// A trunk for the line directory; its password is sealed still.
#[derive(Debug, Clone)]
pub struct SealedTrunk {
    pub id: TrunkId,
    /// `None`: the operator's.
    pub account_id: Option<AccountId>,
    pub version: i64,
    pub settings: TrunkSettings,
    pub password: Option<Opaque>,
    pub created_at: DateTime<Utc>,
}

#[derive(FromRow)]
pub(crate) struct TrunkColumns {
    id: Uuid,
    account_id: Option<Uuid>,
    version: i64,
    settings: String,
    password: Option<Vec<u8>>,
    created_at: i64,
}

impl TryFrom<TrunkColumns> for SealedTrunk {
    type Error = StoreError;

    fn try_from(row: TrunkColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: TrunkId(row.id),
            account_id: row.account_id.map(AccountId),
            version: row.version,
            settings: from_json("a trunk", &row.settings)?,
            password: row.password.map(Opaque::new),
            created_at: instant(row.created_at),
        })
    }
}

impl TryFrom<TrunkColumns> for Trunk {
    type Error = StoreError;

    fn try_from(row: TrunkColumns) -> Result<Self, StoreError> {
        let SealedTrunk { id, account_id, version, settings, password, created_at } = row.try_into()?;
        let account_id = account_id.ok_or_else(|| StoreError::row("a trunk's account", "none"))?;
        Ok(Self { id, account_id, version, settings, password, created_at })
    }
}

impl Stored for Trunk {
    const SAVE: &'static str = SAVE_TRUNKS;
    const DELETE: &'static str = DELETE_TRUNKS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Trunk(trunk) = record { Some(trunk) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        let settings = json(&self.settings)?;
        Ok(values![self.id, self.account_id, version, settings, self.password.as_ref(), self.created_at])
    }
}

impl Store {
    /// In the order in which they are tried.
    pub async fn trunks(&self, scope: &Scope) -> Result<Vec<Trunk>, StoreError> {
        let rows: Vec<TrunkColumns> = self.reader().await?.rows(TRUNKS, values![scope.account_id]).await?;
        let mut trunks: Vec<Trunk> = try_all(rows)?;
        trunks.sort_by_key(|trunk| (trunk.settings.priority, trunk.id));
        Ok(trunks)
    }

    pub async fn all_trunks(&self) -> Result<Vec<SealedTrunk>, StoreError> {
        try_all(self.reader().await?.rows::<TrunkColumns>(ALL_TRUNKS, values![]).await?)
    }
}
