//! Registrations, and the lamps that follow them.

use lineside_model::change::Change;
use lineside_model::device::Line;
use lineside_model::directory::{Binding, RegistrationChange, Transport};
use lineside_model::id::UserId;
use lineside_model::list::{DeviceFilter, UserFilter};
use lineside_model::phone_number::NumberKind;
use lineside_model::readiness::Lamp;
use lineside_model::user::{NewUser, UserState};
use lineside_testkit::database::Engine;
use rstest::rstest;

use crate::support::{House, address, later, license, new_user, now, track};

fn binding(line: &Line, contact: &str, until: i64) -> RegistrationChange {
    RegistrationChange::Put(Binding {
        account_id: line.account_id,
        user_id: line.user_id,
        line_id: line.id,
        contact: contact.as_bytes().into(),
        transport: Transport::Tcp,
        source: "192.0.2.7:5060".parse().unwrap(),
        user_agent: "Yealink".into(),
        call_id: "a@b".into(),
        cseq: 4_000_000_000,
        registered_at: now(),
        expires_at: later(until),
    })
}

fn removed(line: &Line, contact: &str) -> RegistrationChange {
    let contact = contact.as_bytes().into();
    RegistrationChange::Removed {
        account_id: line.account_id,
        user_id: line.user_id,
        line_id: line.id,
        contact,
        heard_at: later(20),
    }
}

/// A user with everything but a registered phone.
async fn almost_ready(house: &House) -> (UserId, Line) {
    let acme = &house.acme;
    house.seats(acme, license("basic"), 5).await;
    let number = house.add_numbers(acme, &["480 555 0143"], NumberKind::Landline).await[0];
    let new =
        NewUser { number_id: Some(number), package: Some(license("basic")), ..new_user("Ana", "Duarte", "ana.duarte") };
    let user_id = house.add_user(acme, new).await;
    let device = house.add_device(acme, "80:5e:c0:00:00:01", Some(user_id)).await;
    let address = address().parse().unwrap();
    house.done(acme, Change::ConfirmE911 { user_id, address, callback: None, confirmed: true }).await;
    let line = house.store().device(acme, device).await.unwrap().unwrap().line.unwrap();
    (user_id, line)
}

#[rstest]
#[tokio::test]
async fn the_registered_lamp_follows_the_phone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (user, line) = almost_ready(&house).await;
    let (store, acme) = (house.store(), &house.acme);
    let lamp = async |at| store.user_rows(acme, &[user], at).await.unwrap()[0].lamps.registered;
    let counts = async || {
        let home = store.home(acme).await.unwrap().unwrap();
        (home.users - home.not_ready, home.missing[4])
    };
    assert_eq!(lamp(now()).await, Lamp::Missing);
    assert_eq!(counts().await, (0, 1));

    store.save_bindings(&[binding(&line, "sip:a", 60), binding(&line, "sip:b", 90)], now()).await.unwrap();
    assert_eq!(
        (lamp(now()).await, lamp(later(89)).await, lamp(later(90)).await),
        (Lamp::Ready, Lamp::Ready, Lamp::Failing)
    );
    assert_eq!(counts().await, (1, 0));
    let ready = UserFilter { ready: Some(true), ..UserFilter::default() };
    assert_eq!(house.users(&ready).await.len(), 1);
    let seen = house.user(acme, user).await;
    assert_eq!((seen.lamps.ready(), seen.devices[0].registrations.len()), (true, 2));
    let listed = store.devices(acme, &DeviceFilter::default()).await.unwrap();
    assert_eq!(listed.rows[0].registered_until, Some(later(90)));

    let bindings = store.bindings(later(60)).await.unwrap();
    assert_eq!(bindings.len(), 1);
    assert_eq!((&*bindings[0].contact, bindings[0].cseq), (b"sip:b".as_slice(), 4_000_000_000));

    store.save_bindings(&[binding(&line, "sip:a", 30)], now()).await.unwrap();
    store.save_bindings(&[removed(&line, "sip:b")], later(25)).await.unwrap();
    assert_eq!(lamp(later(31)).await, Lamp::Failing);
    let devices = house.user(acme, user).await.devices;
    assert_eq!(devices[0].last_registered_at, Some(later(20)), "what was renewed without being written");
    assert_eq!(store.expire_bindings(later(31)).await.unwrap(), 1);
    assert_eq!((lamp(now()).await, counts().await), (Lamp::Failing, (0, 1)));
    assert_eq!(house.users(&ready).await.len(), 0);
}

