//! Sign-in by username, over the whole system: users and operators share one space of names.

use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, OperatorId, UserId};
use lineside_model::user::{Role, User, UserState};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::engine::Tries;
use crate::search;
use crate::value::{instant, known, values};
use crate::{Store, StoreError, session};

macro_rules! login_columns {
    () => {
        "g.username, g.password_hash, g.failures, g.locked_until, g.user_id, g.account_id, g.operator_id,
        u.role, u.state, u.first_name, u.last_name, o.name AS operator_name
        FROM login g LEFT JOIN account_user u ON u.id = g.user_id LEFT JOIN operator o ON o.id = g.operator_id"
    };
}
pub(crate) use login_columns;

pub(crate) const USERNAMES_TAKEN: &str =
    "SELECT username_key, account_id, user_id FROM login WHERE username_key IN (...)";
const LOGIN: &str = concat!("SELECT ", login_columns!(), " WHERE g.username_key = $1");
const FAILED: &str = "
    UPDATE login SET failures = failures + 1, locked_until = COALESCE($2, locked_until)
    WHERE username_key = $1 RETURNING failures";
const SUCCEEDED: &str = "UPDATE login SET failures = 0, locked_until = NULL, last_sign_in = $2 WHERE username_key = $1";
const SET_PASSWORD: &str = "
    UPDATE login SET password_hash = $2, failures = 0, locked_until = NULL WHERE username_key = $1
    RETURNING user_id, operator_id";
const ADD_OPERATOR: &str = "INSERT INTO operator (id, name) VALUES ($1, $2)";
const ADD_OPERATOR_LOGIN: &str =
    "INSERT INTO login (username_key, username, operator_id, password_hash) VALUES ($1, $2, $3, $4)";
const BEGINNING: &str = "
    SELECT username_key FROM login WHERE username_key >= $1 AND username_key < $2 ORDER BY username_key LIMIT 10000";
const SAVE_USERNAMES: &str = "
    INSERT INTO login (username_key, username, account_id, user_id) VALUES (...)
    ON CONFLICT (user_id) DO UPDATE SET username_key = excluded.username_key, username = excluded.username";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    USERNAMES_TAKEN,
    LOGIN,
    FAILED,
    SUCCEEDED,
    SET_PASSWORD,
    ADD_OPERATOR,
    ADD_OPERATOR_LOGIN,
    BEGINNING,
    SAVE_USERNAMES,
];

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

#[derive(FromRow)]
pub(crate) struct LoginColumns {
    username: String,
    password_hash: Option<String>,
    failures: i64,
    locked_until: Option<i64>,
    user_id: Option<Uuid>,
    account_id: Option<Uuid>,
    operator_id: Option<Uuid>,
    role: Option<String>,
    state: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    operator_name: Option<String>,
}

impl TryFrom<LoginColumns> for Login {
    type Error = StoreError;

    fn try_from(row: LoginColumns) -> Result<Self, StoreError> {
        let subject = match (row.operator_id, row.user_id, row.account_id) {
            (Some(id), ..) => Subject::Operator { id: OperatorId(id), name: row.operator_name.unwrap_or_default() },
            (None, Some(id), Some(account)) => Subject::User {
                id: UserId(id),
                account_id: AccountId(account),
                role: known("a role", &row.role.unwrap_or_default(), Role::parse)?,
                state: known("a user's state", &row.state.unwrap_or_default(), UserState::parse)?,
                name: format!("{} {}", row.first_name.unwrap_or_default(), row.last_name.unwrap_or_default()),
            },
            _ => return Err(StoreError::row("a sign-in", &row.username)),
        };
        Ok(Self {
            username: row.username,
            subject,
            password_hash: row.password_hash,
            failures: i32::try_from(row.failures).unwrap_or(i32::MAX),
            locked_until: row.locked_until.map(instant),
        })
    }
}

/// The usernames of new users, and changed ones.
pub(crate) async fn save_usernames(
    link: &mut Connection,
    account: AccountId,
    users: &[&User],
) -> Result<(), StoreError> {
    let row = |user: &&User| {
        let username = &user.profile.username;
        // Nobody can type a space in a username: the name is free for others, the password waits for its user.
        let key = if user.is_deleted() { format!("deleted {}", user.id) } else { username.key().into() };
        values![key, username.as_str(), account, user.id]
    };
    link.write_rows(SAVE_USERNAMES, users.iter().map(row).collect()).await?;
    Ok(())
}

impl Store {
    /// By [`lineside_model::username::Username::key`].
    pub async fn login(&self, username_key: &str) -> Result<Option<Login>, StoreError> {
        let row = self.reader().await?.row::<LoginColumns>(LOGIN, values![username_key]).await?;
        row.map(Login::try_from).transpose()
    }

    /// Counts a failure (the lock, once `failures` reaches the limit, is the caller's decision) and returns the count.
    pub async fn login_failed(
        &self,
        username_key: &str,
        locked_until: Option<DateTime<Utc>>,
    ) -> Result<i32, StoreError> {
        let failures = self.writer().await?.number(FAILED, values![username_key, locked_until]).await?;
        Ok(i32::try_from(failures).unwrap_or(i32::MAX))
    }

    /// Clears failures and notes the time.
    pub async fn login_succeeded(&self, username_key: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.writer().await?.execute(SUCCEEDED, values![username_key, now]).await?;
        Ok(())
    }

    /// Sets a password, ends the subject's sessions and spends their link tokens, in one transaction.
    pub async fn set_password(&self, username_key: &str, password_hash: &str) -> Result<(), StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let set = async {
                let subject: Option<(Option<Uuid>, Option<Uuid>)> =
                    link.row(SET_PASSWORD, values![username_key, password_hash]).await?;
                match subject {
                    Some((user, operator)) => session::end_all(&mut link, user, operator).await,
                    None => Ok(()),
                }
            };
            let set = set.await;
            if tries.settle(link, set).await?.is_some() {
                return Ok(());
            }
        }
    }

    pub async fn add_operator(
        &self,
        id: OperatorId,
        username: &str,
        name: &str,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        let mut link = self.begin().await?;
        link.execute(ADD_OPERATOR, values![id, name]).await?;
        let login = values![username.to_ascii_lowercase(), username, id, password_hash];
        link.execute(ADD_OPERATOR_LOGIN, login).await?;
        link.commit().await
    }

    /// Which of these usernames (keys beginning with `prefix`) are taken: for suggesting a free one.
    pub async fn usernames_beginning(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = self.reader().await?.rows(BEGINNING, values![prefix, search::past(prefix)]).await?;
        Ok(rows.into_iter().map(|(key,)| key).collect())
    }
}
