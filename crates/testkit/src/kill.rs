//! Killing a process at a random moment: a test starts itself as a second process, listens, and kills it.
//!
//! A test binary has a [`Site`], a test `worker` that does what its [`Orders`] say and [`say`]s what it asked for and what was
//! answered, and a test for each engine that calls [`Site::kill_often`] and looks at what each kill left behind.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use lineside_model::id::{AccountId, UserId};
use lineside_model::journal::Via;
use lineside_model::user::Role;
use lineside_service::store::Store;
use lineside_service::{Caller, Identity, Service};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::clock::TestClock;
use crate::database::{Database, Engine};
use crate::service::{House, node};

const ORDERS: &str = "LINESIDE_TEST_WORKER";

/// A database with two accounts, and the program that survives.
pub struct Site {
    pub house: House,
    pub service: Service,
    pub clock: TestClock,
    database: Database,
    folder: TempDir,
}

/// What a worker is told; `more` is what one test alone tells.
#[derive(Serialize, Deserialize)]
pub struct Orders<M> {
    database: String,
    folder: PathBuf,
    account_id: AccountId,
    owner: UserId,
    /// Counts the workers.
    pub round: u64,
    pub more: M,
}

/// When a worker is killed: after a random number of its words, up to `words`, and a random time more, up to `micros`.
#[derive(Debug, Clone, Copy)]
pub struct Moments {
    pub kills: u64,
    pub words: u64,
    pub micros: u64,
}

/// What a worker said before it died.
#[derive(Debug, Default)]
pub struct Said {
    pub asked: Vec<String>,
    pub answered: Vec<String>,
}

impl Site {
    /// `None`: there is no such engine here.
    pub async fn on(engine: Engine) -> anyhow::Result<Option<Self>> {
        let Some(database) = Database::fresh(engine).await else { return Ok(None) };
        let house = House::over(database.store.clone()).await?;
        let (folder, clock) = (tempfile::tempdir()?, TestClock::default());
        let service = node(database.store.clone(), folder.path(), clock.clone())?;
        Ok(Some(Self { house, service, clock, database, folder }))
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Kills a worker of each round, and lets `look` see what it left. Too few kills in the midst of something prove nothing.
    pub async fn kill_often<M: Serialize>(
        &self,
        more: M,
        moments: Moments,
        mut look: impl AsyncFnMut(&Orders<M>, Said) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (account_id, owner) = (self.house.acme.id, self.house.acme.owner.id);
        let (database, folder) = (self.database.url_of_program(), self.folder.path().to_owned());
        let mut orders = Orders { database, folder, account_id, owner, round: 0, more };
        let (mut dice, mut interrupted) = (Dice::default(), 0);
        for round in 0..moments.kills {
            orders.round = round;
            let said = orders.run_and_kill(moments, &mut dice)?;
            interrupted += u64::from(said.asked.len() > said.answered.len());
            self.database.outlive_programs().await?;
            look(&orders, said).await?;
        }
        let kills = moments.kills;
        ensure!(interrupted > kills / 10, "only {interrupted} of {kills} kills hit something under way");
        Ok(())
    }
}

impl<M: Serialize + DeserializeOwned> Orders<M> {
    /// Those of this process. Without any it is run as a test like the others, and there is nothing to do.
    pub fn given() -> anyhow::Result<Option<Self>> {
        let Ok(orders) = std::env::var(ORDERS) else { return Ok(None) };
        Ok(Some(serde_json::from_str(&orders)?))
    }

    /// The worker's own program.
    pub async fn service(&self) -> anyhow::Result<Service> {
        node(Store::open(&self.database).await?, &self.folder, TestClock::default())
    }
}

impl<M> Orders<M> {
    pub fn owner(&self) -> Caller {
        let (id, account_id) = (self.owner, self.account_id);
        let identity = Identity::User { id, account_id, role: Role::AccountOwner, name: "Ana Owner".to_owned() };
        Caller { identity, via: Via::Portal, from: None }
    }
}

impl<M: Serialize> Orders<M> {
    fn run_and_kill(&self, moments: Moments, dice: &mut Dice) -> anyhow::Result<Said> {
        let (words, after) = (1 + dice.below(moments.words), Duration::from_micros(dice.below(moments.micros)));
        let mut child = Command::new(std::env::current_exe()?)
            .args(["worker", "--exact", "--nocapture"])
            .env(ORDERS, serde_json::to_string(self)?)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let (mut said, mut heard) = (Said::default(), 0);
        for line in BufReader::new(child.stdout.take().context("standard output is piped")?).lines() {
            match line?.split_once(' ') {
                Some(("asked", what)) => said.asked.push(what.to_owned()),
                Some(("answered", what)) => said.answered.push(what.to_owned()),
                _ => continue,
            }
            heard += 1;
            if heard == words {
                // Not waiting for something: this is the random moment itself.
                std::thread::sleep(after);
                child.kill()?;
            }
        }
        child.wait()?;
        ensure!(heard >= words, "the worker ended by itself: {}", std::env::current_exe()?.display());
        Ok(said)
    }
}

/// What a worker says for whoever may kill it afterwards: `asked` before it does something, `answered` once it is done.
pub fn say(word: &str, what: impl std::fmt::Display) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    // Whatever the test runner wrote before stands on a line of its own.
    writeln!(out, "\n{word} {what}")?;
    out.flush()
}

/// Chance that a failure can repeat: xorshift (Marsaglia 2003).
#[derive(Debug, Clone)]
struct Dice(u64);

impl Default for Dice {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
