//! Trunks of accounts, and the operator's, which have no account.

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::account::AccountNumber;
use lineside_model::id::{AccountId, TrunkId};
use lineside_model::journal::Scope;
use lineside_model::operator_trunk::Served;
use lineside_model::plan::Record;
use lineside_model::secret::Opaque;
use lineside_model::trunk::Trunk;
use sqlx::FromRow;
use uuid::Uuid;

use crate::record::Stored;
use crate::value::{Value, from_json, instant, json, try_all, values};
use crate::{Store, StoreError};

macro_rules! trunk_columns {
    () => {
        "id, account_id, version, settings, serves, password, created_at FROM trunk"
    };
}

pub(crate) const TRUNKS: &str = concat!("SELECT ", trunk_columns!(), " WHERE account_id = $1 ORDER BY id");
/// Over all accounts, for the switch.
const ALL_TRUNKS: &str = concat!("SELECT ", trunk_columns!());
/// Over all accounts: those that the operator's trunks name.
const ACCOUNTS: &str = "SELECT number, id FROM account WHERE number IN (...)";
const SAVE_TRUNKS: &str = "
    INSERT INTO trunk (id, account_id, version, settings, password, created_at) VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, settings = excluded.settings,
        password = excluded.password
    WHERE trunk.account_id = excluded.account_id AND trunk.version = excluded.version - 1";
const DELETE_TRUNKS: &str = "DELETE FROM trunk WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[TRUNKS, ALL_TRUNKS, ACCOUNTS, SAVE_TRUNKS, DELETE_TRUNKS];

/// A trunk for the line directory; its password is sealed still.
#[derive(Debug, Clone)]
pub struct SealedTrunk {
    pub trunk: Trunk,
    /// The accounts that the operator's is for; `None`: every one.
    pub serves: Option<BTreeSet<AccountId>>,
}

#[derive(FromRow)]
pub(crate) struct TrunkColumns {
    id: Uuid,
    account_id: Option<Uuid>,
    version: i64,
    settings: String,
    serves: Option<String>,
    password: Option<Vec<u8>>,
    created_at: i64,
}

impl TryFrom<TrunkColumns> for Trunk {
    type Error = StoreError;

    fn try_from(row: TrunkColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: TrunkId(row.id),
            account_id: row.account_id.map(AccountId),
            version: row.version,
            settings: from_json("a trunk", &row.settings)?,
            serves: row.serves.map(served).transpose()?,
            password: row.password.map(Opaque::new),
            created_at: instant(row.created_at),
        })
    }
}

fn served(text: String) -> Result<Served, StoreError> {
    Served::try_from(text).map_err(|error| StoreError::row("whom a trunk is for", error))
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
        let mut link = self.snapshot().await?;
        let trunks: Vec<Trunk> = try_all(link.rows::<TrunkColumns>(ALL_TRUNKS, values![]).await?)?;
        let named: BTreeSet<&AccountNumber> =
            trunks.iter().flat_map(|trunk| &trunk.serves).flat_map(Served::numbers).collect();
        let found: Vec<(String, Uuid)> =
            link.rows_in(ACCOUNTS, values![], named.into_iter().map(AccountNumber::as_str)).await?;
        let found: BTreeMap<String, AccountId> =
            found.into_iter().map(|(number, id)| (number, AccountId(id))).collect();
        let sealed = |trunk: Trunk| {
            let only = trunk.serves.as_ref().filter(|serves| **serves != Served::All);
            let ids =
                |serves: &Served| serves.numbers().filter_map(|number| found.get(number.as_str()).copied()).collect();
            SealedTrunk { serves: only.map(ids), trunk }
        };
        Ok(trunks.into_iter().map(sealed).collect())
    }
}
