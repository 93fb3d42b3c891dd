//! A database of its own for each test, on either engine.
//!
//! PostgreSQL tests want `LINESIDE_TEST_POSTGRES`, the address of a server where they may create databases, such as
//! `postgres://postgres@127.0.0.1:5432/postgres`. Without it they are passed over, loudly; in CI that is an error.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use lineside_store::Store;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// An empty database with its tables; gone when dropped.
pub struct Database {
    pub store: Store,
    place: Place,
}

enum Place {
    File { directory: TempDir },
    Server { server: Box<PgConnectOptions>, name: String },
}

const SERVER: &str = "LINESIDE_TEST_POSTGRES";
/// How the server knows a program.
const PROGRAM: &str = "lineside_test_program";
/// What a dead program asked a server for is done within this time.
const PATIENCE: Duration = Duration::from_secs(30);
/// One process migrates the template while others wait: the key of PostgreSQL's advisory lock.
const TEMPLATE_LOCK: i64 = 0x6c69_6e65_7369_6465;

impl Database {
    /// `None`: no server was given for PostgreSQL.
    pub async fn fresh(engine: Engine) -> Option<Self> {
        let made = match engine {
            Engine::Sqlite => Self::in_file().await,
            Engine::Postgres => match server() {
                Some(server) => Self::on_server(server).await,
                None => return None,
            },
        };
        Some(made.unwrap_or_else(|error| panic!("no database for this test on {engine:?}: {error:#}")))
    }

    /// For a second handle.
    pub fn url(&self) -> String {
        self.place.url()
    }

    /// For a program of its own that is killed.
    pub fn url_of_program(&self) -> String {
        match &self.place {
            Place::File { .. } => self.url(),
            Place::Server { .. } => format!("{}&application_name={PROGRAM}", self.url()),
        }
    }

    /// Waits until nothing goes on that killed programs began. PostgreSQL notices that a program is dead only after it has
    /// done what that asked for, the commit included; of a file's locks nothing survives the process.
    pub async fn outlive_programs(&self) -> anyhow::Result<()> {
        const WORK: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND application_name = $2";
        let Place::Server { server, name } = &self.place else { return Ok(()) };
        let mut link = PgConnection::connect_with(server).await?;
        let gone = async {
            loop {
                let at_work = sqlx::query_scalar(WORK).bind(name).bind(PROGRAM).fetch_one(&mut link).await?;
                match at_work {
                    0_i64 => return anyhow::Ok(()),
                    _ => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.context("a killed program is still at work")??;
        Ok(link.close().await?)
    }

    /// Where it is, and its name there.
    pub(crate) fn server(&self) -> Option<(&PgConnectOptions, &str)> {
        match &self.place {
            Place::File { .. } => None,
            Place::Server { server, name } => Some((server, name)),
        }
    }

    async fn in_file() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let place = Place::File { directory };
        Self::open(place).await
    }

    async fn on_server(server: PgConnectOptions) -> anyhow::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let template = template(&server).await?;
        let name = format!("lineside_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut link = PgConnection::connect_with(&server).await?;
        run(&mut link, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        run(&mut link, format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        link.close().await?;
        Self::open(Place::Server { server: Box::new(server), name }).await
    }

    async fn open(place: Place) -> anyhow::Result<Self> {
        Ok(Self { store: Store::open(&place.url()).await?, place })
    }
}

impl Place {
    fn url(&self) -> String {
        match self {
            Self::File { directory } => format!("sqlite:{}", directory.path().join("lineside.db").display()),
            Self::Server { server, name } => server.clone().database(name).to_url_lossy().to_string(),
        }
    }
}

fn server() -> Option<PgConnectOptions> {
    if let Ok(url) = std::env::var(SERVER) {
        return Some(url.parse().unwrap_or_else(|error| panic!("{SERVER} is no PostgreSQL address: {error}")));
    }
    assert!(std::env::var_os("CI").is_none(), "{SERVER} is not set: CI tests both engines");
    eprintln!("PASSED OVER: {SERVER} is not set, so nothing was tested on PostgreSQL");
    None
}

/// A migrated database to copy, made once for each set of tables: copying is several times faster than migrating.
async fn template(server: &PgConnectOptions) -> anyhow::Result<String> {
    let name = format!("lineside_template_{:08x}", lineside_store::schema_version());
    let mut link = PgConnection::connect_with(server).await?;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut link).await?;
    let made: Option<(i32,)> =
        sqlx::query_as("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name).fetch_optional(&mut link).await?;
    if made.is_none() {
        // Under another name until it is complete: a process that dies half way leaves no broken template.
        let unfinished = format!("{name}_unfinished");
        run(&mut link, format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await?;
        run(&mut link, format!("CREATE DATABASE {unfinished}")).await?;
        let store = Store::open(server.clone().database(&unfinished).to_url_lossy().as_str()).await?;
        store.close().await;
        run(&mut link, format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await?;
    }
    // Closing gives the lock back.
    link.close().await?;
    Ok(name)
}

pub(crate) async fn run(link: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(link).await.map(drop)
}

impl Drop for Database {
    fn drop(&mut self) {
        let Place::Server { server, name } = &self.place else { return };
        let (server, sql) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        // Dropping can't wait for the test's own runtime, so it has one of its own.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(anyhow::Error::from).and_then(|runtime| {
                runtime.block_on(async {
                    let mut link = PgConnection::connect_with(&server).await?;
                    run(&mut link, sql).await?;
                    Ok(link.close().await?)
                })
            })
        });
        if let Ok(Err(error)) = dropped.join() {
            eprintln!("{name} stays on the test server: {error:#}");
        }
    }
}
