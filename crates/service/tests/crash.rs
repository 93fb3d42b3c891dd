//! kill -9 at any point between the click and the answer: all or nothing, mails included.
//!
//! The test starts itself as a second process that applies changes and runs the mailer, kills it at a random moment, and
//! looks at what the database holds; two hundred times on each engine.

use chrono::TimeDelta;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::NewDevice;
use lineside_model::id::{ChangeId, DeviceId, LicenseTypeId, NumberId, TrackId, UserId};
use lineside_model::journal::Steps;
use lineside_model::license::{Catalogue, VOICE};
use lineside_model::mail::MailState;
use lineside_model::phone_number::{E164, NumberKind};
use lineside_model::user::{NewUser, ProfileInput, Role};
use lineside_service::{Caller, Outcome, Service, ServiceError};
use lineside_testkit::database::Engine;
use lineside_testkit::kill::{Moments, Said, Site, say};
use lineside_testkit::service::new_user;
use uuid::Uuid;

const MOMENTS: Moments = Moments { kills: 200, words: 8, micros: 6_000 };
/// A worker that is not killed stops here.
const ROUND_MAX: u64 = 12;

/// With the change that added the numbers: their identifiers follow from it.
type Orders = lineside_testkit::kill::Orders<ChangeId>;

#[tokio::test]
async fn a_killed_process_leaves_all_or_nothing_on_sqlite() -> anyhow::Result<()> {
    survive(Engine::Sqlite).await
}

#[tokio::test]
async fn a_killed_process_leaves_all_or_nothing_on_postgresql() -> anyhow::Result<()> {
    survive(Engine::Postgres).await
}

/// The second process.
#[tokio::test]
async fn worker() -> anyhow::Result<()> {
    let Some(orders) = Orders::given()? else { return Ok(()) };
    let (service, owner) = (orders.service().await?, orders.owner());
    tokio::spawn({
        let service = service.clone();
        async move { service.run_mailer().await }
    });
    for step in 0..ROUND_MAX {
        for request in requests(&orders, step)? {
            say("asked", request.id)?;
            match service.apply(&owner, &request, None).await? {
                Outcome::Done { .. } => say("answered", request.id)?,
                other => anyhow::bail!("{other:?}"),
            }
        }
    }
    Ok(())
}

/// Add a user with number, license and welcome mail; give them a phone; take every third license away again.
fn requests(orders: &Orders, step: u64) -> anyhow::Result<Vec<ChangeRequest>> {
    let n = orders.round * ROUND_MAX + step;
    let change_id = |kind: &str| ChangeId(orders.more.derive(kind, Uuid::from_u128(u128::from(n))));
    let input = ProfileInput {
        first_name: format!("Name{n}"),
        last_name: "Crash".to_owned(),
        username: format!("crash.{n}"),
        email: format!("crash.{n}@acme.example"),
        ..ProfileInput::default()
    };
    let number = NumberId(orders.more.derive(number(n)?.as_str(), Uuid::nil()));
    let user = NewUser {
        number_id: Some(number),
        package: Some(basic()),
        welcome_wanted: true,
        ..new_user(&input, Role::User)?
    };
    let add = ChangeRequest { id: change_id("user"), change: Change::AddUser { user: Box::new(user) } };
    let user_id = add.new_user_id();
    let device = NewDevice { model: "linphone".to_owned(), mac: None, label: None, user_id: Some(user_id) };
    let mut requests = vec![add, ChangeRequest { id: change_id("device"), change: Change::AddDevice { device } }];
    if n.is_multiple_of(3) {
        let change = Change::RemoveLicense { user_ids: vec![user_id], track_id: voice(), date: None };
        requests.push(ChangeRequest { id: change_id("remove"), change });
    }
    Ok(requests)
}

fn number(n: u64) -> anyhow::Result<E164> {
    Ok(E164::parse(&format!("+1480{:07}", 2_220_000 + n))?)
}

fn basic() -> LicenseTypeId {
    Catalogue::default_catalogue().license_type_by_slug("basic").expect("the catalogue has Basic").id
}

fn voice() -> TrackId {
    Catalogue::default_catalogue().track_by_slug(VOICE).expect("the catalogue has Voice").id
}

