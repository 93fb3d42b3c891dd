//! kill -9 at any moment of an import: all of it or nothing, and the import says which.
//!
//! The test starts itself as a second process that uploads, plans and applies one file after the other, kills it at a random
//! moment, and looks at what the database holds; two hundred times on each engine.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use chrono::TimeDelta;
use lineside_model::change::Change;
use lineside_model::id::{AccountId, ImportId, LicenseTypeId, UserId};
use lineside_model::import::{ImportKind, ImportState};
use lineside_model::journal::Via;
use lineside_model::license::Catalogue;
use lineside_model::list::UserFilter;
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::user::Role;
use lineside_service::store::Store;
use lineside_service::{Caller, Identity, Service};
use lineside_testkit::clock::TestClock;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::kill::{Dice, run_and_kill, say};
use lineside_testkit::service::{House, node};
use serde::{Deserialize, Serialize};

const KILLS: u64 = 200;
const ROWS: u64 = 4;
/// A worker that is not killed stops here.
const FILES_MAX: u64 = 6;
const WORKER: &str = "LINESIDE_TEST_IMPORT_CRASH_WORKER";

/// What a worker is told.
#[derive(Clone, Serialize, Deserialize)]
struct Orders {
    database: String,
    folder: PathBuf,
    account_id: AccountId,
    owner: UserId,
    round: u64,
}

#[tokio::test]
async fn a_killed_import_is_all_or_nothing_on_sqlite() -> anyhow::Result<()> {
    survive(Engine::Sqlite).await
}

#[tokio::test]
async fn a_killed_import_is_all_or_nothing_on_postgresql() -> anyhow::Result<()> {
    survive(Engine::Postgres).await
}

/// The second process. Without orders (run as a test like the others) there is nothing to do.
#[tokio::test]
async fn worker() -> anyhow::Result<()> {
    let Ok(orders) = std::env::var(WORKER) else { return Ok(()) };
    let orders: Orders = serde_json::from_str(&orders)?;
    let service = node(Store::open(&orders.database).await?, &orders.folder, TestClock::default())?;
    let owner = owner(&orders);
    for step in 0..FILES_MAX {
        let job =
            service.upload_import(&owner, ImportKind::Users, "users.csv", file(&orders, step)?.into_bytes()).await?;
        let job = service.plan_import(&owner, job.id).await?;
        say(&format!("asked {} {step}", job.id))?;
        service.apply_import(&owner, job.id, false).await?;
        service.import_ended(job.id).await;
        ensure!(service.import(&owner, job.id).await?.state == ImportState::Done);
        say(&format!("answered {} {step}", job.id))?;
    }
    Ok(())
}

fn nth(orders: &Orders, step: u64, row: u64) -> u64 {
    (orders.round * FILES_MAX + step) * ROWS + row
}

fn number(n: u64) -> anyhow::Result<E164> {
    Ok(E164::parse(&format!("+1480{:07}", 2_220_000 + n))?)
}

fn file(orders: &Orders, step: u64) -> anyhow::Result<String> {
    let mut file = "Username,First name,Last name,Phone number,Voice license,Device model\n".to_owned();
    for row in 0..ROWS {
        let number = number(nth(orders, step, row))?;
        writeln!(file, "r{}s{step}.{row},First,Last,{number},Business,Linphone", orders.round)?;
    }
    Ok(file)
}

fn business() -> LicenseTypeId {
    Catalogue::default_catalogue().license_type_by_slug("business").expect("the catalogue has Business").id
}

fn owner(orders: &Orders) -> Caller {
    let (id, account_id) = (orders.owner, orders.account_id);
    let identity = Identity::User { id, account_id, role: Role::AccountOwner, name: "Ana Owner".to_owned() };
    Caller { identity, via: Via::Portal, from: None }
}

async fn survive(engine: Engine) -> anyhow::Result<()> {
    let Some(database) = Database::fresh(engine).await else { return Ok(()) };
    let house = House::over(database.store.clone()).await?;
    let acme = &house.acme.owner.caller;
    house.apply(acme, Change::SetSeats { license_type_id: business(), bought: 1_000_000, bound: None }).await?;
    let numbers: Result<Vec<E164>, _> = (0..KILLS * FILES_MAX * ROWS).map(number).collect();
    house.apply(acme, Change::AddNumbers { numbers: numbers?, kind: NumberKind::Landline, location_id: None }).await?;
    let folder = tempfile::tempdir()?;
    let (account_id, owner_id) = (house.acme.id, house.acme.owner.id);
    let mut orders =
        Orders { database: database.url(), folder: folder.path().to_owned(), account_id, owner: owner_id, round: 0 };
    let clock = TestClock::default();
    let service = node(database.store.clone(), &orders.folder, clock.clone())?;
    // On PostgreSQL another node may be at work until then.
    clock.turn(TimeDelta::minutes(11));
    let mut seen = Seen::default();
    let mut dice = Dice::default();
    for round in 0..KILLS {
        orders.round = round;
        let said = worker_killed(&orders, &mut dice)?;
        check_round(&service, &orders, &said, &mut seen).await?;
    }
    ensure!(seen.interrupted > KILLS / 10, "only {} of {KILLS} kills hit an import under way", seen.interrupted);
    eprintln!("{engine:?}: {KILLS} kills, {} imports whole, {} of nothing", seen.whole, seen.absent);
    Ok(())
}

#[derive(Default)]
struct Said {
    asked: Vec<(ImportId, u64)>,
    answered: Vec<ImportId>,
}

/// After a random number of lines and a random part of an import more.
fn worker_killed(orders: &Orders, dice: &mut Dice) -> anyhow::Result<Said> {
    let mut said = Said::default();
    let (lines, after) = (1 + dice.below(4), Duration::from_micros(dice.below(40_000)));
    run_and_kill((WORKER, serde_json::to_string(orders)?), lines, after, |line| {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["asked", id, step] => said.asked.push((id.parse()?, step.parse()?)),
            ["answered", id, _] => said.answered.push(id.parse()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(said)
}

#[derive(Default)]
struct Seen {
    whole: u64,
    absent: u64,
    interrupted: u64,
}

/// What an import says of itself is what happened, to all of its rows.
async fn check_round(service: &Service, orders: &Orders, said: &Said, seen: &mut Seen) -> anyhow::Result<()> {
    let owner = owner(orders);
    seen.interrupted += u64::from(said.asked.len() > said.answered.len());
    for (id, step) in &said.asked {
        let job = service.import(&owner, *id).await?;
        let done = job.state == ImportState::Done;
        ensure!(done || job.state == ImportState::Planned, "{:?}", job.state);
        ensure!(done || !said.answered.contains(id), "an import that was done is gone");
        let filter = UserFilter { search: format!("r{}s{step}.", orders.round), ..UserFilter::default() };
        let users = service.users(&owner, &filter).await?.rows;
        ensure!(users.len() == if done { usize::try_from(ROWS)? } else { 0 }, "{} users of {job:?}", users.len());
        for row in users {
            let user = service.user(&owner, row.id).await?;
            let all = (user.numbers.len(), user.assignments.len(), user.devices.len());
            ensure!(all == (1, 1, 1), "half of {}: {all:?}", user.user.profile.username);
        }
        if done {
            seen.whole += 1;
        } else {
            seen.absent += 1;
        }
    }
    let seats = service.seats(&owner).await?;
    let used = seats.iter().find(|seats| seats.license_type_id == business()).map(|seats| seats.used);
    ensure!(used == Some(i64::try_from(seen.whole * ROWS)?), "seats and users disagree: {used:?}");
    Ok(())
}
