//! A database that takes its time, is away or is damaged.

use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::database::{Database, run};

/// Goes on when it ends, or is dropped.
pub enum Stalled {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Database {
    /// Nothing about calls is written until it goes on. SQLite gives up after ten seconds.
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

/// A database that takes no connections until it is back.
pub struct Away {
    server: PgConnection,
    name: String,
}

impl Database {
    /// Does something to the tables that the program never would.
    pub async fn meddle(&self, sql: &'static str) -> anyhow::Result<()> {
        let url = self.url();
        if url.starts_with("sqlite:") {
            sqlx::raw_sql(sql).execute(&mut SqliteConnection::connect(&url).await?).await?;
        } else {
            sqlx::raw_sql(sql).execute(&mut PgConnection::connect(&url).await?).await?;
        }
        Ok(())
    }

    /// Breaks all connections. `None` for SQLite, which can't go away.
    pub async fn go_away(&self) -> anyhow::Result<Option<Away>> {
        const BREAK: &str = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1";
        let Some((server, name)) = self.server() else { return Ok(None) };
        let mut server = PgConnection::connect_with(server).await?;
        run(&mut server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await?;
        sqlx::query(BREAK).bind(name).execute(&mut server).await?;
        Ok(Some(Away { server, name: name.to_owned() }))
    }
}

impl Away {
    pub async fn end(mut self) -> anyhow::Result<()> {
        run(&mut self.server, format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name)).await?;
        Ok(self.server.close().await?)
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
