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
