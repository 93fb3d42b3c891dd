//! The two engines: how each is opened, and how a transaction begins, ends and is tried again.

use std::borrow::Cow;
use std::iter;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use sqlx::migrate::{Migration, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, PgPool, SqlSafeStr, SqlitePool};

use crate::StoreError;
use crate::connection::{Connection, Link};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

const SQLITE_STATISTICS: &str = include_str!("../sqlite_statistics.sql");

/// SQLite has one writer at a time; readers go on beside it.
const SQLITE_READERS: u32 = 4;
/// Rows that SQLite's thread reads ahead of who asked for them: with few, the two threads would wake each other all the time.
const SQLITE_ROWS_AHEAD: usize = 1_024;
/// Pages of what a transaction writes that are kept in memory, 62 MB; the rest goes to the WAL before the commit. SQLite reads a
/// multiple of 256 as "never".
const SQLITE_SPILL: &str = "16000";
const POSTGRES_CONNECTIONS: u32 = 16;
/// How long a connection is waited for. A server that is away is soon known to be: people wait, and the switch tries again.
const POSTGRES_PATIENCE: Duration = Duration::from_secs(5);
/// A connection that was used within this time needs no test.
const POSTGRES_REST: Duration = Duration::from_secs(1);
/// Statements that a connection keeps prepared: lists are put together of more texts than there are constants.
const STATEMENTS_KEPT: usize = 400;
/// How often a transaction is tried before `Busy`.
const TRIES: u32 = 12;

