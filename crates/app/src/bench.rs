//! `lineside bench`: measurements on a database of their own, removed afterwards.

mod licenses;
mod users;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use lineside_service::Service;

use crate::demo;

#[derive(Subcommand)]
pub enum Bench {
    /// The users page, searches and a user's page.
    Users {
        #[command(flatten)]
        options: users::Options,
        #[command(flatten)]
        place: Place,
    },
    /// Licenses for 10,000 users on a date, and a rehearsal in a long schedule.
    Licenses {
        #[command(flatten)]
        options: licenses::Options,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args)]
pub struct Place {
    /// An empty PostgreSQL database in place of an embedded one: `postgres://USER@HOST/NAME`.
    #[arg(long)]
    database: Option<String>,
    /// Where the embedded database is made, and removed afterwards.
    #[arg(long, default_value = "/tmp/lineside-bench")]
    data: PathBuf,
}

pub async fn run(bench: &Bench) -> anyhow::Result<()> {
    let (Bench::Users { place, .. } | Bench::Licenses { place, .. }) = bench;
    ensure!(!place.data.exists(), "{} exists; remove it or choose another folder with --data", place.data.display());
    std::fs::create_dir_all(&place.data)?;
    let result = match bench {
        Bench::Users { options, place } => users::measure(options, place).await,
        Bench::Licenses { options, place } => licenses::measure(options, place).await,
    };
    std::fs::remove_dir_all(&place.data).with_context(|| format!("{} stays", place.data.display()))?;
    result
}

impl Place {
    /// With an account and its owner, and nothing else.
    async fn open(&self) -> anyhow::Result<(Service, demo::EmptyAccount)> {
        let config = demo::bench_config(&self.data, self.database.clone())?;
        let service = crate::program::service(&config).await?;
        ensure!(service.is_empty().await?, "the database is not empty; give --database one that is");
        let sign_in = demo::empty_account(&service).await?;
        Ok((service, sign_in))
    }
}

/// Prints a line of the table, and returns the time within which 95 of 100 were done.
fn say_times(what: &str, mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    let millis = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1_000.0);
    crate::say(&format!("{what:<34} {:>8} {:>8} {:>8}", millis(at(50)), millis(at(95)), millis(at(100))));
    at(95)
}

/// The table's head, below a line that says what was measured.
fn say_head(what: &str) {
    crate::say(&format!("{what}; milliseconds"));
    crate::say(&format!("{:<34} {:>8} {:>8} {:>8}", "", "median", "95 %", "worst"));
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}
