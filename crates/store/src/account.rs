//! Accounts, for the operator and for their own pages.

use lineside_model::account::Account;
use lineside_model::id::AccountId;
use lineside_model::journal::Scope;
use lineside_model::list::AccountRow;

use crate::{Store, StoreError};

impl Store {
    pub async fn account(&self, scope: &Scope) -> Result<Option<Account>, StoreError> {
        todo!()
    }

    /// The operator's list, by name; beginnings of the name, number or SIP domain.
    pub async fn accounts(&self, search: &str) -> Result<Vec<AccountRow>, StoreError> {
        todo!()
    }

    pub async fn account_number_exists(&self, number: &str) -> Result<bool, StoreError> {
        todo!()
    }

    /// For workers that go from account to account.
    pub async fn account_ids(&self) -> Result<Vec<AccountId>, StoreError> {
        todo!()
    }
}
