//! The accounts' rules for calls.

use lineside_model::account::Account;
use lineside_model::address::Country;
use lineside_model::call_settings::CallSettings;
use lineside_model::directory::DirectoryAccount;
use lineside_model::id::AccountId;
use lineside_model::journal::Scope;
use lineside_model::plan::Record;
use sqlx::FromRow;
use uuid::Uuid;

use crate::account::AccountColumns;
use crate::connection::Connection;
use crate::record::Stored;
use crate::value::{Value, from_json, json, values};
use crate::{Store, StoreError};

const CALL_SETTINGS: &str = "SELECT account_id, version, rules FROM call_settings WHERE account_id = $1";
/// Over all accounts, for the switch.
const DIRECTORY_ACCOUNTS: &str = "
    SELECT a.id, a.version, a.number, a.settings, a.created_at, s.rules
    FROM account a LEFT JOIN call_settings s ON s.account_id = a.id";
const DIRECTORY_ACCOUNT: &str = "
    SELECT a.id, a.version, a.number, a.settings, a.created_at, s.rules
    FROM account a LEFT JOIN call_settings s ON s.account_id = a.id WHERE a.id = $1";
const SAVE_CALL_SETTINGS: &str = "
    INSERT INTO call_settings (account_id, version, rules) VALUES (...)
    ON CONFLICT (account_id) DO UPDATE SET version = excluded.version, rules = excluded.rules
    WHERE call_settings.version = excluded.version - 1";
const DELETE_CALL_SETTINGS: &str = "DELETE FROM call_settings WHERE account_id = $1 AND account_id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[CALL_SETTINGS, DIRECTORY_ACCOUNTS, DIRECTORY_ACCOUNT, SAVE_CALL_SETTINGS, DELETE_CALL_SETTINGS];

#[derive(FromRow)]
struct CallSettingsColumns {
    account_id: Uuid,
    version: i64,
    rules: String,
}

impl TryFrom<CallSettingsColumns> for CallSettings {
    type Error = StoreError;

    fn try_from(row: CallSettingsColumns) -> Result<Self, StoreError> {
        let rules = from_json("rules for calls", &row.rules)?;
        Ok(Self { account_id: AccountId(row.account_id), version: row.version, rules })
    }
}

#[derive(FromRow)]
struct DirectoryAccountColumns {
    #[sqlx(flatten)]
    account: AccountColumns,
    rules: Option<String>,
}

impl TryFrom<DirectoryAccountColumns> for DirectoryAccount {
    type Error = StoreError;

    fn try_from(row: DirectoryAccountColumns) -> Result<Self, StoreError> {
        let account = Account::try_from(row.account)?;
        let rules = row.rules.map(|rules| from_json("rules for calls", &rules)).transpose()?;
        let country: Country = account.settings.country;
        Ok(Self {
            account_id: account.id,
            number: Some(account.number),
            sip_domain: account.settings.sip_domain.to_string(),
            country,
            time_zone: account.settings.time_zone,
            rules: rules.unwrap_or_default(),
        })
    }
}

impl Stored for CallSettings {
    const SAVE: &'static str = SAVE_CALL_SETTINGS;
    const DELETE: &'static str = DELETE_CALL_SETTINGS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::CallSettings(settings) = record { Some(settings) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![self.account_id, version, json(&self.rules)?])
    }
}

pub(crate) async fn load(link: &mut Connection, account: AccountId) -> Result<Option<CallSettings>, StoreError> {
    link.row::<CallSettingsColumns>(CALL_SETTINGS, values![account]).await?.map(CallSettings::try_from).transpose()
}

impl Store {
    /// `None`: the defaults hold.
    pub async fn call_settings(&self, scope: &Scope) -> Result<Option<CallSettings>, StoreError> {
        load(&mut self.reader().await?, scope.account_id).await
    }

    /// Every account as calls see it.
    pub async fn directory_accounts(&self) -> Result<Vec<DirectoryAccount>, StoreError> {
        let rows: Vec<DirectoryAccountColumns> = self.reader().await?.rows(DIRECTORY_ACCOUNTS, values![]).await?;
        rows.into_iter().map(DirectoryAccount::try_from).collect()
    }

    pub async fn directory_account(&self, id: AccountId) -> Result<Option<DirectoryAccount>, StoreError> {
        let row: Option<DirectoryAccountColumns> = self.reader().await?.row(DIRECTORY_ACCOUNT, values![id]).await?;
        row.map(DirectoryAccount::try_from).transpose()
    }
}
