//! API tokens of an account's people and of operators: kept by the SHA-256 of their secret.

use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::id::{AccountId, ChangeId, OperatorId, UserId};
use lineside_model::journal::{Actor, Scope};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::engine::Tries;
use crate::login::{Login, LoginColumns, Subject, login_columns};
use crate::value::{Value, instant, values};
use crate::{Store, StoreError, journal, operator_journal};

const ADD: &str = "
    INSERT INTO api_token (id, account_id, user_id, operator_id, name, prefix, hash, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const OF_USER: &str = "
    SELECT id, name, prefix, created_at, last_used_at FROM api_token
    WHERE account_id = $1 AND user_id = $2 ORDER BY created_at DESC, id";
const OF_OPERATOR: &str = "
    SELECT id, name, prefix, created_at, last_used_at FROM api_token
    WHERE operator_id = $1 ORDER BY created_at DESC, id";
const NAME_OF_USER: &str = "SELECT name FROM api_token WHERE account_id = $1 AND user_id = $2 AND id = $3";
const NAME_OF_OPERATOR: &str = "SELECT name FROM api_token WHERE operator_id = $1 AND id = $2";
const REVOKE_OF_USER: &str = "DELETE FROM api_token WHERE account_id = $1 AND user_id = $2 AND id = $3";
const REVOKE_OF_OPERATOR: &str = "DELETE FROM api_token WHERE operator_id = $1 AND id = $2";
const SUBJECT: &str = concat!(
    "SELECT ",
    login_columns!(),
    " JOIN api_token t ON t.user_id = g.user_id OR t.operator_id = g.operator_id
    WHERE t.hash = $1 AND (u.state IS NULL OR u.state = 'active')"
);
const USE: &str =
    "UPDATE api_token SET last_used_at = $2 WHERE hash = $1 AND (last_used_at IS NULL OR last_used_at < $3)";
const USED_LATELY: &str = "SELECT count(*) FROM api_token WHERE hash = $1 AND last_used_at >= $2";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    ADD,
    OF_USER,
    OF_OPERATOR,
    NAME_OF_USER,
    NAME_OF_OPERATOR,
    REVOKE_OF_USER,
    REVOKE_OF_OPERATOR,
    SUBJECT,
    USE,
    USED_LATELY,
];

/// Whom a token acts as: whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenOwner {
    User { scope: Scope, id: UserId },
    Operator { actor: Actor, id: OperatorId },
}

/// A token, without its secret.
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
struct Columns {
    id: Uuid,
    name: String,
    prefix: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

/// A journal's event: of the account, or of the operators.
struct Event<'a> {
    id: ChangeId,
    at: DateTime<Utc>,
    action: &'a str,
    summary: &'a str,
}

impl TokenOwner {
    /// The parameters by which statements find the owner's tokens.
    fn key(&self) -> Vec<Value> {
        match self {
            Self::User { scope, id } => values![scope.account_id, *id],
            Self::Operator { id, .. } => values![*id],
        }
    }

    fn either<T>(&self, of_user: T, of_operator: T) -> T {
        match self {
            Self::User { .. } => of_user,
            Self::Operator { .. } => of_operator,
        }
    }

    fn columns(&self) -> (Option<AccountId>, Option<UserId>, Option<OperatorId>) {
        match self {
            Self::User { scope, id } => (Some(scope.account_id), Some(*id), None),
            Self::Operator { id, .. } => (None, None, Some(*id)),
        }
    }

    async fn note(&self, link: &mut Connection, event: Event<'_>) -> Result<bool, StoreError> {
        let Event { id, at, action, summary } = event;
        match self {
            Self::User { scope, id: user } => {
                let entry = journal::Written::event(id, at, action, summary);
                journal::write(link, scope, journal::Written { user_id: Some(*user), ..entry }).await
            }
            Self::Operator { actor, .. } => {
                operator_journal::write(link, actor, operator_journal::Written::event(id, at, action, summary)).await
            }
        }
    }
}

async fn add(
    link: &mut Connection,
    owner: &TokenOwner,
    token: &ApiTokenRow,
    hash: &[u8],
    entry: ChangeId,
) -> Result<bool, StoreError> {
    let (account, user, operator) = owner.columns();
    let (name, prefix) = (token.name.as_str(), token.prefix.as_str());
    link.execute(ADD, values![token.id, account, user, operator, name, prefix, hash, token.created_at]).await?;
    let summary = format!("Made the API token {name}");
    owner.note(link, Event { id: entry, at: token.created_at, action: "add_api_token", summary: &summary }).await
}

async fn revoke(
    link: &mut Connection,
    owner: &TokenOwner,
    id: Uuid,
    entry: ChangeId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut token = owner.key();
    token.push(id.into());
    let name = owner.either(NAME_OF_USER, NAME_OF_OPERATOR);
    let Some((name,)) = link.row::<(String,)>(name, token.clone()).await? else { return Ok(false) };
    // Somebody else may have revoked it since.
    if link.execute(owner.either(REVOKE_OF_USER, REVOKE_OF_OPERATOR), token).await? == 0 {
        return Ok(false);
    }
    let summary = format!("Revoked the API token {name}");
    owner.note(link, Event { id: entry, at: now, action: "revoke_api_token", summary: &summary }).await
}

impl Store {
    /// With the journal's `entry`, which has its name and not its secret.
    pub async fn add_api_token(
        &self,
        owner: &TokenOwner,
        token: &ApiTokenRow,
        hash: &[u8],
        entry: ChangeId,
    ) -> Result<(), StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let added = add(&mut link, owner, token, hash, entry).await;
            if tries.settle(link, added).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// The newest first.
    pub async fn api_tokens(&self, owner: &TokenOwner) -> Result<Vec<ApiTokenRow>, StoreError> {
        let sql = owner.either(OF_USER, OF_OPERATOR);
        let rows: Vec<Columns> = self.reader().await?.rows(sql, owner.key()).await?;
        let token = |row: Columns| ApiTokenRow {
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
        owner: &TokenOwner,
        id: Uuid,
        entry: ChangeId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let revoked = revoke(&mut link, owner, id, entry, now).await;
            if let Some(revoked) = tries.settle(link, revoked).await? {
                return Ok(revoked);
            }
        }
    }

    /// Whose token it is, unless they are suspended; notes its use (at most once a minute).
    pub async fn api_token_subject(&self, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Subject>, StoreError> {
        let lately = now - TimeDelta::minutes(1);
        let mut link = self.reader().await?;
        let Some(row) = link.row::<LoginColumns>(SUBJECT, values![hash]).await? else { return Ok(None) };
        // Looked at first, so that most requests write nothing.
        let noted = link.number(USED_LATELY, values![hash, lately]).await? > 0;
        drop(link);
        if !noted {
            self.writer().await?.execute(USE, values![hash, now, lately]).await?;
        }
        Ok(Some(Login::try_from(row)?.subject))
    }
}
