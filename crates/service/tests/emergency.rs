//! Calls for help and alarms: who is told, once, and what is kept of it.

use chrono::TimeDelta;
use lineside_model::address::CivicAddressInput;
use lineside_model::call_report::{Alarm, AlarmKind, CallReport};
use lineside_model::change::Change;
use lineside_model::emergency::EmergencyCall;
use lineside_model::id::{CallId, UserId};
use lineside_model::incident::IncidentKind;
use lineside_model::list::UserFilter;
use lineside_model::location::{EmergencyContactInput, SiteInput};
use lineside_model::question::{Answer, Asks, Question};
use lineside_model::trunk::TrunkInput;
use lineside_model::user::Role;
use lineside_service::ServiceError;
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::{House, new_user, profile};
use rstest::rstest;
use uuid::Uuid;

struct Office {
    house: House,
    /// At a location, without a number.
    ana: UserId,
    _database: Database,
}

fn site() -> SiteInput {
    let contact = |name: &str, email: &str| EmergencyContactInput {
        name: name.into(),
        email: email.into(),
        ..EmergencyContactInput::default()
    };
    SiteInput {
        name: "Phoenix HQ".into(),
        address: CivicAddressInput {
            street_number: "3550".into(),
            street_name: "N Central Ave".into(),
            unit: "Floor 7".into(),
            city: "Phoenix".into(),
            region: "AZ".into(),
            postal_code: "85012".into(),
            country: "US".into(),
        },
        callback: "+1 480 555 0100".into(),
        // The owner is told as somebody on site, and not once more as an administrator.
        emergency_contacts: vec![contact("Front desk", "desk@acme.example"), contact("Ana", "owner@acme.example")],
        ..SiteInput::default()
    }
}

impl Office {
    async fn new(engine: Engine) -> Option<Self> {
        let database = Database::fresh(engine).await?;
        let house = House::over(database.store.clone()).await.expect("a house");
        let owner = house.acme.owner.caller.clone();
        let change = Change::AddLocation { site: site().parse().expect("a site") };
        let (request, _) = house.apply(&owner, change).await.expect("a location");
        let mut input = profile("Ana", "Duarte", "ana.duarte");
        input.location_id = request.new_location_id().to_string();
        input.email = "ana@acme.example".into();
        let user = new_user(&input, Role::User).expect("a user");
        let (request, _) = house.apply(&owner, Change::AddUser { user: Box::new(user) }).await.expect("added");
        Some(Self { ana: request.new_user_id(), house, _database: database })
    }

    /// As the switch tells it, with what its directory knows.
    async fn calls(&self, call: u128) -> EmergencyCall {
        let directory = self.house.service.directory().await.expect("the directory");
        let ana = directory.into_iter().find(|user| user.user_id == self.ana).expect("Ana");
        EmergencyCall {
            call: CallId(Uuid::from_u128(call)),
            account: ana.account_id,
            user: ana.user_id,
            at: self.house.service.now(),
            dialled: "911".into(),
            name: ana.display_name.clone(),
            extension: ana.extension.as_ref().map(ToString::to_string).unwrap_or_default(),
            callback: ana.callback().cloned(),
            place: ana.emergency,
            connected: true,
        }
    }

    async fn raise(&self, kind: AlarmKind) {
        let alarm = Alarm { at: self.house.service.now(), kind };
        self.house.service.calls_reported(vec![CallReport::Alarm(alarm)]).await;
    }

    async fn mails(&self) -> Vec<String> {
        while self.house.service.send_due_mails().await.expect("sent") > 0 {}
        self.house.mails().expect("mails")
    }
}