#[derive(Clone)]
pub(crate) enum Engine {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

impl Engine {
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" => open_sqlite(url).await,
            "postgres" | "postgresql" => open_postgres(url).await,
            _ => Err(StoreError::Url(without_password(url))),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// SQLite's connections that nobody uses give back what memory they can; PostgreSQL's have none to speak of.
    pub(crate) async fn give_back(&self) -> Result<(), StoreError> {
        let Self::Sqlite { writer, readers } = self else { return Ok(()) };
        let unused: Vec<_> = iter::from_fn(|| readers.try_acquire()).chain(writer.try_acquire()).collect();
        for mut connection in unused {
            sqlx::raw_sql("PRAGMA shrink_memory").execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// For single statements that only read.
    pub(crate) async fn reader(&self, statements: &Arc<AtomicU64>) -> Result<Connection, StoreError> {
        let link = match self {
            Self::Sqlite { readers, .. } => Link::SqlitePool(readers.acquire().await?),
            Self::Postgres(pool) => Link::PostgresPool(pool.acquire().await?),
        };
        Ok(Connection::new(link, statements.clone()))
    }

    /// A single statement that writes, on its own.
    pub(crate) async fn writer(&self, statements: &Arc<AtomicU64>) -> Result<Connection, StoreError> {
        let link = match self {
            Self::Sqlite { writer, .. } => Link::SqlitePool(writer.acquire().await?),
            Self::Postgres(pool) => Link::PostgresPool(pool.acquire().await?),
        };
        Ok(Connection::new(link, statements.clone()))
    }

    /// Several statements that read one state of the database.
    pub(crate) async fn snapshot(&self, statements: &Arc<AtomicU64>) -> Result<Connection, StoreError> {
        let link = match self {
            Self::Sqlite { readers, .. } => Link::SqliteTransaction(readers.begin().await?),
            Self::Postgres(pool) => {
                Link::PostgresTransaction(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        };
        Ok(Connection::new(link, statements.clone()))
    }

    /// As [`Self::snapshot`], for lists that are searched: their plans are made for the values at hand, since one prefix
    /// matches ten users and the next fifty thousand. All other statements keep a plan for all values: making one costs more
    /// than most of them.
    pub(crate) async fn listing(&self, statements: &Arc<AtomicU64>) -> Result<Connection, StoreError> {
        match self {
            Self::Sqlite { .. } => self.snapshot(statements).await,
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
                    SET LOCAL plan_cache_mode = force_custom_plan";
                Ok(Connection::new(Link::PostgresTransaction(pool.begin_with(begin).await?), statements.clone()))
            }
        }
    }

    /// A transaction that acts as if it were alone: SQLite's write lock from the start, PostgreSQL's SERIALIZABLE.
    pub(crate) async fn begin(&self, statements: &Arc<AtomicU64>) -> Result<Connection, StoreError> {
        let link = match self {
            Self::Sqlite { writer, .. } => Link::SqliteTransaction(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => {
                Link::PostgresTransaction(pool.begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE").await?)
            }
        };
        Ok(Connection::new(link, statements.clone()))
    }

    /// Several statements that succeed or fail together, each seeing what others committed before it: for work that row
    /// locks keep apart.
    pub(crate) async fn begin_loose(&self, statements: &Arc<AtomicU64>) -> Result<Connection, StoreError> {
        match self {
            Self::Sqlite { .. } => self.begin(statements).await,
            Self::Postgres(pool) => {
                Ok(Connection::new(Link::PostgresTransaction(pool.begin().await?), statements.clone()))
            }
        }
    }
}

async fn open_sqlite(url: &str) -> Result<Engine, StoreError> {
    // FULL: what was answered survives a power cut, for one more fsync a change. A killed process loses nothing either way.
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        // What is written again and again while much is written; a rest takes it back.
        .pragma("cache_size", "-16000")
        .pragma("cache_spill", SQLITE_SPILL)
        // Pages that change again and again are copied into the database once for all that, not after each transaction.
        .pragma("wal_autocheckpoint", "16000")
        .pragma("journal_size_limit", "67108864")
        .pragma("mmap_size", "1073741824")
        .pragma("temp_store", "memory")
        .statement_cache_capacity(STATEMENTS_KEPT)
        .row_buffer_size(SQLITE_ROWS_AHEAD)
        // A slow statement with a thousand parameters would fill the log.
        .disable_statement_logging();
    let writer = sqlite_pool(1).connect_with(options.clone()).await?;
    migrations(sqlite_dialect).run(&writer).await?;
    sqlx::raw_sql(SQLITE_STATISTICS).execute(&writer).await?;
    let readers = sqlite_pool(SQLITE_READERS)
        // What is not in the WAL is read from the mapped file.
        .connect_with(options.pragma("query_only", "on").pragma("cache_size", "-400"))
        .await?;
    Ok(Engine::Sqlite { writer, readers })
}

/// With a full disk SQLite rolls back by itself, and the connection takes the transaction for one that goes on: it would never begin
/// another.
fn sqlite_pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).test_before_acquire(false).before_acquire(|connection, _| {
        let is_whole = !connection.is_in_transaction();
        Box::pin(async move { Ok(is_whole) })
    })
}

async fn open_postgres(url: &str) -> Result<Engine, StoreError> {
    let options = PgConnectOptions::from_str(url)?
        .options([("random_page_cost", "1.1"), ("jit", "off")])
        .statement_cache_capacity(STATEMENTS_KEPT)
        .disable_statement_logging();
    // A server that starts at the same time as the program is waited for longer.
    let first = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    migrations(str::to_owned).run(&first).await?;
    first.close().await;
    // A page takes several connections one after the other: each is asked whether it still works only after a rest.
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(POSTGRES_PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move {
                if metadata.idle_for >= POSTGRES_REST {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    Ok(Engine::Postgres(pool))
}

pub(crate) fn sqlite_dialect(text: &str) -> String {
    text.replace(" COLLATE \"C\"", "").replace("::jsonb", "").replace("/* WITHOUT ROWID */", "WITHOUT ROWID")
}

pub(crate) fn migrations(dialect: impl Fn(&str) -> String) -> Migrator {
    let translated = MIGRATIONS.iter().map(|migration| {
        let sql = AssertSqlSafe(dialect(migration.sql.as_str())).into_sql_str();
        Migration { sql, checksum: Cow::Owned(migration.checksum.to_vec()), ..migration.clone() }
    });
    Migrator::with_migrations(translated.collect())
}

/// Changes with every change to the migrations.
pub(crate) fn schema_version() -> u32 {
    let bytes = MIGRATIONS.iter().flat_map(|migration| migration.checksum.iter());
    bytes.fold(0, |hash: u32, byte| hash.rotate_left(5) ^ u32::from(*byte).wrapping_mul(0x9e37_79b9))
}

fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}://…{}", &url[..scheme], &url[at..]),
        _ => url.to_owned(),
    }
}

/// The tries of one transaction. A transaction that others came between is rolled back and tried again.
#[derive(Debug, Default)]
pub(crate) struct Tries(u32);

impl Tries {
    /// On the third try, those who came between each other go one by one: of sixteen that want the last seat, each would
    /// otherwise lose to another one again and again. Asked before the first statement, since PostgreSQL takes the picture
    /// that a transaction sees with that, and `LOCK TABLE` is none that counts.
    pub(crate) async fn take_turns(&self, connection: &mut Connection) -> Result<(), StoreError> {
        if self.0 >= 2 { connection.wait_for_turn().await } else { Ok(()) }
    }

    /// Commits what succeeded. `None`: try again.
    pub(crate) async fn settle<T>(
        &mut self,
        connection: Connection,
        result: Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let error = match result {
            Ok(value) => match connection.commit().await {
                Ok(()) => return Ok(Some(value)),
                Err(error) => error,
            },
            Err(error) => {
                connection.roll_back().await;
                error
            }
        };
        if !error.is_passing() {
            return Err(error);
        }
        self.0 += 1;
        if self.0 >= TRIES {
            tracing::warn!(%error, "gave up after {TRIES} tries");
            return Err(if error.is_conflict() { error } else { StoreError::Busy });
        }
        // A little longer each time, so that one of several goes through.
        tokio::time::sleep(Duration::from_millis(1 << self.0.min(6))).await;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_large_transaction_goes_to_the_wal_before_its_commit() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("spill.db").display());
        let Engine::Sqlite { writer, .. } = open_sqlite(&url).await.unwrap() else { panic!("this is SQLite") };
        let (pages,): (i64,) = sqlx::query_as("PRAGMA cache_spill").fetch_one(&writer).await.unwrap();
        assert_eq!(pages.to_string(), SQLITE_SPILL, "zero is never");
    }

    #[tokio::test]
    async fn once_a_full_disk_has_room_again_more_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("full.db").display());
        let Engine::Sqlite { writer, .. } = open_sqlite(&url).await.unwrap() else { panic!("this is SQLite") };
        sqlx::raw_sql("CREATE TABLE much (bytes BLOB)").execute(&writer).await.unwrap();
        let (pages,): (i64,) = sqlx::query_as("PRAGMA page_count").fetch_one(&writer).await.unwrap();
        // As it is kept with the connection, the next one has room again.
        sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA max_page_count = {}", pages + 8))).execute(&writer).await.unwrap();
        let write = async |bytes: i64| {
            let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
            let insert = sqlx::query("INSERT INTO much VALUES (zeroblob($1))").bind(bytes);
            insert.execute(&mut *transaction).await?;
            transaction.commit().await
        };
        let full = StoreError::from(write(1_000_000).await.expect_err("there is no room"));
        assert!(full.is_outage(), "{full}");
        write(1_000_000).await.expect("there is room");
    }

    #[tokio::test]
    async fn who_gives_memory_back_waits_for_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("rest.db").display());
        let engine = open_sqlite(&url).await.unwrap();
        let statements = Arc::default();
        let (writing, reading) =
            (engine.begin(&statements).await.unwrap(), engine.snapshot(&statements).await.unwrap());
        engine.give_back().await.unwrap();
        writing.commit().await.unwrap();
        reading.commit().await.unwrap();
        engine.give_back().await.unwrap();
    }
}