#[rstest]
#[tokio::test]
async fn without_its_line_a_registration_is_gone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (user, line) = almost_ready(&house).await;
    let (store, acme) = (house.store(), &house.acme);
    store.save_bindings(&[binding(&line, "sip:a", 60)], now()).await.unwrap();
    house.done(acme, Change::UnassignDevice { device_id: line.device_id }).await;
    assert!(store.bindings(now()).await.unwrap().is_empty());
    let lamps = house.user(acme, user).await.lamps;
    assert_eq!((lamps.device, lamps.registered), (Lamp::Missing, Lamp::NotNeeded));
    store.save_bindings(&[binding(&line, "sip:a", 60)], now()).await.unwrap();
    assert!(store.bindings(now()).await.unwrap().is_empty(), "a line that is gone is passed over");
    let home = store.home(acme).await.unwrap().unwrap();
    assert_eq!((home.not_ready, home.missing), (2, [1, 1, 1, 1, 0]));
}

#[rstest]
#[tokio::test]
async fn the_line_directory_says_who_may_register(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (user, line) = almost_ready(&house).await;
    let (store, acme) = (house.store(), &house.acme);
    let seen = async || store.directory_users(&[user]).await.unwrap().remove(0);
    let first = seen().await;
    assert_eq!((first.user.voice, first.lines.len(), first.lines[0].enabled), (true, 1, true));
    assert_eq!((first.user.sip_domain.as_str(), first.user.numbers.len()), ("acme.sip.example", 1));
    assert_eq!(first.lines[0].line, line);
    house.done(acme, Change::LockDevice { device_id: line.device_id, locked: true }).await;
    assert!(!seen().await.lines[0].enabled);
    house.done(acme, Change::SetUserState { user_ids: vec![user], state: UserState::Suspended, date: None }).await;
    assert!(!seen().await.user.voice);
    house.done(acme, Change::SetUserState { user_ids: vec![user], state: UserState::Active, date: None }).await;
    house.done(acme, Change::RemoveLicense { user_ids: vec![user], track_id: track("voice"), date: None }).await;
    assert!(!seen().await.user.voice);
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = store.directory_page(after, 2).await.unwrap();
        after = page.last().map(|last| last.user.user_id);
        all.extend(page.iter().map(|user| user.user.user_id));
        if page.is_empty() {
            break;
        }
    }
    assert_eq!(all.len(), 3, "two owners and Ana");
}

#[rstest]
#[tokio::test]
async fn a_phone_finds_its_configuration_by_the_hash_of_its_address(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    let (_, line) = almost_ready(&house).await;
    let (store, acme) = (house.store(), &house.acme);
    let device = store.device(acme, line.device_id).await.unwrap().unwrap().device;
    let found = async || store.device_by_provisioning_hash(device.provisioning_hash.bytes()).await.unwrap().unwrap();
    let first = found().await;
    assert_eq!((first.voice, first.time_zone.name(), first.line), (true, "America/Phoenix", Some(line.clone())));
    assert!(store.device_by_provisioning_hash(b"guessed").await.unwrap().is_none());
    let entry = lineside_model::id::ChangeId(uuid::Uuid::from_u128(5));
    store.record_fetch(&device, entry, later(5), "192.0.2.7", "Yealink T54W").await.unwrap();
    let seen = store.device(acme, line.device_id).await.unwrap().unwrap().fetch.unwrap();
    assert_eq!((seen.at, seen.from.as_str(), seen.user_agent.as_str()), (later(5), "192.0.2.7", "Yealink T54W"));
    assert_eq!(
        store.journal_entry(acme, entry, lineside_model::journal::Steps::All).await.unwrap().unwrap().action,
        "fetch_configuration"
    );
    house
        .done(acme, Change::RemoveLicense { user_ids: vec![line.user_id], track_id: track("voice"), date: None })
        .await;
    assert!(!found().await.voice);
}
