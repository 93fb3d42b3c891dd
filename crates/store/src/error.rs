//! What can go wrong below the rules.

use thiserror::Error;

#[derive(Debug, Error)]
pub enum StoreError {
    #[error("the database can't be reached or answered with an error: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database's tables can't be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("a row can't be read: {0}")]
    Row(String),
    #[error("too many changes at once to the same rows; try again")]
    Busy,
    #[error("{0:?} is neither a sqlite: path nor a postgres:// address")]
    Url(String),
}

impl StoreError {
    pub(crate) fn row(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Row(format!("{what}: {error}"))
    }

    /// Others came between; the same transaction may succeed when it is tried again.
    pub(crate) fn is_passing(&self) -> bool {
        let code = self.code();
        // PostgreSQL: serialization failure, deadlock. SQLite: busy, locked, and their extended codes.
        matches!(self, Self::Busy)
            || self.is_conflict()
            || matches!(code.as_deref(), Some("40001" | "40P01" | "5" | "6" | "261" | "262" | "517" | "518"))
    }

    /// A row with the same unique value came between: planning anew tells which.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    fn code(&self) -> Option<String> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().map(std::borrow::Cow::into_owned),
            _ => None,
        }
    }
}
