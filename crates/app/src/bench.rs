//! `lineside bench`: measurements on databases of their own: an embedded one, removed afterwards, and a PostgreSQL one if
//! there is one to be had.

mod imports;
mod licenses;
mod mass;
mod memory;
mod mutate;
mod sip;
mod users;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use lineside_model::id::UserId;
use lineside_model::list::UserFilter;
use lineside_service::{Caller, Service};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::broadcast::error::RecvError;

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
    /// Users from a file, beside bare inserts of as many rows.
    Imports {
        #[command(flatten)]
        options: imports::Options,
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
    /// The users page's mass actions for all users of a large account.
    Mass {
        #[command(flatten)]
        options: mass::Options,
        #[command(flatten)]
        place: Place,
    },
    /// Registrations and calls over UDP, beside Kamailio if it is installed; memory, and pages meanwhile.
    Sip(sip::Options),
    /// Damaged messages and senseless packets at a running program, and what becomes of a call in it.
    Mutate(mutate::Options),
}

#[derive(Args)]
pub struct Place {
    /// An empty PostgreSQL database to measure after the embedded one: `postgres://USER@HOST/NAME`.
    #[arg(long)]
    postgres: Option<String>,
    /// Measure PostgreSQL alone.
    #[arg(long, requires = "postgres")]
    only_postgres: bool,
    /// Where the embedded database is made, and removed afterwards.
    #[arg(long, default_value = "/tmp/lineside-bench")]
    data: PathBuf,
}

/// Of memory, for what is done to 100,000 users at once.
const MEMORY_KB: u64 = 400 * 1024;

/// What was slower than it shall be, in words.
type Late = Vec<String>;

pub async fn run(bench: &Bench) -> anyhow::Result<()> {
    let place = match bench {
        Bench::Users { place, .. }
        | Bench::Imports { place, .. }
        | Bench::Licenses { place, .. }
        | Bench::Mass { place, .. } => place,
        Bench::Sip(options) => {
            let runtime = tokio::runtime::Handle::current();
            let late = tokio::task::block_in_place(|| sip::run(options, &runtime))?;
            ensure!(late.is_empty(), "above what it shall be: {}", late.join(", "));
            return Ok(());
        }
        Bench::Mutate(options) => {
            let runtime = tokio::runtime::Handle::current();
            return tokio::task::block_in_place(|| mutate::run(options, &runtime));
        }
    };
    ensure!(!place.data.exists(), "{} exists; remove it or choose another folder with --data", place.data.display());
    let embedded = (!place.only_postgres).then_some(None);
    let mut late = Late::new();
    for database in embedded.into_iter().chain(place.postgres.clone().map(Some)) {
        std::fs::create_dir_all(&place.data)?;
        let result = Box::pin(measure(bench, place, database)).await;
        std::fs::remove_dir_all(&place.data).with_context(|| format!("{} stays", place.data.display()))?;
        late.extend(result?);
    }
    ensure!(late.is_empty(), "too slow: {}", late.join(", "));
    Ok(())
}

async fn measure(bench: &Bench, place: &Place, database: Option<String>) -> anyhow::Result<Late> {
    let (service, account) = place.open(database).await?;
    let engine = service.engine();
    let late = match bench {
        Bench::Users { options, .. } => users::measure(options, service.clone(), account).await,
        Bench::Imports { options, .. } => Box::pin(imports::measure(options, service.clone(), account)).await,
        Bench::Licenses { options, .. } => Box::pin(licenses::measure(options, service.clone(), account)).await,
        Bench::Mass { options, .. } => Box::pin(mass::measure(options, service.clone(), account)).await,
        Bench::Sip(_) | Bench::Mutate(_) => Ok(Late::new()),
    };
    service.close().await;
    Ok(late?.into_iter().map(|what| format!("{what} on {engine}")).collect())
}

impl Place {
    /// With an account and its owner, and nothing else.
    async fn open(&self, database: Option<String>) -> anyhow::Result<(Service, demo::EmptyAccount)> {
        let config = demo::bench_config(&self.data, database)?;
        let service = crate::program::service(&config).await?;
        ensure!(service.is_empty().await?, "the database is not empty; give --postgres one that is");
        let account = demo::empty_account(&service).await?;
        Ok((service, account))
    }
}

/// How long something took, each time; and what it cost this process in CPU time, all times together. The former depends
/// on how busy the machine is, the latter hardly does; a database server's share is in the former only.
#[derive(Default)]
struct Times {
    wall: Vec<Duration>,
    cpu: Duration,
}

impl Times {
    async fn of<T>(&mut self, work: impl Future<Output = T>) -> T {
        let (wall, cpu) = (now(), cpu_time());
        let done = work.await;
        self.wall.push(wall.elapsed());
        self.cpu += cpu_time().saturating_sub(cpu);
        done
    }

    /// Prints a line of the table, and returns the time within which 95 of 100 were done.
    fn say(mut self, what: &str) -> Duration {
        self.wall.sort_unstable();
        let at = |percent: usize| self.wall[(self.wall.len() * percent / 100).min(self.wall.len() - 1)];
        let cpu = self.cpu / u32::try_from(self.wall.len()).unwrap_or(u32::MAX);
        let [median, most, worst, cpu] =
            [at(50), at(95), at(100), cpu].map(|time| format!("{:.2}", time.as_secs_f64() * 1_000.0));
        crate::say(&format!("{what:<34} {median:>8} {most:>8} {worst:>8} {cpu:>8}"));
        at(95)
    }
}

/// The table's head, below a line that says what was measured.
fn say_head(what: &str) {
    crate::say(&format!("{what}; milliseconds"));
    crate::say(&format!("{:<34} {:>8} {:>8} {:>8} {:>8}", "", "median", "95 %", "worst", "CPU mean"));
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}

fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// As in the running program, where the switch hears of every change.
fn listen_as_the_switch(service: &Service) {
    let mut feed = service.directory_feed();
    tokio::spawn(async move { while !matches!(feed.recv().await, Err(RecvError::Closed)) {} });
}

/// As many users of the account, in the order of the list, without its owner.
async fn some_users(service: &Service, caller: &Caller, wanted: usize) -> anyhow::Result<Vec<UserId>> {
    let mut users = Vec::new();
    let mut page = 1;
    while users.len() < wanted {
        let filter = UserFilter { page, ..UserFilter::default() };
        let rows = service.users(caller, &filter).await?.rows;
        ensure!(!rows.is_empty(), "the account has only {} users", users.len());
        users.extend(rows.iter().map(|row| row.id).filter(|id| caller.user_id() != Some(*id)));
        page += 1;
    }
    users.truncate(wanted);
    Ok(users)
}
