//! Sessions, one-time links and API tokens: kept by the SHA-256 of their secret.

use chrono::{DateTime, Utc};
use lineside_model::id::UserId;
use lineside_model::journal::Scope;
use uuid::Uuid;

use crate::login::{Login, Subject};
use crate::{Store, StoreError};

/// A token of an account's user for the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRow {
    pub id: Uuid,
    pub name: String,
    /// The beginning, which is shown.
    pub prefix: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Store {
    pub async fn add_session(
        &self,
        hash: &[u8],
        username_key: &str,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Whose session it is, unless it expired or they were suspended.
    pub async fn session(&self, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Login>, StoreError> {
        todo!()
    }

    pub async fn end_session(&self, hash: &[u8]) -> Result<(), StoreError> {
        todo!()
    }

    /// A link that sets the password once. Earlier links of the user are spent.
    pub async fn add_link(&self, hash: &[u8], user: UserId, expires_at: DateTime<Utc>) -> Result<(), StoreError> {
        todo!()
    }

    /// Whose link it is, unless it expired or was spent. Setting the password spends it.
    pub async fn link(&self, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Login>, StoreError> {
        todo!()
    }

    pub async fn add_api_token(
        &self,
        scope: &Scope,
        user: UserId,
        token: &ApiTokenRow,
        hash: &[u8],
    ) -> Result<(), StoreError> {
        todo!()
    }

    pub async fn api_tokens(&self, scope: &Scope, user: UserId) -> Result<Vec<ApiTokenRow>, StoreError> {
        todo!()
    }

    pub async fn revoke_api_token(&self, scope: &Scope, user: UserId, id: Uuid) -> Result<bool, StoreError> {
        todo!()
    }

    /// Whose token it is; notes its use (at most once a minute).
    pub async fn api_token_subject(&self, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Subject>, StoreError> {
        todo!()
    }
}
