//! What the operator does: accounts, and the catalogue.

use lineside_auth::Password;
use lineside_model::account::{Account, AccountNumber};
use lineside_model::id::{AccountId, ChangeId, OperatorId};
use lineside_model::journal::Scope;
use lineside_model::license::Catalogue;
use lineside_model::list::{AccountFilter, AccountRow, Page};
use lineside_model::operator_journal::{OperatorEntry, OperatorJournalFilter};
use lineside_model::username::Username;

use crate::{Caller, Service, ServiceError};

impl Service {
    pub async fn accounts(&self, caller: &Caller, filter: &AccountFilter) -> Result<Page<AccountRow>, ServiceError> {
        caller.operator()?;
        Ok(self.store().accounts(filter).await?)
    }

    /// An account's settings: all of it that an operator sees.
    pub async fn settings_of(&self, caller: &Caller, id: AccountId) -> Result<Account, ServiceError> {
        self.store().account(&caller.settings_scope(id)?).await?.ok_or(ServiceError::NotFound)
    }

    /// A number that no account has. It follows from the change that opens the account, so that the plan which was read
    /// and the account that is opened have the same.
    pub async fn new_account_number(&self, id: ChangeId) -> Result<AccountNumber, ServiceError> {
        let mut of = uuid::Uuid::nil();
        loop {
            of = id.derive("account number", of);
            let digits = 10_000_000 + of.as_u128() % 90_000_000;
            let number =
                AccountNumber::parse(&digits.to_string()).map_err(|error| ServiceError::field("number", error))?;
            if !self.store().account_number_exists(number.as_str()).await? {
                return Ok(number);
            }
        }
    }

    /// What operators did, the newest first.
    pub async fn operator_journal(
        &self,
        caller: &Caller,
        filter: &OperatorJournalFilter,
    ) -> Result<Page<OperatorEntry>, ServiceError> {
        caller.operator()?;
        Ok(self.store().operator_journal(filter).await?)
    }

    pub async fn operator_entry(&self, caller: &Caller, id: ChangeId) -> Result<OperatorEntry, ServiceError> {
        caller.operator()?;
        self.store().operator_entry(id).await?.ok_or(ServiceError::NotFound)
    }

    /// For everybody who is signed in: what can be assigned.
    pub async fn catalogue(&self) -> Result<Catalogue, ServiceError> {
        Ok(self.store().catalogue().await?)
    }

    /// At the start: the catalogue that ships, when there is none.
    pub async fn install_catalogue(&self) -> Result<(), ServiceError> {
        Ok(self.store().install_catalogue(&Catalogue::default_catalogue()).await?)
    }

    /// Fills a new account for a measurement.
    pub async fn add_sample(&self, scope: &Scope, users: usize) -> Result<(), ServiceError> {
        Ok(self.store().add_sample(scope, users, self.now()).await?)
    }

    /// What `add_sample` writes, without anything that lists repeat of it.
    pub async fn add_bare_sample(&self, scope: &Scope, users: usize) -> Result<(), ServiceError> {
        Ok(self.store().add_bare_sample(scope, users, self.now()).await?)
    }

    /// Fills its schedule.
    pub async fn add_sample_schedule(&self, scope: &Scope, entries: usize) -> Result<(), ServiceError> {
        Ok(self.store().add_sample_schedule(scope, entries, self.now()).await?)
    }

    /// From the command line: who runs Lineside.
    pub async fn add_operator(&self, username: &str, name: &str, password: &str) -> Result<OperatorId, ServiceError> {
        let username = Username::parse(username).map_err(|error| ServiceError::field("username", error))?;
        let password =
            Password::parse(password, username.as_str()).map_err(|error| ServiceError::field("password", error))?;
        let hash = self.inner.hasher.hash(&password, &mut *self.rng()).await?;
        let id = OperatorId(self.new_uuid());
        self.store().add_operator(id, username.as_str(), name, hash.as_str()).await?;
        Ok(id)
    }
}
