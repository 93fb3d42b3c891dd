//! A number that ports in late, on both engines: the license that waits for it fails on its day and goes on by itself.

use chrono::{Days, NaiveDate};
use lineside_model::change::Change;
use lineside_model::id::{LicenseTypeId, NumberId, UserId};
use lineside_model::license::Catalogue;
use lineside_model::list::NumberFilter;
use lineside_model::phone_number::{E164, NumberKind, NumberState};
use lineside_model::schedule::EntryState;
use lineside_model::schedule_list::{ScheduleFilter, ScheduleRow};
use lineside_testkit::database::{Database, Engine};
use lineside_testkit::service::House;
use rstest::rstest;

struct Waiting {
    house: House,
    user: UserId,
    number: NumberId,
    date: NaiveDate,
    _database: Database,
}

impl Waiting {
    /// A number ports in for a user in ten days, when a license that requires it begins.
    async fn new(engine: Engine) -> Option<Self> {
        let database = Database::fresh(engine).await?;
        let house = House::over(database.store.clone()).await.expect("a house");
        let date = house.service.now().date_naive() + Days::new(10);
        let e164 = E164::parse("+14805550143").expect("a number");
        let port = Change::PortNumbers { numbers: vec![e164], kind: NumberKind::Landline, location_id: None, date };
        let (_, plan) = house.apply(&house.acme.owner.caller, port).await.expect("a number that ports in");
        let number = NumberId(plan.steps[0].after.as_ref().expect("the number").id());
        let waiting = Self { user: house.acme.user.id, house, number, date, _database: database };
        let business = Catalogue::default_catalogue().license_type_by_slug("business").expect("Business").id;
        waiting.apply(Change::SetSeats { license_type_id: business, bought: 5, bound: None }).await;
        waiting.apply(Change::AssignNumber { number_id: number, user_id: Some(waiting.user) }).await;
        let user_ids = vec![waiting.user];
        waiting.apply(Change::AssignLicense { user_ids, license_type_id: business, date: Some(date) }).await;
        Some(waiting)
    }

    async fn apply(&self, change: Change) {
        self.house.apply(&self.house.acme.owner.caller, change).await.expect("a change that goes through");
    }

    /// Noon of so many days after the day of the port, and what the worker does then.
    async fn day(&self, after: u64) {
        let noon = (self.date + Days::new(after)).and_hms_opt(19, 0, 0).expect("a time").and_utc();
        self.house.clock.set(noon);
        self.house.service.keep_schedule().await.expect("the schedule is kept");
    }

    async fn entry(&self) -> Option<ScheduleRow> {
        let caller = &self.house.acme.owner.caller;
        let page = self.house.service.schedule(caller, &ScheduleFilter::default()).await.expect("the schedule");
        page.rows.into_iter().next()
    }

    async fn holds(&self) -> Vec<LicenseTypeId> {
        let user = self.house.service.user(&self.house.acme.owner.caller, self.user).await.expect("the user");
        user.assignments.iter().map(|held| held.license_type_id).collect()
    }
}

#[rstest]
#[tokio::test]
async fn a_late_port_fails_the_entry_which_goes_on_when_it_completes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(waiting) = Waiting::new(engine).await else { return };
    assert!(waiting.entry().await.expect("an entry").entry.conflicts.is_empty());
    let later = waiting.date + Days::new(3);
    waiting.apply(Change::MovePort { number_id: waiting.number, version: None, date: later }).await;
    assert!(waiting.entry().await.expect("an entry").entry.has_conflicts(), "rehearsed anew");
    waiting.apply(Change::MovePort { number_id: waiting.number, version: None, date: waiting.date }).await;
    assert!(!waiting.entry().await.expect("an entry").entry.has_conflicts());

    waiting.day(0).await;
    let failed = waiting.entry().await.expect("an entry").entry;
    assert_eq!((failed.state, waiting.holds().await.len()), (EntryState::Failed, 0));
    assert!(failed.conflicts[0].message.contains("has not ported in yet"), "{:?}", failed.conflicts);

    waiting.day(4).await;
    waiting.apply(Change::CompletePort { number_id: waiting.number }).await;
    waiting.house.service.keep_schedule().await.expect("the schedule is kept");
    assert_eq!((waiting.entry().await, waiting.holds().await.len()), (None, 1));
    let directory = waiting.house.service.directory().await.expect("the directory");
    let user = directory.iter().find(|user| user.user_id == waiting.user).expect("the user");
    assert_eq!(user.numbers.len(), 1, "calls to the number reach the user from now on");
}

#[rstest]
#[tokio::test]
async fn a_porting_number_is_listed_for_whom_it_is_and_rings_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(waiting) = Waiting::new(engine).await else { return };
    let caller = &waiting.house.acme.owner.caller;
    let filter = NumberFilter { state: Some(NumberState::PortingIn), page: 1, ..NumberFilter::default() };
    let page = waiting.house.service.numbers(caller, &filter).await.expect("the numbers");
    let row = &page.rows[0];
    assert_eq!((row.number.ports_on, row.user.as_ref().map(|user| user.id)), (Some(waiting.date), Some(waiting.user)));
    let directory = waiting.house.service.directory().await.expect("the directory");
    assert!(directory.iter().all(|user| user.numbers.is_empty()));
    assert!(waiting.house.service.free_numbers(caller, None, "", 10).await.expect("free numbers").is_empty());
}
