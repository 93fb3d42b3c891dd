//! Nothing of another account is reachable, by reading or by changing.

use lineside_model::change::Change;
use lineside_model::device::NewDevice;
use lineside_model::id::{DepartmentId, DeviceId, LocationId, NumberId, UserId};
use lineside_model::list::{DeviceFilter, JournalFilter, NumberFilter, UserFilter};
use lineside_model::phone_number::NumberKind;
use lineside_model::plan::BlockerKind;
use lineside_model::text::Name;
use lineside_model::user::{NewUser, Profile, Role, UserState};
use lineside_store::api_token::TokenOwner;
use lineside_testkit::database::Engine;
use rstest::rstest;

use crate::support::{House, address, blockers, license, new_user, now, profile, site, track};

/// What Globex has, and its identifiers.
struct Theirs {
    user: UserId,
    number: NumberId,
    device: DeviceId,
    location: LocationId,
    department: DepartmentId,
}

async fn theirs(house: &House) -> Theirs {
    let globex = &house.globex;
    let user = house.add_user(globex, new_user("Gus", "Weber", "gus.weber")).await;
    let number = house.add_numbers(globex, &["480 555 0143"], NumberKind::Landline).await[0];
    house.done(globex, Change::AssignNumber { number_id: number, user_id: Some(user) }).await;
    let device = house.add_device(globex, "80:5e:c0:00:00:01", Some(user)).await;
    let location = house.add_location(globex, "HQ").await;
    let name = Name::parse("Sales").unwrap();
    let department = house.done(globex, Change::AddDepartment { name }).await.0.new_department_id();
    Theirs { user, number, device, location, department }
}

fn changes_with(theirs: &Theirs, own: UserId) -> Vec<Change> {
    let user_id = theirs.user;
    let with_profile = |change: fn(&mut Profile, &Theirs)| {
        let mut profile = profile("Ana", "Duarte", "ana.two");
        change(&mut profile, theirs);
        NewUser { profile, ..new_user("Ana", "Duarte", "ana.two") }
    };
    vec![
        Change::EditLocation { location_id: theirs.location, version: None, site: site("Mine") },
        Change::DeleteLocation { location_id: theirs.location },
        Change::EditDepartment { department_id: theirs.department, version: None, name: Name::parse("Mine").unwrap() },
        Change::DeleteDepartment { department_id: theirs.department },
        Change::AddUser { user: Box::new(with_profile(|profile, it| profile.location_id = Some(it.location))) },
        Change::AddUser { user: Box::new(with_profile(|profile, it| profile.department_id = Some(it.department))) },
        Change::AddUser { user: Box::new(NewUser { number_id: Some(theirs.number), ..with_profile(|_, _| {}) }) },
        Change::EditProfile { user_id, version: None, profile: Box::new(profile("A", "B", "c.d")) },
        Change::SetWizard { user_id, wizard: None },
        Change::SetSecurity { user_id, version: None, role: Role::Administrator, pin_hash: None },
        Change::SetUserState { user_ids: vec![user_id], state: UserState::Suspended, date: None },
        Change::AddNumbers {
            numbers: vec![lineside_model::phone_number::E164::parse("480 555 0199").unwrap()],
            kind: NumberKind::Landline,
            location_id: Some(theirs.location),
        },
        Change::AssignNumber { number_id: theirs.number, user_id: Some(own) },
        Change::AssignNumber { number_id: theirs.number, user_id: None },
        Change::ConfirmE911 { user_id, address: address().parse().unwrap(), callback: None, confirmed: true },
        Change::AddDevice {
            device: NewDevice { model: "linphone".to_owned(), mac: None, label: None, user_id: Some(user_id) },
        },
        Change::AssignDevice { device_id: theirs.device, user_id: own },
        Change::UnassignDevice { device_id: theirs.device },
        Change::LockDevice { device_id: theirs.device, locked: true },
        Change::DeleteDevice { device_id: theirs.device },
        Change::Generate { device_id: theirs.device },
        Change::AssignLicense { user_ids: vec![user_id], license_type_id: license("basic"), date: None },
        Change::AssignLicense { user_ids: vec![own, user_id], license_type_id: license("basic"), date: None },
        Change::RemoveLicense { user_ids: vec![user_id], track_id: track("voice"), date: None },
        Change::SetGreeting { user_id, file_name: "a.wav".to_owned(), duration_ms: 1, audio: "ab".to_owned() },
        Change::RemoveGreeting { user_id },
        Change::SendWelcome { user_ids: vec![user_id] },
    ]
}

#[rstest]
#[tokio::test]
async fn no_change_reaches_into_another_account(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let theirs = theirs(&house).await;
    let own = house.add_user(&house.acme, new_user("Ana", "Duarte", "ana.duarte")).await;
    house.seats(&house.acme, license("basic"), 5).await;
    for change in changes_with(&theirs, own) {
        let request = house.request(change);
        let kinds = blockers(house.apply(&house.acme, &request).await);
        assert_eq!(kinds, [BlockerKind::NotFound], "{:?}", request.change);
    }
    let seen = house.user(&house.globex, theirs.user).await;
    assert_eq!((seen.user.version, seen.devices.len(), seen.numbers.len()), (1, 1, 1));
}

#[rstest]
#[tokio::test]
async fn nothing_of_another_account_is_read(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let theirs = theirs(&house).await;
    let (store, acme) = (house.store(), &house.acme);
    assert_eq!(store.user(acme, theirs.user, now()).await.unwrap(), None);
    assert_eq!(store.user_rows(acme, &[theirs.user], now()).await.unwrap(), []);
    assert_eq!(store.number(acme, theirs.number).await.unwrap(), None);
    assert_eq!(store.device(acme, theirs.device).await.unwrap(), None);
    assert_eq!(store.location(acme, theirs.location).await.unwrap(), None);
    assert_eq!(house.found("gus").await, Vec::<String>::new());
    assert_eq!(house.users(&UserFilter::default()).await.len(), 1, "the own owner");
    assert_eq!(house.users(&UserFilter { location_id: Some(theirs.location), ..UserFilter::default() }).await, []);
    assert_eq!(store.numbers(acme, &NumberFilter::default()).await.unwrap().total, 0);
    assert_eq!(store.free_numbers(acme, Some(theirs.location), "", 9).await.unwrap(), []);
    assert_eq!(store.devices(acme, &DeviceFilter::default()).await.unwrap().total, 0);
    let gus = DeviceFilter { search: "gus".to_owned(), ..DeviceFilter::default() };
    assert_eq!(store.devices(acme, &gus).await.unwrap().total, 0);
    assert_eq!(store.locations(acme).await.unwrap(), []);
    assert_eq!(store.departments(acme).await.unwrap(), []);
    assert_eq!(store.journal(acme, &JournalFilter::default()).await.unwrap().total, 1, "its own opening");
    let about = JournalFilter { user_id: Some(theirs.user), ..JournalFilter::default() };
    assert_eq!(store.journal(acme, &about).await.unwrap().total, 0);
    let home = store.home(acme).await.unwrap().unwrap();
    assert_eq!((home.users, home.numbers, home.devices, home.locations), (1, 0, 0, 0));
    let owner = TokenOwner::User { scope: acme.clone(), id: theirs.user };
    assert_eq!(store.api_tokens(&owner).await.unwrap(), []);
}
