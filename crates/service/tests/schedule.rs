//! The schedule over time: midnight in its own time zone, a machine that was off, a clock that goes back, mails, and
//! several nodes that die.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use lineside_model::account::AccountSettings;
use lineside_model::change::Change;
use lineside_model::id::{ChangeId, LicenseTypeId, ScheduleEntryId, TrackId, UserId};
use lineside_model::journal::{Actor, Steps};
use lineside_model::license::{Catalogue, Requirement, VOICE};
use lineside_model::list::JournalFilter;
use lineside_model::plan::Record;
use lineside_model::schedule::EntryState;
use lineside_model::schedule_list::ScheduleFilter;
use lineside_model::time_zone::TimeZone;
use lineside_model::user::Role;
use lineside_service::store::{CatalogueApplied, CatalogueRequest, Store};
use lineside_testkit::clock::TestClock;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::{House, new_user, node, profile};
use serde::{Deserialize, Serialize};

fn license(slug: &str) -> LicenseTypeId {
    Catalogue::default_catalogue().license_type_by_slug(slug).expect("the catalogue ships with it").id
}

fn voice() -> TrackId {
    Catalogue::default_catalogue().track_by_slug(VOICE).expect("the catalogue has Voice").id
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// Both engines, one after the other.
async fn houses() -> Vec<(Database, House)> {
    let mut houses = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if let Some(database) = Database::fresh(engine).await {
            let house = House::over(database.store.clone()).await.expect("a house");
            for slug in ["basic", "business", "unlimited-5g"] {
                let seats = Change::SetSeats { license_type_id: license(slug), bought: 5_000, bound: None };
                house.apply(&house.acme.owner.caller, seats).await.expect("seats");
            }
            houses.push((database, house));
        }
    }
    houses
}

async fn schedule(house: &House, user_id: UserId, slug: &str, date: NaiveDate) {
    let change = Change::AssignLicense { user_ids: vec![user_id], license_type_id: license(slug), date: Some(date) };
    house.apply(&house.acme.owner.caller, change).await.expect("a scheduled license");
}

async fn holds(house: &House, user_id: UserId) -> Vec<(LicenseTypeId, DateTime<Utc>)> {
    let user = house.service.user(&house.acme.owner.caller, user_id).await.expect("the user");
    user.assignments.iter().map(|held| (held.license_type_id, held.starts_at)).collect()
}

async fn entries(house: &House) -> Vec<(ScheduleEntryId, NaiveDate, EntryState)> {
    let page =
        house.service.schedule(&house.acme.owner.caller, &ScheduleFilter::default()).await.expect("the schedule");
    page.rows.iter().map(|row| (row.entry.id, row.entry.date, row.entry.state)).collect()
}

