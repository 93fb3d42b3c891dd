//! Sign-in by username, over the whole system: users and operators share one space of names.

use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, OperatorId, UserId};
use lineside_model::user::{Role, UserState};

use crate::{Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Operator { id: OperatorId, name: String },
    User { id: UserId, account_id: AccountId, role: Role, state: UserState, name: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub username: String,
    pub subject: Subject,
    /// `None`: no password was set yet.
    pub password_hash: Option<String>,
    pub failures: i32,
    pub locked_until: Option<DateTime<Utc>>,
}

impl Store {
    /// By [`lineside_model::username::Username::key`].
    pub async fn login(&self, username_key: &str) -> Result<Option<Login>, StoreError> {
        todo!()
    }

    /// Counts a failure (the lock, once `failures` reaches the limit, is the caller's decision) and returns the count.
    pub async fn login_failed(
        &self,
        username_key: &str,
        locked_until: Option<DateTime<Utc>>,
    ) -> Result<i32, StoreError> {
        todo!()
    }

    /// Clears failures and notes the time.
    pub async fn login_succeeded(&self, username_key: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        todo!()
    }

    /// Sets a password, ends the subject's sessions and spends their link tokens, in one transaction.
    pub async fn set_password(&self, username_key: &str, password_hash: &str) -> Result<(), StoreError> {
        todo!()
    }

    pub async fn add_operator(
        &self,
        id: OperatorId,
        username: &str,
        name: &str,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Which of these usernames (keys beginning with `prefix`) are taken: for suggesting a free one.
    pub async fn usernames_beginning(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        todo!()
    }
}