#[rstest]
#[case(Engine::Sqlite)]
#[case(Engine::Postgres)]
#[tokio::test]
async fn a_call_for_help_is_told_once_to_each_who_can_help(#[case] engine: Engine) {
    let Some(office) = Office::new(engine).await else { return };
    let (service, acme) = (&office.house.service, &office.house.acme);
    let call = office.calls(1).await;
    assert_eq!(call.callback.as_ref().expect("the location's").as_str(), "+14805550100");
    assert!(!call.place.as_ref().expect("the location's").confirmed);
    let report = CallReport::Emergency(Box::new(call.clone()));
    service.calls_reported(vec![report.clone(), report]).await;
    let mails = office.mails().await;
    for (to, name) in [("desk", "Front desk"), ("owner", "Ana"), ("admin", "Ana Admin")] {
        let told: Vec<&String> = mails.iter().filter(|mail| mail.contains(&format!("<{to}@acme.example>"))).collect();
        let [told] = told[..] else { panic!("{to} is told {} times", told.len()) };
        for part in ["EMERGENCY CALL by Ana Duarte", name, "3550 N Central Ave", "Floor 7", "480"] {
            assert!(told.contains(part), "{part} is missing: {told}");
        }
    }
    assert_eq!(mails.len(), 3);
    let rail = |caller| async move { service.rail(caller).await.expect("a rail").1.emergencies };
    let owner = &acme.owner.caller;
    assert_eq!(rail(owner).await, 1);
    let stranger = &office.house.globex.owner.caller;
    assert!(matches!(service.see_emergency_call(stranger, call.call).await, Err(ServiceError::NotFound)));
    assert!(service.emergency_calls(stranger).await.expect("none").is_empty());
    service.see_emergency_call(owner, call.call).await.expect("seen");
    service.see_emergency_call(&acme.administrator.caller, call.call).await.expect("seen again");
    assert_eq!(rail(owner).await, 0);
    let [seen] = &service.emergency_calls(owner).await.expect("calls")[..] else { panic!("one call") };
    assert_eq!(seen.call, call);
    assert_eq!(seen.seen.as_ref().expect("seen").1, owner.name(), "the first who saw it");
}

#[rstest]
#[case(Engine::Sqlite)]
#[case(Engine::Postgres)]
#[tokio::test]
async fn what_933_reads_back_is_kept_and_mailed(#[case] engine: Engine) {
    let Some(office) = Office::new(engine).await else { return };
    let (service, acme) = (&office.house.service, &office.house.acme);
    let owner = &acme.owner.caller;
    assert_eq!(service.emergency_test(owner, office.ana).await.expect("none"), None);
    let question = Question { account: acme.id, user: office.ana, asks: Asks::EmergencyTest };
    let Answer::Spoken(file) = service.answer(question.clone()).await else { panic!("it is spoken, or not") };
    let test = service.emergency_test(owner, office.ana).await.expect("read").expect("kept");
    assert_eq!(test.spoken, file.is_some());
    assert!(file.is_none_or(|file| file.exists()));
    assert!(test.sentences().join(" ").contains("3550 N Central Ave, Floor 7, Phoenix"), "{:?}", test.sentences());
    let mails = office.mails().await;
    assert!(mails.len() == 1 && mails[0].contains("<ana@acme.example>") && mails[0].contains("Floor 7"), "{mails:?}");
    office.house.clock.turn(TimeDelta::hours(1));
    service.answer(question).await;
    let again = service.emergency_test(owner, office.ana).await.expect("read").expect("kept");
    assert_eq!(again.at - test.at, TimeDelta::hours(1), "the last one counts");
}

