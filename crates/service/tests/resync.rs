//! Phones that are asked to fetch their configuration, whatever happens meanwhile.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::change::Change;
use lineside_model::device::{Mac, NewDevice};
use lineside_model::directory::{Binding, NoticeAnswer, RegistrationChange, Transport};
use lineside_model::id::{DeviceId, LineId, UserId};
use lineside_model::leaving::Leaving;
use lineside_model::license::Catalogue;
use lineside_model::resync::{Resync, ResyncState};
use lineside_model::text::Name;
use lineside_model::user::Profile;
use lineside_service::resync::Phones;
use lineside_testkit::clock::TestClock;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::House;
use rstest::rstest;

/// Phones that answer as they are told, and keep what they were asked.
#[derive(Default)]
struct Answering {
    answers: Mutex<VecDeque<Vec<NoticeAnswer>>>,
    asked: Mutex<Vec<(LineId, String)>>,
}

impl Answering {
    fn with(answers: impl IntoIterator<Item = Vec<NoticeAnswer>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<(LineId, String)> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

#[async_trait]
impl Phones for Answering {
    async fn notify(&self, line: LineId, event: &str) -> Vec<NoticeAnswer> {
        self.asked.lock().expect("not poisoned").push((line, event.to_owned()));
        self.answers.lock().expect("not poisoned").pop_front().unwrap_or_default()
    }
}

fn said(status: u16, reason: &str) -> Vec<NoticeAnswer> {
    vec![NoticeAnswer::Said { status, reason: reason.to_owned() }]
}

/// The administrator of Acme has a Yealink.
struct Desk {
    _database: Database,
    house: House,
    device: DeviceId,
    line: LineId,
}

impl Desk {
    async fn new(engine: Engine) -> Option<Self> {
        let database = Database::fresh(engine).await?;
        let house = House::over(database.store.clone()).await.expect("a house");
        let basic = Catalogue::default_catalogue().license_type_by_slug("basic").expect("Basic").id;
        let user_id = house.acme.administrator.id;
        let mac = Some(Mac::parse("80:5e:c0:00:00:01").expect("a MAC"));
        let device = NewDevice { model: "yealink-t54w".to_owned(), mac, label: None, user_id: Some(user_id) };
        let owner = &house.acme.owner.caller;
        let seats = Change::SetSeats { license_type_id: basic, bought: 5, bound: None };
        house.apply(owner, seats).await.expect("seats");
        let assign = Change::AssignLicense { user_ids: vec![user_id], license_type_id: basic, date: None };
        house.apply(owner, assign).await.expect("a license");
        let (request, _) = house.apply(owner, Change::AddDevice { device }).await.expect("a device");
        let device = request.new_device_id();
        let detail = house.service.device(owner, device).await.expect("the device");
        let line = detail.line.expect("a line").id;
        Some(Self { _database: database, house, device, line })
    }

    async fn apply(&self, change: Change) {
        self.house.apply(&self.house.acme.owner.caller, change).await.expect("a change that goes through");
    }

    async fn generate(&self) {
        self.apply(Change::Generate { device_id: self.device }).await;
    }

    async fn ask(&self, phones: &Answering) -> usize {
        self.house.service.ask_due_phones(phones).await.expect("phones are asked")
    }

    async fn resync(&self) -> Resync {
        let detail = self.house.service.device(&self.house.acme.owner.caller, self.device).await.expect("the device");
        detail.resync.expect("an order")
    }

    fn clock(&self) -> &TestClock {
        &self.house.clock
    }

    fn now(&self) -> DateTime<Utc> {
        self.house.service.now()
    }

    async fn registers(&self) {
        let binding = Binding {
            account_id: self.house.acme.id,
            user_id: self.house.acme.administrator.id,
            line_id: self.line,
            contact: (*b"sip:d@192.0.2.1").into(),
            transport: Transport::Udp,
            source: "192.0.2.1:5060".parse().expect("an address"),
            user_agent: "Yealink".into(),
            call_id: "1".into(),
            cseq: 1,
            registered_at: self.now(),
            expires_at: self.now() + TimeDelta::minutes(10),
        };
        let changes = [RegistrationChange::Put(binding)];
        self.house.service.registrations_changed(&changes).await.expect("a registration");
    }
}

#[rstest]
#[tokio::test]
async fn generate_asks_the_phone_once_and_keeps_its_answer(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(desk) = Desk::new(engine).await else { return };
    let phones = Answering::with([said(200, "OK")]);
    assert_eq!(desk.ask(&phones).await, 0, "a new device has yet to fetch its first file");
    desk.generate().await;
    assert_eq!(desk.resync().await.state, ResyncState::Queued);
    assert_eq!(desk.ask(&phones).await, 1);
    assert_eq!(phones.asked(), [(desk.line, "check-sync;reboot=false".to_owned())]);
    let resync = desk.resync().await;
    assert_eq!((resync.state, resync.said.as_deref()), (ResyncState::Answered, Some("200 OK")));
    assert_eq!(resync.done_at, Some(desk.now()));
    desk.clock().turn(TimeDelta::days(1));
    assert_eq!(desk.ask(&phones).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_phone_that_is_away_is_asked_when_it_registers(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(desk) = Desk::new(engine).await else { return };
    let phones = Answering::with([Vec::new(), said(481, "Unknown")]);
    desk.generate().await;
    desk.ask(&phones).await;
    assert_eq!(desk.resync().await.state, ResyncState::Waiting);
    assert_eq!(desk.ask(&phones).await, 0, "not before its time");
    desk.registers().await;
    assert_eq!(desk.ask(&phones).await, 1);
    let resync = desk.resync().await;
    assert_eq!((resync.state, resync.said.as_deref()), (ResyncState::Refused, Some("481 Unknown")));
}

#[rstest]
#[tokio::test]
async fn a_silent_phone_is_asked_again_and_given_up_after_a_week(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(desk) = Desk::new(engine).await else { return };
    let phones = Answering::with(std::iter::repeat_n(vec![NoticeAnswer::Silence], 400));
    desk.generate().await;
    let until = desk.now() + TimeDelta::days(8);
    while desk.now() < until {
        desk.ask(&phones).await;
        desk.clock().turn(TimeDelta::hours(1));
    }
    let resync = desk.resync().await;
    assert_eq!((resync.state, resync.said.as_deref()), (ResyncState::GivenUp, Some("for a week: no answer")));
    assert!((160..180).contains(&phones.asked().len()), "{}", phones.asked().len());
}

#[rstest]
#[tokio::test]
async fn a_worker_that_dies_while_asking_loses_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    struct Dying;
    #[async_trait]
    impl Phones for Dying {
        async fn notify(&self, _: LineId, _: &str) -> Vec<NoticeAnswer> {
            std::future::pending().await
        }
    }
    let Some(desk) = Desk::new(engine).await else { return };
    desk.generate().await;
    let asking = desk.house.service.ask_due_phones(&Dying);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(300), asking).await.is_err());
    let phones = Answering::with([said(200, "OK")]);
    assert_eq!(desk.ask(&phones).await, 0, "it is still the other worker's");
    desk.clock().turn(TimeDelta::minutes(3));
    assert_eq!(desk.ask(&phones).await, 1);
    assert_eq!(desk.resync().await.state, ResyncState::Answered);
}

#[rstest]
#[tokio::test]
async fn a_newer_order_is_not_settled_by_the_answer_to_an_older_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    /// Somebody generates again while the phone thinks.
    struct SlowPhones {
        service: lineside_service::Service,
        caller: lineside_service::Caller,
        device: DeviceId,
    }
    #[async_trait]
    impl Phones for SlowPhones {
        async fn notify(&self, _: LineId, _: &str) -> Vec<NoticeAnswer> {
            let caller = &self.caller;
            let request = lineside_model::change::ChangeRequest {
                id: self.service.new_change_id(),
                change: Change::Generate { device_id: self.device },
            };
            self.service.apply(caller, &request, None).await.expect("generated again");
            said(200, "OK")
        }
    }
    let Some(desk) = Desk::new(engine).await else { return };
    desk.generate().await;
    let slow = SlowPhones {
        service: desk.house.service.clone(),
        caller: desk.house.acme.owner.caller.clone(),
        device: desk.device,
    };
    desk.house.service.ask_due_phones(&slow).await.expect("asked");
    assert_eq!(desk.resync().await.state, ResyncState::Queued, "the newer order stands");
    let phones = Answering::with([said(200, "OK")]);
    assert_eq!(desk.ask(&phones).await, 1);
    assert_eq!(desk.resync().await.state, ResyncState::Answered);
}

