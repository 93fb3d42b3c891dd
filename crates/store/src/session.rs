//! Sessions and one-time links: kept by the SHA-256 of their secret.

use chrono::{DateTime, Utc};
use lineside_model::id::UserId;
use uuid::Uuid;

use crate::connection::Connection;
use crate::engine::Tries;
use crate::login::{Login, LoginColumns, login_columns};
use crate::value::values;
use crate::{Store, StoreError};

const ADD_SESSION: &str = "
    INSERT INTO session (hash, user_id, operator_id, created_at, expires_at)
    SELECT $1, user_id, operator_id, $3, $4 FROM login WHERE username_key = $2";
const FORGET_EXPIRED: &str = "DELETE FROM session WHERE expires_at <= $1";
const SESSION: &str = concat!(
    "SELECT ",
    login_columns!(),
    " JOIN session s ON s.user_id = g.user_id OR s.operator_id = g.operator_id
    WHERE s.hash = $1 AND s.expires_at > $2 AND (u.state IS NULL OR u.state = 'active')"
);
const END_SESSION: &str = "DELETE FROM session WHERE hash = $1";
const END_OF_USERS: &str = "DELETE FROM session WHERE user_id IN (...)";
const END_ALL: &str = "DELETE FROM session WHERE user_id = $1 OR operator_id = $2";
const SPEND_LINKS: &str = "DELETE FROM link WHERE user_id = $1";
const ADD_LINK: &str = "INSERT INTO link (hash, user_id, expires_at) VALUES ($1, $2, $3)";
const LINK: &str = concat!(
    "SELECT ",
    login_columns!(),
    " JOIN link k ON k.user_id = g.user_id WHERE k.hash = $1 AND k.expires_at > $2"
);
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[ADD_SESSION, FORGET_EXPIRED, SESSION, END_SESSION, END_OF_USERS, END_ALL, SPEND_LINKS, ADD_LINK, LINK];

/// Suspended users are signed out at once, and stay so when they are resumed.
pub(crate) async fn end_of_users(link: &mut Connection, users: &[UserId]) -> Result<(), StoreError> {
    link.execute_in(END_OF_USERS, values![], users.iter().copied()).await?;
    Ok(())
}

/// A new password ends all sessions and spends all links.
pub(crate) async fn end_all(
    link: &mut Connection,
    user: Option<Uuid>,
    operator: Option<Uuid>,
) -> Result<(), StoreError> {
    link.execute(END_ALL, values![user, operator]).await?;
    link.execute(SPEND_LINKS, values![user]).await?;
    Ok(())
}

impl Store {
    pub async fn add_session(
        &self,
        hash: &[u8],
        username_key: &str,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut link = self.writer().await?;
        link.execute(FORGET_EXPIRED, values![now]).await?;
        link.execute(ADD_SESSION, values![hash, username_key, now, expires_at]).await?;
        Ok(())
    }

    /// Whose session it is, unless it expired or they were suspended.
    pub async fn session(&self, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Login>, StoreError> {
        let row = self.reader().await?.row::<LoginColumns>(SESSION, values![hash, now]).await?;
        row.map(Login::try_from).transpose()
    }

    pub async fn end_session(&self, hash: &[u8]) -> Result<(), StoreError> {
        self.writer().await?.execute(END_SESSION, values![hash]).await?;
        Ok(())
    }

    /// A link that sets the password once. Earlier links of the user are spent.
    pub async fn add_link(&self, hash: &[u8], user: UserId, expires_at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let added = async {
                link.execute(SPEND_LINKS, values![user]).await?;
                link.execute(ADD_LINK, values![hash, user, expires_at]).await
            };
            let added = added.await;
            if tries.settle(link, added).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Whose link it is, unless it expired or was spent. Setting the password spends it.
    pub async fn link(&self, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Login>, StoreError> {
        let row = self.reader().await?.row::<LoginColumns>(LINK, values![hash, now]).await?;
        row.map(Login::try_from).transpose()
    }
}
