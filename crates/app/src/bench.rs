//! `lineside bench`: measurements on a database of their own, removed afterwards.

mod licenses;
mod users;

use std::path::PathBuf;
use std::time::Instant;

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

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}
