//! Each kind of change, carried out, repeated, and refused when the facts moved.

use std::collections::BTreeSet;

use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::{Mac, NewDevice};
use lineside_model::extension::Extension;
use lineside_model::list::{JournalFilter, UserFilter};
use lineside_model::phone_number::{E164, NumberKind, NumberState};
use lineside_model::plan::BlockerKind;
use lineside_model::readiness::Lamp;
use lineside_model::secret::Opaque;
use lineside_model::text::Name;
use lineside_model::user::{NewUser, Profile, Role, UserState, WizardStep};
use lineside_store::Applied;
use lineside_testkit::database::Engine;
use rstest::rstest;

use crate::support::{House, address, blockers, later, license, new_user, now, profile, settings, site, track};

/// Applies a change, then again: the second time does nothing, and the journal has it once.
async fn once(house: &House, change: Change) -> ChangeRequest {
    let request = house.request(change);
    let action = request.change.action();
    let first = house.apply(&house.acme, &request).await;
    assert!(matches!(first, Applied::Done(_)), "{action}: {first:#?}");
    assert_eq!(house.apply(&house.acme, &request).await, Applied::Before, "{action}");
    let entry = house
        .store()
        .journal_entry(&house.acme, request.id, lineside_model::journal::Steps::All)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((entry.action.as_str(), entry.at), (action, now()));
    assert_eq!(
        house.store().journal_entry(&house.globex, request.id, lineside_model::journal::Steps::All).await.unwrap(),
        None
    );
    request
}