async fn survive(engine: Engine) -> anyhow::Result<()> {
    let Some(site) = Site::on(engine).await? else { return Ok(()) };
    let (house, acme) = (&site.house, &site.house.acme.owner.caller);
    house.apply(acme, Change::SetSeats { license_type_id: basic(), bought: 1_000_000, bound: None }).await?;
    let numbers: Result<Vec<E164>, _> = (0..MOMENTS.kills * ROUND_MAX).map(number).collect();
    let change = Change::AddNumbers { numbers: numbers?, kind: NumberKind::Landline, location_id: None };
    let (added, _) = house.apply(acme, change).await?;
    let mut seen = Seen::default();
    let look = async |orders: &Orders, said| check_round(&site.service, orders, &said, &mut seen).await;
    site.kill_often(added.id, MOMENTS, look).await?;
    check_mails(&site, &seen).await?;
    eprintln!(
        "{engine:?}: {} kills, {} changes whole, {} of those unanswered, {} changes absent",
        MOMENTS.kills, seen.whole, seen.unanswered, seen.absent
    );
    Ok(())
}

#[derive(Default)]
struct Seen {
    whole: u64,
    /// Done, and the answer lost.
    unanswered: u64,
    absent: u64,
    licensed: i64,
    users: Vec<UserId>,
}

/// A change is in the journal if and only if all of its rows are there; and it is, if it was answered.
async fn check_round(service: &Service, orders: &Orders, said: &Said, seen: &mut Seen) -> anyhow::Result<()> {
    let owner = orders.owner();
    for step in 0..ROUND_MAX {
        for request in requests(orders, step)? {
            let id = request.id.to_string();
            if !said.asked.contains(&id) {
                continue;
            }
            let journaled = exists(service.journal_entry(&owner, request.id, Steps::All).await)?.is_some();
            let answered = said.answered.contains(&id);
            assert!(journaled || !answered, "an answered change is gone: {:?}", request.change);
            match (journaled, answered) {
                (true, true) => seen.whole += 1,
                (true, false) => (seen.whole, seen.unanswered) = (seen.whole + 1, seen.unanswered + 1),
                (false, _) => seen.absent += 1,
            }
            check_rows(service, &owner, &request, journaled, seen).await?;
        }
    }
    let seats = service.seats(&owner).await?;
    let used = seats.iter().find(|seats| seats.license_type_id == basic()).map(|seats| seats.used);
    assert_eq!(used, Some(seen.licensed), "seats and assignments disagree after round {}", orders.round);
    Ok(())
}

async fn check_rows(
    service: &Service,
    owner: &Caller,
    request: &ChangeRequest,
    journaled: bool,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    match &request.change {
        Change::AddUser { user } => {
            let id = request.new_user_id();
            let found = exists(service.user(owner, id).await)?;
            assert_eq!(found.is_some(), journaled, "user and journal disagree");
            let number_id = user.number_id.expect("each has a number");
            let held = service.number(owner, number_id).await?.number.user_id;
            assert_eq!(held, journaled.then_some(id), "number and journal disagree");
            if let Some(found) = found {
                assert_eq!((found.numbers.len(), found.mails.len()), (1, 1), "half of {}", found.user.profile.username);
                seen.licensed += 1;
                seen.users.push(id);
            }
        }
        Change::AddDevice { .. } => {
            let id: DeviceId = request.new_device_id();
            let found = exists(service.device(owner, id).await)?;
            assert_eq!(found.is_some(), journaled, "device and journal disagree");
            assert!(found.is_none_or(|found| found.line.is_some()), "a device without its line");
        }
        Change::RemoveLicense { user_ids, .. } => {
            let held = service.user(owner, user_ids[0]).await?.assignments.len();
            assert_eq!(held, usize::from(!journaled), "license and journal disagree");
            seen.licensed -= i64::from(journaled);
        }
        other => anyhow::bail!("no such change is made here: {other:?}"),
    }
    Ok(())
}

fn exists<T>(found: Result<T, ServiceError>) -> Result<Option<T>, ServiceError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(ServiceError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Every mail of every user that exists goes out, those that a killed worker had claimed as well.
async fn check_mails(site: &Site, seen: &Seen) -> anyhow::Result<()> {
    let (service, owner) = (&site.service, &site.house.acme.owner.caller);
    site.clock.turn(TimeDelta::hours(1));
    while service.send_due_mails().await? > 0 {}
    for id in &seen.users {
        let user = service.user(owner, *id).await?;
        let [mail] = user.mails.as_slice() else { anyhow::bail!("{} mails for one user", user.mails.len()) };
        assert_eq!(mail.state, MailState::Accepted, "{:?}", mail.said);
    }
    let spooled = std::fs::read_dir(site.folder().join("spool"))?.filter_map(Result::ok);
    let letters = spooled.filter(|file| file.path().extension().is_some_and(|extension| extension == "eml")).count();
    assert_eq!(letters, seen.users.len(), "as many letters as users");
    Ok(())
}