#[tokio::test]
async fn an_entry_takes_effect_at_midnight_of_the_accounts_time_zone() {
    // A day before, on, and after a change of the clocks; and at the edge of the date line.
    let cases = [
        ("America/Phoenix", "2026-03-09", "2026-03-09T07:00:00Z"),
        ("America/Denver", "2026-03-08", "2026-03-08T07:00:00Z"),
        ("America/Denver", "2026-03-09", "2026-03-09T06:00:00Z"),
        ("America/St_Johns", "2026-03-08", "2026-03-08T03:30:00Z"),
        ("America/St_Johns", "2026-03-09", "2026-03-09T02:30:00Z"),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-06", "2026-04-05T13:30:00Z"),
        ("Pacific/Kiritimati", "2026-03-04", "2026-03-03T10:00:00Z"),
    ];
    for (_database, house) in houses().await {
        let owner = &house.acme.owner.caller;
        for (zone, date, midnight) in cases {
            house.clock.set("2026-03-02T12:00:00Z".parse().unwrap());
            let settings = house.service.account(owner).await.unwrap().settings;
            let settings = AccountSettings { time_zone: TimeZone::parse(zone).unwrap(), ..settings };
            house.apply(owner, Change::EditAccount { account_id: None, version: None, settings }).await.unwrap();
            let user_id = house.acme.user.id;
            schedule(&house, user_id, "basic", day(date)).await;

            let midnight: DateTime<Utc> = midnight.parse().unwrap();
            house.clock.set(midnight - TimeDelta::seconds(1));
            house.service.keep_schedule().await.unwrap();
            assert_eq!(holds(&house, user_id).await, [], "{zone} {date}: a second too early");
            house.clock.set(midnight);
            house.service.keep_schedule().await.unwrap();
            assert_eq!(holds(&house, user_id).await, [(license("basic"), midnight)], "{zone} {date}");
            assert_eq!(entries(&house).await, []);
            let remove = Change::RemoveLicense { user_ids: vec![user_id], track_id: voice(), date: None };
            house.apply(owner, remove).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_account_that_can_not_be_read_keeps_no_other_waiting() {
    for (database, house) in houses().await {
        for tenant in [&house.acme, &house.globex] {
            let seats = Change::SetSeats { license_type_id: license("basic"), bought: 10, bound: None };
            house.apply(&tenant.owner.caller, seats).await.expect("seats");
            let (user_ids, date) = (vec![tenant.user.id], Some(day("2026-03-05")));
            let assign = Change::AssignLicense { user_ids, license_type_id: license("basic"), date };
            house.apply(&tenant.owner.caller, assign).await.expect("a scheduled license");
        }
        database.meddle("UPDATE account SET settings = 'damaged' WHERE settings LIKE '%Acme%'").await.expect("damaged");
        house.clock.set("2026-03-05T12:00:00Z".parse().unwrap());
        house.service.keep_schedule().await.expect("a round");
        let (caller, user) = (&house.globex.owner.caller, house.globex.user.id);
        assert_eq!(house.service.user(caller, user).await.expect("the user").assignments.len(), 1);
        assert!(house.service.account(&house.acme.owner.caller).await.is_err(), "nothing was damaged");
    }
}

#[tokio::test]
async fn a_date_that_moves_while_it_is_due_counts_as_moved() {
    for (_database, house) in houses().await {
        let (owner, user_id) = (&house.acme.owner.caller, house.acme.user.id);
        schedule(&house, user_id, "basic", day("2026-03-05")).await;
        let (entry_id, ..) = entries(&house).await[0];
        house.clock.set("2026-03-05T07:00:01Z".parse().unwrap());
        let edit = Change::EditScheduleEntry { entry_id, version: None, date: day("2026-03-20") };
        house.apply(owner, edit).await.unwrap();
        house.service.keep_schedule().await.unwrap();
        assert_eq!(holds(&house, user_id).await, []);

        // The account moves west: midnight comes later than it did when the entry was made.
        let settings = house.service.account(owner).await.unwrap().settings;
        let settings = AccountSettings { time_zone: TimeZone::parse("Pacific/Honolulu").unwrap(), ..settings };
        house.apply(owner, Change::EditAccount { account_id: None, version: None, settings }).await.unwrap();
        house.clock.set("2026-03-20T07:00:01Z".parse().unwrap());
        house.service.keep_schedule().await.unwrap();
        assert_eq!(holds(&house, user_id).await, []);
        house.clock.set("2026-03-20T10:00:00Z".parse().unwrap());
        house.service.keep_schedule().await.unwrap();
        assert_eq!(holds(&house, user_id).await.len(), 1);
    }
}

#[tokio::test]
async fn a_week_off_and_a_clock_that_goes_back_change_nothing_but_the_hour() {
    for (_database, house) in houses().await {
        let (owner, user_id) = (&house.acme.owner.caller, house.acme.user.id);
        schedule(&house, user_id, "basic", day("2026-03-05")).await;
        schedule(&house, user_id, "unlimited-5g", day("2026-03-06")).await;
        let end = Change::RemoveLicense { user_ids: vec![user_id], track_id: voice(), date: Some(day("2026-03-08")) };
        house.apply(owner, end).await.unwrap();

        house.clock.set("2026-03-12T12:00:00Z".parse().unwrap());
        house.service.keep_schedule().await.unwrap();
        assert_eq!(holds(&house, user_id).await, [], "what requires the license fell with it");
        assert_eq!(entries(&house).await, []);
        let filter = JournalFilter { action: "run_schedule".to_owned(), ..JournalFilter::default() };
        let journal = house.service.journal(owner, &filter).await.unwrap();
        let told: Vec<&str> = journal.rows.iter().map(|entry| entry.summary.as_str()).collect();
        assert_eq!(
            told,
            [
                "Carry out 1 license change scheduled for 8 March 2026",
                "Carry out 1 license change scheduled for 6 March 2026",
                "Carry out 1 license change scheduled for 5 March 2026",
            ]
        );

        house.clock.set("2026-03-04T12:00:00Z".parse().unwrap());
        house.service.keep_schedule().await.unwrap();
        house.clock.set("2026-03-12T12:00:00Z".parse().unwrap());
        house.service.keep_schedule().await.unwrap();
        assert_eq!(house.service.journal(owner, &filter).await.unwrap().rows.len(), 3);
    }
}

#[tokio::test]
async fn what_fails_is_warned_of_told_and_retried() {
    for (_database, house) in houses().await {
        let (owner, user_id) = (&house.acme.owner.caller, house.acme.user.id);
        schedule(&house, user_id, "unlimited-5g", day("2026-03-20")).await;
        let mut mails = Vec::new();
        for at in ["2026-03-12", "2026-03-13", "2026-03-14", "2026-03-19", "2026-03-19", "2026-03-20", "2026-03-21"] {
            house.clock.set(format!("{at}T12:00:00Z").parse().unwrap());
            house.service.keep_schedule().await.unwrap();
            while house.service.send_due_mails().await.unwrap() > 0 {}
            mails.push(house.mails().unwrap().len());
        }
        // The owner and the administrator, each time: seven days ahead, the day before, and when it failed.
        assert_eq!(mails, [0, 2, 2, 4, 4, 6, 6]);
        let failed = house.mails().unwrap().into_iter().filter(|mail| mail.contains("changes failed at Acme")).count();
        assert_eq!(failed, 2);
        let counts = house.service.schedule_counts(owner).await.unwrap();
        assert_eq!((counts.scheduled, counts.conflicts, counts.failed), (0, 0, 1));
        let (entry_id, _, state) = entries(&house).await[0];
        assert_eq!(state, EntryState::Failed);

        let give = Change::AssignLicense { user_ids: vec![user_id], license_type_id: license("basic"), date: None };
        house.apply(owner, give).await.unwrap();
        house.apply(owner, Change::RetryScheduleEntry { entry_id }).await.unwrap();
        assert_eq!(holds(&house, user_id).await.len(), 2);
        assert_eq!(entries(&house).await, []);
    }
}

#[tokio::test]
async fn a_seat_that_becomes_free_goes_to_who_waits_for_it() {
    for (_database, house) in houses().await {
        let owner = &house.acme.owner.caller;
        let (first, second) = (house.acme.user.id, house.acme.administrator.id);
        let one = Change::SetSeats { license_type_id: license("basic"), bought: 1, bound: None };
        house.apply(owner, one).await.unwrap();
        schedule(&house, first, "basic", day("2026-04-01")).await;
        schedule(&house, second, "basic", day("2026-04-02")).await;
        let conflicts = || async { house.service.schedule_counts(owner).await.unwrap().conflicts };
        assert_eq!(conflicts().await, 1);
        let (entry_id, ..) = entries(&house).await[0];
        house.apply(owner, Change::RemoveScheduleEntry { entry_id }).await.unwrap();
        assert_eq!(conflicts().await, 0, "settled with the change, without waiting for the worker");
    }
}

const WORKER: &str = "LINESIDE_TEST_SCHEDULE_WORKER";
const DATES: u64 = 40;
const USERS: usize = 50;

/// What a node is told.
#[derive(Clone, Serialize, Deserialize)]
struct Orders {
    database: String,
    folder: PathBuf,
    now: DateTime<Utc>,
}

/// A node. Without orders (run as a test like the others) there is nothing to do.
#[tokio::test]
async fn worker() -> anyhow::Result<()> {
    let Ok(orders) = std::env::var(WORKER) else { return Ok(()) };
    let orders: Orders = serde_json::from_str(&orders)?;
    let service = node(Store::open(&orders.database).await?, &orders.folder, TestClock::at(orders.now))?;
    println!("\nup");
    while service.keep_schedule().await? > 0 {}
    println!("\ndone");
    Ok(())
}

/// Two nodes on one PostgreSQL, 2,000 entries due, and both killed at random moments until nothing is left.
#[tokio::test]
async fn two_dying_nodes_carry_out_each_entry_once() -> anyhow::Result<()> {
    let Some(database) = Database::fresh(Engine::Postgres).await else { return Ok(()) };
    let house = House::over(database.store.clone()).await?;
    let owner = &house.acme.owner.caller;
    let seats = Change::SetSeats { license_type_id: license("basic"), bought: 5_000, bound: None };
    house.apply(owner, seats).await?;
    let add = (0..USERS).map(|n| {
        let input = profile("Name", &format!("Node{n}"), &format!("node.{n}"));
        Ok(Change::AddUser { user: Box::new(new_user(&input, Role::User)?) })
    });
    let (added, _) = house.apply(owner, Change::Together { changes: add.collect::<anyhow::Result<_>>()? }).await?;
    let entry = house.service.journal_entry(owner, added.id, Steps::All).await?;
    let users: Vec<UserId> = entry
        .steps
        .iter()
        .filter_map(|step| match &step.after {
            Some(Record::User(user)) => Some(user.id),
            _ => None,
        })
        .collect();
    assert_eq!(users.len(), USERS);
    // Given on one day and taken on the next, for forty days.
    let first = day("2026-03-10");
    for n in 0..DATES {
        let date = Some(first + Days::new(n));
        let change = if n.is_multiple_of(2) {
            Change::AssignLicense { user_ids: users.clone(), license_type_id: license("basic"), date }
        } else {
            Change::RemoveLicense { user_ids: users.clone(), track_id: voice(), date }
        };
        house.apply(owner, change).await?;
    }
    let folder = tempfile::tempdir()?;
    let now = "2026-05-01T00:00:00Z".parse()?;
    let orders = Orders { database: database.url_of_program(), folder: folder.path().to_owned(), now };
    let mut kills = 0_u64;
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    loop {
        let mut nodes = [start(&orders)?, start(&orders)?];
        for child in &mut nodes {
            wait_until_up(child)?;
        }
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        // Not waiting for something: this is the random moment itself.
        std::thread::sleep(Duration::from_millis(dice % 600));
        for child in &mut nodes {
            child.kill()?;
            child.wait()?;
            kills += 1;
        }
        database.outlive_programs().await?;
        if house.service.schedule_counts(owner).await?.scheduled == 0 {
            break;
        }
        anyhow::ensure!(kills < 400, "the nodes get nowhere");
    }
    let filter = JournalFilter { action: "run_schedule".to_owned(), ..JournalFilter::default() };
    let journal = house.service.journal(owner, &filter).await?;
    let mut carried: BTreeMap<ScheduleEntryId, u32> = BTreeMap::new();
    let mut steps = Vec::new();
    for entry in &journal.rows {
        steps.extend(house.service.journal_entry(owner, entry.id, Steps::All).await?.steps);
    }
    for step in &steps {
        if let (Some(Record::ScheduleEntry(entry)), None) = (&step.before, &step.after) {
            *carried.entry(entry.id).or_default() += 1;
        }
    }
    assert_eq!(carried.len(), USERS * usize::try_from(DATES)?);
    assert!(carried.values().all(|times| *times == 1));
    let seats = house.service.seats(owner).await?;
    assert!(seats.iter().all(|seats| seats.used == 0), "given and taken as often: {seats:?}");
    eprintln!("{kills} kills, {} entries", carried.len());
    Ok(())
}

/// A catalogue in which Basic requires what nobody has: every entry of it would fail.
async fn demand_e911(store: &Store, now: DateTime<Utc>) -> anyhow::Result<()> {
    let before = store.catalogue_now().await?;
    let mut wanted = before.catalogue;
    let basic = wanted.types.iter_mut().find(|of| of.slug == "basic").expect("the catalogue has Basic");
    basic.requirements.push(Requirement::E911Confirmed);
    let id = ChangeId(uuid::Uuid::from_u128(
        0x0192_0000_0000_7000_8000_0000_0000_0000 + u128::from(before.version.unsigned_abs()),
    ));
    let request = CatalogueRequest { id, wanted: &wanted, seen: before.version, sent: None };
    let applied = store.change_catalogue(&request, &Actor::system("Olive Operator"), now).await?;
    anyhow::ensure!(matches!(applied, CatalogueApplied::Done(_)), "{applied:?}");
    Ok(())
}

/// A node that changes the catalogue, takes the first part of the rehearsal, and is killed with it in its hands. Without
/// orders there is nothing to do.
#[tokio::test]
async fn rehearser() -> anyhow::Result<()> {
    let Ok(orders) = std::env::var(WORKER) else { return Ok(()) };
    let orders: Orders = serde_json::from_str(&orders)?;
    let store = Store::open(&orders.database).await?;
    demand_e911(&store, orders.now).await?;
    let claimed = store.claim_rehearsal(orders.now, orders.now + TimeDelta::minutes(1)).await?;
    anyhow::ensure!(claimed.is_some(), "the change asked for a rehearsal");
    println!("\nup");
    std::future::pending().await
}

#[tokio::test]
async fn what_a_killed_node_was_to_rehearse_is_rehearsed_by_the_next() -> anyhow::Result<()> {
    for (database, house) in houses().await {
        let owner = &house.acme.owner.caller;
        schedule(&house, house.acme.user.id, "basic", day("2026-03-20")).await;
        let conflicts = async || house.service.schedule_counts(owner).await.map(|counts| counts.conflicts);
        let folder = tempfile::tempdir()?;
        let orders = Orders { database: database.url(), folder: folder.path().to_owned(), now: house.service.now() };
        let mut killed = start_as("rehearser", &orders)?;
        wait_until_up(&mut killed)?;
        killed.kill()?;
        killed.wait()?;

        house.service.keep_schedule().await?;
        assert_eq!(conflicts().await?, 0, "for a minute, the part is the killed node's");
        house.clock.set(orders.now + TimeDelta::minutes(1));
        house.service.keep_schedule().await?;
        assert_eq!(conflicts().await?, 1);
        assert_eq!(database.store.next_rehearsal_at().await?, None, "nothing is left to do");
    }
    Ok(())
}

fn start(orders: &Orders) -> anyhow::Result<Child> {
    start_as("worker", orders)
}

fn start_as(test: &str, orders: &Orders) -> anyhow::Result<Child> {
    let worker = Command::new(std::env::current_exe()?)
        .args([test, "--exact", "--nocapture"])
        .env(WORKER, serde_json::to_string(orders)?)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    Ok(worker?)
}

fn wait_until_up(child: &mut Child) -> anyhow::Result<()> {
    let out = child.stdout.take().expect("standard output is piped");
    for line in BufReader::new(out).lines() {
        if line? == "up" {
            return Ok(());
        }
    }
    anyhow::bail!("a node did not come up")
}
