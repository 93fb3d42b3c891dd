//! SQLite and PostgreSQL behind one handle. Facts and apply, lists, the journal, sign-in, the outbox, what was seen of
//! devices; and the migrations.
//!
//! Every statement is a named constant, written once for both engines and prepared on both by a test. Account rows are
//! reached through a [`Scope`](lineside_model::journal::Scope) only; what has no account (sign-in by username, a device's
//! address, workers) lives in files that say so.
//!
//! A change comes in through [`Store::apply`]: `facts` loads what it touches, the model plans, `record` writes the plan's
//! rows, `readiness`, `search` and `tally` bring up to date what lists repeat of them, all in one transaction. `engine`
//! opens the database, `connection` is the only file that knows that there are two kinds.

pub mod account;
pub mod api_token;
pub mod apply;
pub mod binding;
pub mod call;
mod call_settings;
pub mod catalogue;
mod columns;
mod condition;
mod connection;
pub mod department;
pub mod device;
pub mod directory;
mod e911;
pub mod emergency;
mod engine;
pub mod error;
mod facts;
mod forwarding;
mod greeting;
pub mod greeting_archive;
pub mod home;
pub mod import;
pub mod incident;
pub mod journal;
mod lamp_key;
mod license;
mod line;
mod list;
pub mod location;
pub mod login;
mod made;
pub mod mail;
pub mod operator_journal;
mod operator_trunk;
mod packed;
pub mod phone_number;
mod purge;
mod readiness;
mod record;
mod recording;
pub mod rehearsal;
pub mod resync;
pub mod sample;
mod sample_schedule;
mod schedule;
mod schedule_facts;
pub mod schedule_list;
pub mod schedule_upkeep;
mod search;
pub mod seat_day;
pub mod seat_holder;
pub mod seats;
pub mod session;
#[cfg(test)]
mod statements;
mod tally;
mod test_call;
pub mod trunk;
#[cfg(test)]
mod upgrade;
pub mod user;
mod user_list;
pub mod user_view;
mod value;
pub mod voicemail;

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use self::apply::Applied;
pub use self::catalogue::{CatalogueApplied, CatalogueRequest};
use self::connection::Connection;
use self::engine::Engine;
pub use self::error::StoreError;
use self::value::values;

/// A number that changes with every change to the tables: the name of what tests copy.
pub fn schema_version() -> u32 {
    engine::schema_version()
}

/// How long the database is to have little to do before it gives memory back.
const REST: Duration = Duration::from_secs(1);
/// More statements in that time are no rest.
const LITTLE: u64 = 20;

/// Tells when a busy time is over.
#[derive(Default)]
struct Rest {
    sent: u64,
    was_quiet: bool,
}

impl Rest {
    /// Once for each busy time. `sent` is how many statements were sent so far.
    fn begins(&mut self, sent: u64) -> bool {
        let is_quiet = sent - mem::replace(&mut self.sent, sent) <= LITTLE;
        let was_quiet = mem::replace(&mut self.was_quiet, is_quiet);
        is_quiet && !was_quiet
    }
}

/// The database, whichever it is. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    catalogue: catalogue::Kept,
    statements: Arc<AtomicU64>,
}

impl Store {
    /// `sqlite:PATH` (made when it is not there) or `postgres://…`; runs the migrations.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let engine = Engine::open(url).await?;
        Ok(Self { engine, catalogue: catalogue::Kept::default(), statements: Arc::default() })
    }

    /// The engine's name, for the log and the health page.
    pub fn engine(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite { .. } => "SQLite",
            Engine::Postgres(_) => "PostgreSQL",
        }
    }

    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// Gives memory back whenever the database has a rest. Runs until the task is dropped.
    pub async fn run_rests(&self) {
        let mut rest = Rest::default();
        loop {
            tokio::time::sleep(REST).await;
            if rest.begins(self.statements_sent())
                && let Err(error) = self.engine.give_back().await
            {
                tracing::warn!(%error, "the database keeps memory that it does not need");
            }
        }
    }

    /// True when no account exists yet.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.reader().await?.number(account::ANY_ACCOUNT, values![]).await? == 0)
    }

    /// How many statements were sent since the start: for metrics, and for tests that count round trips.
    pub fn statements_sent(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    async fn reader(&self) -> Result<Connection, StoreError> {
        self.engine.reader(&self.statements).await
    }

    async fn writer(&self) -> Result<Connection, StoreError> {
        self.engine.writer(&self.statements).await
    }

    async fn snapshot(&self) -> Result<Connection, StoreError> {
        self.engine.snapshot(&self.statements).await
    }

    async fn listing(&self) -> Result<Connection, StoreError> {
        self.engine.listing(&self.statements).await
    }

    async fn begin(&self) -> Result<Connection, StoreError> {
        self.engine.begin(&self.statements).await
    }

    async fn begin_loose(&self) -> Result<Connection, StoreError> {
        self.engine.begin_loose(&self.statements).await
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("engine", &self.engine()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_begins_once_after_each_busy_time() {
        let mut rest = Rest::default();
        let seen: Vec<bool> = [500, 500 + LITTLE, 900, 1_400, 1_400, 1_401].map(|sent| rest.begins(sent)).to_vec();
        assert_eq!(seen, [false, true, false, false, true, false]);
    }
}
