//! What the operator does: accounts, and the catalogue.

use lineside_auth::Password;
use lineside_model::account::AccountNumber;
use lineside_model::id::OperatorId;
use lineside_model::journal::Scope;
use lineside_model::license::Catalogue;
use lineside_model::list::AccountRow;
use lineside_model::username::Username;

use crate::{Caller, Service, ServiceError};

impl Service {
    pub async fn accounts(&self, caller: &Caller, search: &str) -> Result<Vec<AccountRow>, ServiceError> {
        caller.operator()?;
        Ok(self.store().accounts(search).await?)
    }

    /// A random number that no account has.
    pub async fn new_account_number(&self) -> Result<AccountNumber, ServiceError> {
        loop {
            let mut bytes = [0; 4];
            self.rng().fill_bytes(&mut bytes);
            let digits = 10_000_000 + u32::from_le_bytes(bytes) % 90_000_000;
            let number =
                AccountNumber::parse(&digits.to_string()).map_err(|error| ServiceError::field("number", error))?;
            if !self.store().account_number_exists(number.as_str()).await? {
                return Ok(number);
            }
        }
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

    /// Fills its schedule.
    pub async fn add_sample_schedule(&self, scope: &Scope, entries: usize) -> Result<(), ServiceError> {
        Ok(self.store().add_sample_schedule(scope, entries, self.now()).await?)
    }

    /// From the command line: who runs Lineside.
    pub async fn add_operator(&self, username: &str, name: &str, password: &str) -> Result<(), ServiceError> {
        let username = Username::parse(username).map_err(|error| ServiceError::field("username", error))?;
        let password =
            Password::parse(password, username.as_str()).map_err(|error| ServiceError::field("password", error))?;
        let hash = self.inner.hasher.hash(&password, &mut *self.rng()).await?;
        let id = OperatorId(self.new_uuid());
        Ok(self.store().add_operator(id, username.as_str(), name, hash.as_str()).await?)
    }
}