#[rstest]
#[tokio::test]
async fn a_phone_that_fetches_by_itself_needs_no_asking(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(desk) = Desk::new(engine).await else { return };
    desk.generate().await;
    let device = desk.house.service.device(&desk.house.acme.owner.caller, desk.device).await.expect("it").device;
    let url = desk.house.service.provisioning_url(&device).expect("a url").expect("one");
    let secret = url.trim_end_matches('/').rsplit('/').next().expect("a secret").to_owned();
    let file = "805ec0000001.cfg";
    desk.house.service.fetch_configuration(&secret, file, "192.0.2.1", "Yealink").await.expect("the file");
    assert_eq!(desk.resync().await.state, ResyncState::Fetched);
    assert_eq!(desk.ask(&Answering::default()).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_place_that_moves_to_another_zone_asks_its_phones(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(desk) = Desk::new(engine).await else { return };
    let owner = &desk.house.acme.owner.caller;
    let account = desk.house.service.account(owner).await.expect("the account");
    let mut settings = account.settings.clone();
    settings.time_zone = lineside_model::time_zone::TimeZone::parse("Europe/Rome").expect("a zone");
    desk.apply(Change::EditAccount { account_id: None, version: None, settings }).await;
    let phones = Answering::with([said(200, "OK")]);
    assert_eq!(desk.ask(&phones).await, 1, "the administrator has no location");
    desk.apply(Change::LockDevice { device_id: desk.device, locked: true }).await;
    desk.apply(Change::EditAccount { account_id: None, version: None, settings: account.settings }).await;
    assert_eq!(desk.ask(&phones).await, 0, "a locked device gets no file");
}

#[rstest]
#[tokio::test]
async fn a_device_that_is_unassigned_meanwhile_is_given_up(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(desk) = Desk::new(engine).await else { return };
    desk.generate().await;
    desk.apply(Change::UnassignDevice { device_id: desk.device }).await;
    let phones = Answering::default();
    desk.ask(&phones).await;
    assert_eq!((desk.resync().await.state, phones.asked().len()), (ResyncState::GivenUp, 0));
    desk.apply(Change::DeleteDevice { device_id: desk.device }).await;
}

#[rstest]
#[tokio::test]
async fn a_phone_with_a_key_for_a_colleague_learns_at_once_what_became_of_that_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(desk) = Desk::new(engine).await else { return };
    let (owner, user) = (&desk.house.acme.owner.caller, desk.house.acme.user.id);
    let phones = Answering::with(std::iter::repeat_n(said(200, "OK"), 20));
    let profile = async || desk.house.service.user(owner, user).await.expect("the user").user.profile;
    let edit = async |edit: fn(&mut Profile)| {
        let mut profile = profile().await;
        edit(&mut profile);
        desk.apply(Change::EditProfile { user_id: user, version: None, profile: Box::new(profile) }).await;
        desk.ask(&phones).await
    };
    let keys = async |colleagues: Vec<UserId>| {
        desk.apply(Change::SetLampKeys { device_id: desk.device, version: None, colleagues }).await;
        desk.ask(&phones).await
    };
    assert_eq!(edit(|profile| profile.extension = "251".parse().ok()).await, 0, "nobody has a key for the colleague");
    assert_eq!(keys(vec![user]).await, 1, "its own keys are other ones");
    assert_eq!(edit(|profile| profile.extension = "252".parse().ok()).await, 1);
    assert_eq!(edit(|profile| profile.last_name = Name::parse("Lopez").expect("a name")).await, 1);
    assert_eq!(edit(|profile| profile.email = None).await, 0, "no key shows it");
    let resync = desk.resync().await;
    assert_eq!((resync.state, resync.said.as_deref()), (ResyncState::Answered, Some("200 OK")));

    desk.apply(Change::DeleteUsers { user_ids: vec![user], leaving: Leaving::default(), date: None }).await;
    assert_eq!(desk.ask(&phones).await, 1, "the key goes dark");
    assert_eq!(keys(Vec::new()).await, 1);
}