#[rstest]
#[tokio::test]
async fn every_kind_of_change_is_carried_out_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);

    once(&house, Change::EditAccount { account_id: None, version: Some(1), settings: settings("acme") }).await;
    let renamed =
        lineside_model::account::AccountSettings { name: Name::parse("Acme Air").unwrap(), ..settings("acme") };
    once(&house, Change::EditAccount { account_id: None, version: Some(1), settings: renamed }).await;
    let account = store.account(acme).await.unwrap().unwrap();
    assert_eq!((account.settings.name.as_str(), account.version), ("Acme Air", 2));

    let hq = once(&house, Change::AddLocation { site: site("HQ") }).await.new_location_id();
    let depot = once(&house, Change::AddLocation { site: site("Depot") }).await.new_location_id();
    once(&house, Change::EditLocation { location_id: hq, version: Some(1), site: site("Head office") }).await;
    once(&house, Change::DeleteLocation { location_id: depot }).await;
    let names: Vec<String> =
        store.locations(acme).await.unwrap().iter().map(|row| row.location.site.name.to_string()).collect();
    assert_eq!(names, ["Head office"]);

    let sales = once(&house, Change::AddDepartment { name: Name::parse("Sales").unwrap() }).await.new_department_id();
    let old = once(&house, Change::AddDepartment { name: Name::parse("Old").unwrap() }).await.new_department_id();
    let name = Name::parse("Sales and service").unwrap();
    once(&house, Change::EditDepartment { department_id: sales, version: Some(1), name }).await;
    once(&house, Change::DeleteDepartment { department_id: old }).await;
    assert_eq!(store.departments(acme).await.unwrap().len(), 1);

    let numbers = ["480 555 0143", "480 555 0144"].map(|number| E164::parse(number).unwrap());
    once(&house, Change::AddNumbers { numbers: numbers.to_vec(), kind: NumberKind::Landline, location_id: Some(hq) })
        .await;
    let first_number = house.number_id(acme, "4805550143").await;
    let second_number = house.number_id(acme, "4805550144").await;
    once(&house, Change::SetSeats { license_type_id: license("business"), bought: 2, bound: None }).await;
    once(&house, Change::SetSeats { license_type_id: license("business"), bought: 5, bound: None }).await;
    once(&house, Change::SetSeats { license_type_id: license("pro-plus"), bought: 1, bound: None }).await;

    let ana = Profile {
        extension: Some(Extension::parse("203").unwrap()),
        location_id: Some(hq),
        department_id: Some(sales),
        ..profile("Ana", "Duarte", "ana.duarte")
    };
    let new = NewUser {
        profile: ana.clone(),
        number_id: Some(first_number),
        package: Some(license("business")),
        welcome_wanted: true,
        wizard: Some(WizardStep::E911),
        ..new_user("Ana", "Duarte", "ana.duarte")
    };
    let ana_id = once(&house, Change::AddUser { user: Box::new(new) }).await.new_user_id();
    let seen = house.user(acme, ana_id).await;
    assert_eq!(seen.user.profile, ana);
    assert_eq!(seen.number().unwrap().number, numbers[0]);
    assert_eq!((seen.lamps.license, seen.lamps.number, seen.lamps.e911), (Lamp::Ready, Lamp::Ready, Lamp::Missing));
    assert_eq!(seen.department.as_deref(), Some("Sales and service"));
    assert!(!seen.has_password && seen.mails.is_empty());

    let moved = Profile { last_name: Name::parse("Silva").unwrap(), ..ana };
    once(&house, Change::EditProfile { user_id: ana_id, version: Some(1), profile: Box::new(moved) }).await;
    assert_eq!(house.found("silva").await, ["Ana Silva"]);
    let confirm =
        Change::ConfirmE911 { user_id: ana_id, address: address().parse().unwrap(), callback: None, confirmed: true };
    once(&house, confirm).await;
    assert_eq!(house.user(acme, ana_id).await.lamps.e911, Lamp::Ready);

    let new_device = |mac: &str, user_id| Change::AddDevice {
        device: NewDevice {
            model: "yealink-t54w".to_owned(),
            mac: Some(Mac::parse(mac).unwrap()),
            label: Some(Name::parse("Reception").unwrap()),
            user_id,
        },
    };
    let spare = once(&house, new_device("80:5e:c0:00:00:01", None)).await.new_device_id();
    once(&house, Change::AssignDevice { device_id: spare, user_id: ana_id }).await;
    let before = store.device(acme, spare).await.unwrap().unwrap().line.unwrap();
    once(&house, Change::Generate { device_id: spare }).await;
    let after = store.device(acme, spare).await.unwrap().unwrap().line.unwrap();
    assert_eq!((before.id, before.version + 1), (after.id, after.version));
    assert_ne!(before.credentials, after.credentials);
    assert!(after.credentials.secret.is_some(), "secrets lie in columns of their own, not in JSON");
    once(&house, Change::LockDevice { device_id: spare, locked: true }).await;
    assert_eq!(house.user(acme, ana_id).await.lamps.device, Lamp::Missing);
    once(&house, Change::LockDevice { device_id: spare, locked: false }).await;
    assert_eq!(house.user(acme, ana_id).await.lamps.device, Lamp::Ready);
    once(&house, Change::UnassignDevice { device_id: spare }).await;
    assert_eq!(store.device(acme, spare).await.unwrap().unwrap().line, None);
    once(&house, Change::DeleteDevice { device_id: spare }).await;
    assert!(store.device(acme, spare).await.unwrap().is_none());

    once(&house, Change::AssignNumber { number_id: second_number, user_id: Some(ana_id) }).await;
    let states =
        [first_number, second_number].map(async |id| store.number(acme, id).await.unwrap().unwrap().number.state);
    let [first_state, second_state] = states;
    assert_eq!((first_state.await, second_state.await), (NumberState::Free, NumberState::Assigned));
    assert_eq!(house.found("0144").await, ["Ana Silva"]);
    assert!(house.found("0143").await.is_empty());

    once(&house, Change::AssignLicense { user_ids: vec![ana_id], license_type_id: license("pro-plus"), date: None })
        .await;
    let used = || async {
        let seats = store.seats(acme).await.unwrap();
        seats.iter().map(|seats| (seats.bought, seats.used)).collect::<Vec<_>>()
    };
    assert_eq!(used().await, [(5, 1), (1, 1)]);
    once(&house, Change::RemoveLicense { user_ids: vec![ana_id], track_id: track("voice"), date: None }).await;
    assert_eq!(used().await, [(5, 0), (1, 0)], "what required the license fell with it");
    assert_eq!(house.user(acme, ana_id).await.lamps.license, Lamp::Missing);

    let greeting = Change::SetGreeting {
        user_id: ana_id,
        file_name: "hello.wav".to_owned(),
        duration_ms: 1_500,
        audio: "ab".repeat(32),
    };
    once(&house, greeting).await;
    assert_eq!(house.user(acme, ana_id).await.greeting.unwrap().file_name, "hello.wav");
    once(&house, Change::RemoveGreeting { user_id: ana_id }).await;
    assert_eq!(house.user(acme, ana_id).await.greeting, None);

    once(&house, Change::SetWizard { user_id: ana_id, wizard: None }).await;
    assert_eq!(house.user(acme, ana_id).await.mails.len(), 1, "finishing the wizard sends the welcome mail");
    once(&house, Change::SendWelcome { user_ids: vec![ana_id] }).await;
    assert_eq!(house.user(acme, ana_id).await.mails.len(), 2);
    let pin_hash = Some(Opaque::new("a hashed PIN"));
    once(&house, Change::SetSecurity { user_id: ana_id, version: None, role: Role::AuthorizedUser, pin_hash }).await;
    assert_eq!(house.user(acme, ana_id).await.user.pin_hash, Some(Opaque::new("a hashed PIN")));
    once(&house, Change::SetUserState { user_ids: vec![ana_id], state: UserState::Suspended, date: None }).await;
    let suspended = UserFilter { state: Some(UserState::Suspended), ..UserFilter::default() };
    assert_eq!(house.users(&suspended).await.len(), 1);

    let mut kinds = BTreeSet::new();
    for page in 1..3 {
        let entries = store.journal(acme, &JournalFilter { page, ..JournalFilter::default() }).await.unwrap();
        kinds.extend(entries.rows.into_iter().map(|entry| entry.action));
    }
    assert_eq!(kinds.len(), 28, "a kind of change is not in this test: {kinds:?}");
}

