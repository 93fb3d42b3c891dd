//! kill -9 at any moment of an import: all of it or nothing, and the import says which.
//!
//! The test starts itself as a second process that uploads, plans and applies one file after the other, kills it at a random
//! moment, and looks at what the database holds; two hundred times on each engine.

use std::fmt::Write as _;

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use lineside_model::change::Change;
use lineside_model::id::LicenseTypeId;
use lineside_model::import::{ImportKind, ImportState};
use lineside_model::license::Catalogue;
use lineside_model::list::UserFilter;
use lineside_model::phone_number::{E164, NumberKind};
use lineside_service::Service;
use lineside_testkit::database::Engine;
use lineside_testkit::kill::{Moments, Orders, Said, Site, say};

const MOMENTS: Moments = Moments { kills: 200, words: 4, micros: 40_000 };
const ROWS: u64 = 4;
/// A worker that is not killed stops here.
const FILES_MAX: u64 = 6;

#[tokio::test]
async fn a_killed_import_is_all_or_nothing_on_sqlite() -> anyhow::Result<()> {
    survive(Engine::Sqlite).await
}

#[tokio::test]
async fn a_killed_import_is_all_or_nothing_on_postgresql() -> anyhow::Result<()> {
    survive(Engine::Postgres).await
}

/// The second process.
#[tokio::test]
async fn worker() -> anyhow::Result<()> {
    let Some(orders) = Orders::<()>::given()? else { return Ok(()) };
    let (service, owner) = (orders.service().await?, orders.owner());
    for step in 0..FILES_MAX {
        let file = file(orders.round, step)?.into_bytes();
        let job = service.upload_import(&owner, ImportKind::Users, "users.csv", file).await?;
        let job = service.plan_import(&owner, job.id).await?;
        say("asked", format!("{} {step}", job.id))?;
        service.apply_import(&owner, job.id, false).await?;
        service.import_ended(job.id).await;
        ensure!(service.import(&owner, job.id).await?.state == ImportState::Done);
        say("answered", format!("{} {step}", job.id))?;
    }
    Ok(())
}

fn nth(round: u64, step: u64, row: u64) -> u64 {
    (round * FILES_MAX + step) * ROWS + row
}

fn number(n: u64) -> anyhow::Result<E164> {
    Ok(E164::parse(&format!("+1480{:07}", 2_220_000 + n))?)
}

fn file(round: u64, step: u64) -> anyhow::Result<String> {
    let mut file = "Username,First name,Last name,Phone number,Voice license,Device model\n".to_owned();
    for row in 0..ROWS {
        let number = number(nth(round, step, row))?;
        writeln!(file, "r{round}s{step}.{row},First,Last,{number},Business,Linphone")?;
    }
    Ok(file)
}

fn business() -> LicenseTypeId {
    Catalogue::default_catalogue().license_type_by_slug("business").expect("the catalogue has Business").id
}

async fn survive(engine: Engine) -> anyhow::Result<()> {
    let Some(site) = Site::on(engine).await? else { return Ok(()) };
    let (house, acme) = (&site.house, &site.house.acme.owner.caller);
    house.apply(acme, Change::SetSeats { license_type_id: business(), bought: 1_000_000, bound: None }).await?;
    let numbers: Result<Vec<E164>, _> = (0..MOMENTS.kills * FILES_MAX * ROWS).map(number).collect();
    house.apply(acme, Change::AddNumbers { numbers: numbers?, kind: NumberKind::Landline, location_id: None }).await?;
    // On PostgreSQL another node may be at work until then.
    site.clock.turn(TimeDelta::minutes(11));
    let mut seen = Seen::default();
    site.kill_often((), MOMENTS, async |orders, said| check_round(&site.service, orders, &said, &mut seen).await)
        .await?;
    eprintln!("{engine:?}: {} kills, {} imports whole, {} of nothing", MOMENTS.kills, seen.whole, seen.absent);
    Ok(())
}

#[derive(Default)]
struct Seen {
    whole: u64,
    absent: u64,
}

/// What an import says of itself is what happened, to all of its rows.
async fn check_round(service: &Service, orders: &Orders<()>, said: &Said, seen: &mut Seen) -> anyhow::Result<()> {
    let owner = orders.owner();
    for asked in &said.asked {
        let (id, step) = asked.split_once(' ').context("which import, and which file")?;
        let job = service.import(&owner, id.parse()?).await?;
        let done = job.state == ImportState::Done;
        ensure!(done || job.state == ImportState::Planned, "{:?}", job.state);
        ensure!(done || !said.answered.contains(asked), "an import that was done is gone");
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
