//! Accounts, for the operator and for their own pages.

use lineside_model::account::{Account, AccountNumber, AccountSettings};
use lineside_model::id::AccountId;
use lineside_model::journal::Scope;
use lineside_model::list::{AccountFilter, AccountRow, Page};
use lineside_model::plan::Record;
use lineside_model::text::fold;
use sqlx::FromRow;
use uuid::Uuid;

use crate::condition::{Condition, Total};
use crate::record::Stored;
use crate::value::{Value, from_json, instant, json, parse, try_all, values};
use crate::{Store, StoreError};

const ACCOUNT: &str = "SELECT id, version, number, settings, created_at FROM account WHERE id = $1";
const ACCOUNTS: &str = "
    SELECT a.id, a.number, a.settings, a.sip_domain, t.users, a.created_at
    FROM account a JOIN tally t ON t.account_id = a.id WHERE TRUE";
const COUNT: &str = "SELECT a.id FROM account a WHERE TRUE";
pub(crate) const BEGINS: &str =
    "(a.name_key LIKE ? ESCAPE '\\' OR a.number LIKE ? ESCAPE '\\' OR a.sip_domain LIKE ? ESCAPE '\\')";
const BY_NAME: &str = " ORDER BY a.name_key, a.id";
const ACCOUNT_NUMBER: &str = "SELECT count(*) FROM account WHERE number = $1";
const ACCOUNT_IDS: &str = "SELECT id FROM account ORDER BY id";
pub(crate) const SIP_DOMAIN_TAKEN: &str = "SELECT count(*) FROM account WHERE sip_domain = $1 AND id <> $2";
pub(crate) const ANY_ACCOUNT: &str = "SELECT count(*) FROM (SELECT id FROM account LIMIT 1) one";
const SAVE_ACCOUNTS: &str = "
    INSERT INTO account (id, version, number, sip_domain, name_key, settings, created_at) VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, number = excluded.number,
        sip_domain = excluded.sip_domain, name_key = excluded.name_key, settings = excluded.settings
    WHERE account.version = excluded.version - 1";
const DELETE_ACCOUNTS: &str = "DELETE FROM account WHERE id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[ACCOUNT, ACCOUNT_NUMBER, ACCOUNT_IDS, SIP_DOMAIN_TAKEN, ANY_ACCOUNT, SAVE_ACCOUNTS, DELETE_ACCOUNTS];

#[cfg(test)]
pub(crate) const COMPOSED: crate::condition::Composed =
    crate::condition::Composed { selects: &[ACCOUNTS, COUNT], clauses: &[BEGINS], orders: &[BY_NAME] };

#[derive(FromRow)]
pub(crate) struct AccountColumns {
    id: Uuid,
    version: i64,
    number: String,
    settings: String,
    created_at: i64,
}

impl TryFrom<AccountColumns> for Account {
    type Error = StoreError;

    fn try_from(row: AccountColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: AccountId(row.id),
            version: row.version,
            number: parse::<AccountNumber>("an account's number", &row.number)?,
            settings: from_json("an account's settings", &row.settings)?,
            created_at: instant(row.created_at),
        })
    }
}

#[derive(FromRow)]
struct ListedAccount {
    id: Uuid,
    number: String,
    settings: String,
    sip_domain: String,
    users: i64,
    created_at: i64,
}

impl TryFrom<ListedAccount> for AccountRow {
    type Error = StoreError;

    fn try_from(row: ListedAccount) -> Result<Self, StoreError> {
        let settings: AccountSettings = from_json("an account's settings", &row.settings)?;
        Ok(Self {
            id: AccountId(row.id),
            number: row.number,
            name: settings.name.to_string(),
            sip_domain: row.sip_domain,
            users: row.users,
            created_at: instant(row.created_at),
        })
    }
}

impl Stored for Account {
    const SAVE: &'static str = SAVE_ACCOUNTS;
    const DELETE: &'static str = DELETE_ACCOUNTS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Account(account) = record { Some(account) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![
            self.id,
            version,
            self.number.as_str(),
            self.settings.sip_domain.as_str(),
            fold(self.settings.name.as_str()),
            json(&self.settings)?,
            self.created_at,
        ])
    }
}

/// The account of a scope, read on this connection.
pub(crate) async fn load(
    link: &mut crate::connection::Connection,
    id: AccountId,
) -> Result<Option<Account>, StoreError> {
    link.row::<AccountColumns>(ACCOUNT, values![id]).await?.map(Account::try_from).transpose()
}

/// The beginning of a name, number or SIP domain, as [`BEGINS`] takes it; `None` for none.
pub(crate) fn beginning(search: &str) -> Option<String> {
    let search = search.trim();
    // Account numbers are written in two groups.
    let spaced_digits = search.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ');
    let beginning = if spaced_digits { search.replace(' ', "") } else { fold(search) };
    (!beginning.is_empty()).then(|| crate::search::beginning(&beginning))
}

impl Store {
    pub async fn account(&self, scope: &Scope) -> Result<Option<Account>, StoreError> {
        load(&mut self.reader().await?, scope.account_id).await
    }

    /// The operator's list, by name; beginnings of the name, number or SIP domain.
    pub async fn accounts(&self, filter: &AccountFilter) -> Result<Page<AccountRow>, StoreError> {
        let (mut condition, page) = (Condition::new(values![]), filter.page.max(1));
        condition.and_if(BEGINS, beginning(&filter.search));
        let mut link = self.snapshot().await?;
        let total = Total::capped(&mut link, COUNT, &condition).await?;
        let sql = condition.page(ACCOUNTS, BY_NAME, page);
        let rows: Vec<ListedAccount> = link.rows(sql, condition.values.clone()).await?;
        Ok(total.page(try_all(rows)?, page))
    }

    pub async fn account_number_exists(&self, number: &str) -> Result<bool, StoreError> {
        Ok(self.reader().await?.number(ACCOUNT_NUMBER, values![number]).await? > 0)
    }

    /// For workers that go from account to account.
    pub async fn account_ids(&self) -> Result<Vec<AccountId>, StoreError> {
        let rows = self.reader().await?.rows::<(Uuid,)>(ACCOUNT_IDS, values![]).await?;
        Ok(rows.into_iter().map(|(id,)| AccountId(id)).collect())
    }
}