#[rstest]
#[case(Engine::Sqlite)]
#[case(Engine::Postgres)]
#[tokio::test]
async fn the_board_finds_those_who_never_dialled_933(#[case] engine: Engine) {
    let Some(office) = Office::new(engine).await else { return };
    let (service, acme) = (&office.house.service, &office.house.acme);
    let board = async |filter: UserFilter| {
        let page = service.emergency_readiness(&acme.owner.caller, &filter).await.expect("the board");
        assert_eq!(usize::try_from(page.total), Ok(page.rows.len()));
        page.rows.into_iter().map(|row| row.user.id).collect::<Vec<_>>()
    };
    let untested = UserFilter { untested: true, ..UserFilter::default() };
    let all = board(UserFilter::default()).await;
    assert!(all.contains(&office.ana));
    assert_eq!(board(untested.clone()).await, all, "nobody has");
    service.answer(Question { account: acme.id, user: office.ana, asks: Asks::EmergencyTest }).await;
    let others: Vec<_> = all.iter().copied().filter(|user| *user != office.ana).collect();
    assert_eq!(board(untested.clone()).await, others);
    let search = "duarte".to_owned();
    assert_eq!(board(UserFilter { search: search.clone(), ..untested }).await, []);
    assert_eq!(board(UserFilter { search, ..UserFilter::default() }).await, [office.ana]);
    assert_eq!(board(UserFilter::default()).await, all);
}

#[rstest]
#[case(Engine::Sqlite)]
#[case(Engine::Postgres)]
#[tokio::test]
async fn a_trunk_that_is_down_and_back_is_told_once_each(#[case] engine: Engine) {
    let Some(office) = Office::new(engine).await else { return };
    let (service, owner) = (&office.house.service, &office.house.acme.owner.caller);
    let input = TrunkInput {
        name: "Carrier".into(),
        enabled: true,
        host: "sip.carrier.example".into(),
        transport: "TLS".into(),
        ..TrunkInput::default()
    };
    let change = Change::AddTrunk { settings: Box::new(input.parse().expect("a trunk")), serves: None, password: None };
    let (request, _) = office.house.apply(owner, change).await.expect("added");
    let trunk = request.id.new_trunk_id();
    // Up at the start is no news; two nodes may tell that it is down.
    office.raise(AlarmKind::TrunkUp { trunk }).await;
    for why in ["the carrier does not answer", "no more"] {
        office.raise(AlarmKind::TrunkDown { trunk, why: why.into() }).await;
    }
    let [problem] = &service.problems(owner).await.expect("problems")[..] else { panic!("one problem") };
    assert!(problem.goes_on() && problem.kind == IncidentKind::TrunkDown && problem.said.contains("does not answer"));
    assert!(service.problems(&office.house.globex.owner.caller).await.expect("none").is_empty());
    let down = office.mails().await;
    assert_eq!(down.len(), 2, "each administrator");
    assert!(down.iter().all(|mail| mail.contains("Subject: Trunk Carrier is down")), "{down:?}");
    office.raise(AlarmKind::TrunkUp { trunk }).await;
    assert_eq!(office.mails().await.len(), 4);
    assert!(!service.trunk_incidents(owner).await.expect("incidents")[0].goes_on());
    office.raise(AlarmKind::TrunkDown { trunk, why: "again".into() }).await;
    assert_eq!(service.trunk_incidents(owner).await.expect("incidents").len(), 2, "another incident");
}

#[rstest]
#[case(Engine::Sqlite)]
#[case(Engine::Postgres)]
#[tokio::test]
async fn refused_calls_are_told_once_a_day(#[case] engine: Engine) {
    let Some(office) = Office::new(engine).await else { return };
    let (service, acme) = (&office.house.service, &office.house.acme);
    let refused = AlarmKind::DestinationRefused { account: acme.id, user: office.ana, dialled: "+8821234567".into() };
    let limit = AlarmKind::LimitReached { account: acme.id, user: Some(office.ana), what: "too many minutes".into() };
    for kind in [&refused, &limit, &refused, &limit] {
        office.raise(kind.clone()).await;
    }
    assert_eq!(office.mails().await.len(), 4, "two administrators, two kinds");
    assert_eq!(service.problems(&acme.owner.caller).await.expect("problems").len(), 2);
    office.house.clock.turn(TimeDelta::days(1));
    office.raise(refused).await;
    assert_eq!(office.mails().await.len(), 6);
    let problems = service.problems(&acme.owner.caller).await.expect("problems");
    assert!(problems.iter().all(|problem| !problem.goes_on()));
}