#[rstest]
#[tokio::test]
async fn who_saves_second_learns_that_the_record_moved(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", "ana.duarte")).await;
    let save = |last: &str| Change::EditProfile {
        user_id: id,
        version: Some(1),
        profile: Box::new(profile("Ana", last, "ana.duarte")),
    };
    house.done(&house.acme, save("Silva")).await;
    let second = house.apply(&house.acme, &house.request(save("Costa"))).await;
    assert_eq!(blockers(second), [BlockerKind::Stale]);
    assert_eq!(house.user(&house.acme, id).await.user.version, 2);
}

#[rstest]
#[tokio::test]
async fn a_plan_that_was_read_is_not_carried_out_when_the_facts_moved(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", "ana.duarte")).await;
    let request = house.request(Change::EditProfile {
        user_id: id,
        version: None,
        profile: Box::new(profile("Ana", "Silva", "ana.duarte")),
    });
    let read = house.store().plan(&house.acme, &request, house.context()).await.unwrap();
    house.done(&house.acme, Change::SetUserState { user_ids: vec![id], state: UserState::Suspended, date: None }).await;
    let context = lineside_model::plan::Context { now: later(60), ..house.context() };
    let applied = house.store().apply(&house.acme, &request, Some(&read.fingerprint()), context).await.unwrap();
    let Applied::Moved(plan) = applied else { panic!("{applied:?}") };
    let applied = house.store().apply(&house.acme, &request, Some(&plan.fingerprint()), context).await.unwrap();
    assert!(matches!(applied, Applied::Done(_)), "the new plan is carried out once it was read");
}

#[rstest]
#[tokio::test]
async fn unrelated_changes_do_not_move_a_plan(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let id = house.add_user(&house.acme, new_user("Ana", "Duarte", "ana.duarte")).await;
    house.seats(&house.acme, license("basic"), 3).await;
    let request =
        house.request(Change::AssignLicense { user_ids: vec![id], license_type_id: license("basic"), date: None });
    let read = house.store().plan(&house.acme, &request, house.context()).await.unwrap();
    let other = house.add_user(&house.acme, new_user("Gus", "Weber", "gus.weber")).await;
    house
        .done(
            &house.acme,
            Change::AssignLicense { user_ids: vec![other], license_type_id: license("basic"), date: None },
        )
        .await;
    let applied = house.store().apply(&house.acme, &request, Some(&read.fingerprint()), house.context()).await.unwrap();
    assert!(matches!(applied, Applied::Done(_)), "{applied:?}");
}

#[rstest]
#[tokio::test]
async fn what_is_taken_elsewhere_blocks_with_its_field(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    house.add_device(&house.globex, "80:5e:c0:00:00:01", None).await;
    house.add_numbers(&house.globex, &["480 555 0143"], NumberKind::Landline).await;
    let taken = [
        Change::AddUser { user: Box::new(new_user("Ana", "Duarte", "GLOBEX.owner")) },
        Change::AddDevice {
            device: NewDevice {
                model: "yealink-t54w".to_owned(),
                mac: Some(Mac::parse("80:5e:c0:00:00:01").unwrap()),
                label: None,
                user_id: None,
            },
        },
        Change::AddNumbers {
            numbers: vec![E164::parse("480 555 0143").unwrap()],
            kind: NumberKind::Landline,
            location_id: None,
        },
        Change::EditAccount { account_id: None, version: None, settings: settings("globex") },
    ];
    for change in taken {
        let request = house.request(change);
        let action = request.change.action();
        assert_eq!(blockers(house.apply(&house.acme, &request).await), [BlockerKind::Taken], "{action}");
    }
}

#[rstest]
#[tokio::test]
async fn a_change_costs_as_many_statements_for_many_users_as_for_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    house.seats(&house.acme, license("basic"), 1_000).await;
    let mut ids = Vec::new();
    for at in 0..30 {
        ids.push(house.add_user(&house.acme, new_user("Ana", "Duarte", &format!("user.{at}"))).await);
    }
    let cost = async |users: &[lineside_model::id::UserId]| {
        let before = house.store().statements_sent();
        let change = Change::AssignLicense { user_ids: users.to_vec(), license_type_id: license("basic"), date: None };
        house.done(&house.acme, change).await;
        house.store().statements_sent() - before
    };
    let (one, two, many) = (cost(&ids[..1]).await, cost(&ids[1..3]).await, cost(&ids[3..]).await);
    assert_eq!(two, many);
    // Beside: in whose histories it stands.
    assert_eq!(one + 1, two);
    assert!(one <= 25, "{one} statements");
}
