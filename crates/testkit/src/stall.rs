//! A database that takes its time: nothing about calls is written until it goes on.

use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::database::Database;

/// Goes on when it ends, or is dropped.
pub enum Stalled {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Database {
    /// SQLite gives up after ten seconds.
    pub async fn stall(&self) -> anyhow::Result<Stalled> {
        let url = self.url();
        if url.starts_with("sqlite:") {
            let mut link = SqliteConnection::connect(&url).await?;
            sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut link).await?;
            return Ok(Stalled::Sqlite(Box::new(link)));
        }
        let mut link = PgConnection::connect(&url).await?;
        sqlx::raw_sql("BEGIN; LOCK TABLE call IN EXCLUSIVE MODE").execute(&mut link).await?;
        Ok(Stalled::Postgres(Box::new(link)))
    }
}

impl Stalled {
    pub async fn end(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(link) => link.close().await,
            Self::Postgres(link) => link.close().await,
        }
    }
}
