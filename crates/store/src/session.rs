//! Sessions, one-time links and API tokens: kept by the SHA-256 of their secret.

use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::id::{ChangeId, UserId};
use lineside_model::journal::Scope;
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::engine::Tries;
use crate::journal::{self, Written};
use crate::login::{Login, LoginColumns, Subject, login_columns};
use crate::value::{instant, values};
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
const ADD_TOKEN: &str = "
    INSERT INTO api_token (id, account_id, user_id, name, prefix, hash, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const TOKENS: &str = "
    SELECT id, name, prefix, created_at, last_used_at FROM api_token
    WHERE account_id = $1 AND user_id = $2 ORDER BY created_at DESC, id";
const TOKEN_NAME: &str = "SELECT name FROM api_token WHERE account_id = $1 AND user_id = $2 AND id = $3";
const REVOKE_TOKEN: &str = "DELETE FROM api_token WHERE account_id = $1 AND user_id = $2 AND id = $3";
const TOKEN: &str = concat!(
    "SELECT ",
    login_columns!(),
    " JOIN api_token t ON t.user_id = g.user_id WHERE t.hash = $1 AND u.state = 'active'"
);
const USE_TOKEN: &str =
    "UPDATE api_token SET last_used_at = $2 WHERE hash = $1 AND (last_used_at IS NULL OR last_used_at < $3)";
const TOKEN_USED_LATELY: &str = "SELECT count(*) FROM api_token WHERE hash = $1 AND last_used_at >= $2";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    ADD_SESSION,
    FORGET_EXPIRED,
    SESSION,
    END_SESSION,
    END_OF_USERS,
    END_ALL,
    SPEND_LINKS,
    ADD_LINK,
    LINK,
    ADD_TOKEN,
    TOKENS,
    TOKEN_NAME,
    REVOKE_TOKEN,
    TOKEN,
    USE_TOKEN,
    TOKEN_USED_LATELY,
];

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

#[derive(FromRow)]
struct TokenColumns {
    id: Uuid,
    name: String,
    prefix: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

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

async fn revoke(
    link: &mut Connection,
    scope: &Scope,
    user: UserId,
    id: Uuid,
    entry: ChangeId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let token = values![scope.account_id, user, id];
    let Some((name,)) = link.row::<(String,)>(TOKEN_NAME, token.clone()).await? else { return Ok(false) };
    // Somebody else may have revoked it since.
    if link.execute(REVOKE_TOKEN, token).await? == 0 {
        return Ok(false);
    }
    let summary = format!("Revoked the API token {name}");
    let event = Written::event(entry, now, "revoke_api_token", &summary);
    journal::write(link, scope, Written { user_id: Some(user), ..event }).await
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

    /// With the journal's `entry`, which has its name and not its secret.
    pub async fn add_api_token(
        &self,
        scope: &Scope,
        user: UserId,
        token: &ApiTokenRow,
        hash: &[u8],
        entry: ChangeId,
    ) -> Result<(), StoreError> {
        let summary = format!("Made the API token {}", token.name);
        let (name, prefix) = (token.name.as_str(), token.prefix.as_str());
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let added = async {
                let values = values![token.id, scope.account_id, user, name, prefix, hash, token.created_at];
                link.execute(ADD_TOKEN, values).await?;
                let event = Written::event(entry, token.created_at, "add_api_token", &summary);
                journal::write(&mut link, scope, Written { user_id: Some(user), ..event }).await
            };
            let added = added.await;
            if tries.settle(link, added).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// The newest first.
    pub async fn api_tokens(&self, scope: &Scope, user: UserId) -> Result<Vec<ApiTokenRow>, StoreError> {
        let rows: Vec<TokenColumns> = self.reader().await?.rows(TOKENS, values![scope.account_id, user]).await?;
        let token = |row: TokenColumns| ApiTokenRow {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            created_at: instant(row.created_at),
            last_used_at: row.last_used_at.map(instant),
        };
        Ok(rows.into_iter().map(token).collect())
    }

    /// With the journal's `entry`. False: there is no such token, and no entry.
    pub async fn revoke_api_token(
        &self,
        scope: &Scope,
        user: UserId,
        id: Uuid,
        entry: ChangeId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let revoked = revoke(&mut link, scope, user, id, entry, now).await;
            if let Some(revoked) = tries.settle(link, revoked).await? {
                return Ok(revoked);
            }
        }
    }

    /// Whose token it is, unless they are suspended; notes its use (at most once a minute).
    pub async fn api_token_subject(&self, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Subject>, StoreError> {
        let lately = now - TimeDelta::minutes(1);
        let mut link = self.reader().await?;
        let Some(row) = link.row::<LoginColumns>(TOKEN, values![hash]).await? else { return Ok(None) };
        // Looked at first, so that most requests write nothing.
        let noted = link.number(TOKEN_USED_LATELY, values![hash, lately]).await? > 0;
        drop(link);
        if !noted {
            self.writer().await?.execute(USE_TOKEN, values![hash, now, lately]).await?;
        }
        Ok(Some(Login::try_from(row)?.subject))
    }
}
