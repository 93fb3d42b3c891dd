//! Licenses for a date: scheduled, rehearsed with every change, carried out on their day.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures_util::future::join_all;
use lineside_model::account::AccountSettings;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::{LicenseTypeId, NumberId, UserId};
use lineside_model::journal::Scope;
use lineside_model::list::JournalFilter;
use lineside_model::mail::MailKind;
use lineside_model::phone_number::NumberKind;
use lineside_model::plan::{BlockerKind, Context, Plan};
use lineside_model::schedule::{EntryState, ScheduleEntry};
use lineside_model::schedule_list::{ScheduleCounts, ScheduleFilter};
use lineside_model::time_zone::TimeZone;
use lineside_store::Applied;
use lineside_testkit::database::Engine;
use rstest::rstest;

use crate::support::{House, blockers, license, new_user, now, settings, track};

/// So many days after today, in Phoenix.
fn day(ahead: i64) -> NaiveDate {
    phoenix().date(now()) + TimeDelta::days(ahead)
}

fn phoenix() -> TimeZone {
    TimeZone::parse("America/Phoenix").unwrap()
}

fn on(users: &[UserId], slug: &str, date: NaiveDate) -> Change {
    Change::AssignLicense { user_ids: users.to_vec(), license_type_id: license(slug), date: Some(date) }
}

fn now_to(user: UserId, slug: &str) -> Change {
    Change::AssignLicense { user_ids: vec![user], license_type_id: license(slug), date: None }
}

async fn entries(house: &House, user: UserId) -> Vec<ScheduleEntry> {
    house.user(&house.acme, user).await.schedule
}

async fn the_entry(house: &House, user: UserId) -> ScheduleEntry {
    let entries = entries(house, user).await;
    assert_eq!(entries.len(), 1, "{entries:#?}");
    entries.into_iter().next().unwrap()
}

fn kinds(entry: &ScheduleEntry) -> Vec<BlockerKind> {
    entry.conflicts.iter().map(|conflict| conflict.kind).collect()
}

async fn people<const N: usize>(house: &House) -> [UserId; N] {
    let mut ids = Vec::new();
    for at in 0..N {
        ids.push(house.add_user(&house.acme, new_user("Ana", "Duarte", &format!("user.{at}"))).await);
    }
    ids.try_into().unwrap()
}

async fn number_for(house: &House, user: UserId, digits: &str) -> NumberId {
    let number_id = house.add_numbers(&house.acme, &[digits], NumberKind::Landline).await[0];
    house.done(&house.acme, Change::AssignNumber { number_id, user_id: Some(user) }).await;
    number_id
}

async fn at(house: &House, change: Change, now: DateTime<Utc>) -> (ChangeRequest, Applied) {
    let request = house.request(change);
    let context = Context { now, ..house.context() };
    let applied = house.store().apply(&house.acme, &request, None, context).await.unwrap();
    (request, applied)
}

/// Carries out what is due, and says what was done.
async fn run(house: &House, now: DateTime<Utc>) -> Plan {
    match at(house, Change::RunSchedule, now).await.1 {
        Applied::Done(plan) => plan,
        other => panic!("{other:#?}"),
    }
}

async fn level(house: &House, scope: &Scope, license: LicenseTypeId, date: NaiveDate) -> Option<(i64, i64)> {
    let timelines = house.store().seat_timelines(scope).await.unwrap();
    timelines.get(&license).map(|timeline| (timeline.used, timeline.used_on(date)))
}

#[rstest]
#[tokio::test]
async fn an_entry_is_scheduled_read_and_rehearsed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);
    house.seats(acme, license("business"), 2).await;
    let [ana, ben] = people(&house).await;
    let number_id = number_for(&house, ana, "480 555 0143").await;
    let (request, _) = house.done(acme, on(&[ana, ben], "business", day(30))).await;

    let entry = the_entry(&house, ana).await;
    assert_eq!((entry.date, entry.due_at), (day(30), phoenix().start_of_day(day(30))));
    assert!(entry.reserved && entry.conflicts.is_empty());
    assert_eq!((entry.change_id, entry.created_by.as_str(), entry.created_at), (request.id, "Ana Duarte", now()));
    assert_eq!(kinds(&the_entry(&house, ben).await), [BlockerKind::MissingNumber]);
    assert_eq!(level(&house, acme, license("business"), day(30)).await, Some((0, 2)));
    assert_eq!(level(&house, acme, license("business"), day(29)).await, Some((0, 0)));

    // Taking the number away makes it fail, giving it back heals it.
    house.done(acme, Change::AssignNumber { number_id, user_id: None }).await;
    assert_eq!(kinds(&the_entry(&house, ana).await), [BlockerKind::MissingNumber]);
    let counts = ScheduleCounts { scheduled: 2, conflicts: 2, failed: 0 };
    assert_eq!(store.schedule_counts(acme).await.unwrap(), counts);
    house.done(acme, Change::AssignNumber { number_id, user_id: Some(ana) }).await;
    assert!(the_entry(&house, ana).await.conflicts.is_empty());

    // In the order of dates and names; renamed, at once elsewhere.
    house.done(acme, on(&[ana], "basic", day(40))).await;
    let renamed = Box::new(crate::support::profile("Aaron", "Adler", "user.1"));
    house.done(acme, Change::EditProfile { user_id: ben, version: None, profile: renamed }).await;
    let all = store.schedule(acme, &ScheduleFilter::default()).await.unwrap();
    let read: Vec<_> = all.rows.iter().map(|row| (row.entry.date, row.user.name.as_str())).collect();
    assert_eq!(read, [(day(30), "Aaron Adler"), (day(30), "Ana Duarte"), (day(40), "Ana Duarte")]);
    let every = ScheduleFilter::default;
    for (filter, found) in [
        (ScheduleFilter { search: "adl".to_owned(), ..every() }, 1),
        (ScheduleFilter { user_id: Some(ana), ..every() }, 2),
        (ScheduleFilter { license_type_id: Some(license("basic")), ..every() }, 1),
        (ScheduleFilter { track_id: Some(track("voice")), ..every() }, 3),
        (ScheduleFilter { conflicts: true, ..every() }, 2),
        (ScheduleFilter { state: Some(EntryState::Failed), ..every() }, 0),
        (ScheduleFilter { state: Some(EntryState::Scheduled), ..every() }, 3),
        (ScheduleFilter { from: Some(day(31)), until: Some(day(40)), ..every() }, 1),
        (ScheduleFilter { page: 2, ..every() }, 0),
    ] {
        assert_eq!(store.schedule(acme, &filter).await.unwrap().rows.len(), found, "{filter:?}");
    }
    let days = store.schedule_days(acme, day(1), day(30)).await.unwrap();
    assert_eq!(days.iter().map(|day| (day.date, day.entries, day.conflicts)).collect::<Vec<_>>(), [(day(30), 2, 1)]);
    let id = entry.id;
    assert_eq!(store.schedule_entry(acme, id).await.unwrap().unwrap().user.id, ana);
    let mut both = [ana, ben];
    both.sort();
    assert_eq!(store.users_with_entries(acme, UserId(uuid::Uuid::nil()), 10).await.unwrap(), both);
    assert_eq!(store.users_with_entries(acme, both[0], 10).await.unwrap(), both[1..]);

    // Each of the two has the change in their history.
    for user_id in [ana, ben] {
        let filter =
            JournalFilter { user_id: Some(user_id), action: "assign_license".to_owned(), ..JournalFilter::default() };
        let page = store.journal(acme, &filter).await.unwrap();
        assert!(page.rows.iter().any(|entry| entry.id == request.id), "{page:#?}");
    }

    // Nothing of it is another account's.
    let globex = &house.globex;
    assert!(store.schedule(globex, &every()).await.unwrap().rows.is_empty());
    assert!(store.schedule_days(globex, day(0), day(90)).await.unwrap().is_empty());
    assert_eq!(store.schedule_counts(globex).await.unwrap(), ScheduleCounts::default());
    assert_eq!(store.schedule_entry(globex, id).await.unwrap(), None);
    assert!(store.seat_timelines(globex).await.unwrap().is_empty());
    assert!(store.users_with_entries(globex, UserId(uuid::Uuid::nil()), 10).await.unwrap().is_empty());
    assert!(store.seat_holders(globex, license("basic")).await.unwrap().is_empty());
    for change in [Change::RemoveScheduleEntry { entry_id: id }, Change::RetryScheduleEntry { entry_id: id }] {
        let request = house.request(change);
        assert_eq!(blockers(house.apply(globex, &request).await)[0], BlockerKind::NotFound);
    }
}

#[rstest]
#[tokio::test]
async fn what_is_due_is_carried_out_once_and_what_fails_is_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);
    house.seats(acme, license("basic"), 1).await;
    house.seats(acme, license("business"), 1).await;
    let [ana, ben] = people(&house).await;
    house.done(acme, on(&[ana], "basic", day(3))).await;
    house.done(acme, on(&[ben], "business", day(3))).await;
    let due_at = phoenix().start_of_day(day(3));
    assert_eq!(store.next_due_at().await.unwrap(), Some(due_at));
    assert!(store.accounts_with_due(now(), 10).await.unwrap().is_empty());
    assert_eq!(store.accounts_to_warn(now(), 10).await.unwrap(), [acme.account_id]);
    assert!(run(&house, now()).await.steps.is_empty(), "not yet");

    let late = due_at + TimeDelta::minutes(5);
    assert_eq!(store.accounts_with_due(late, 10).await.unwrap(), [acme.account_id]);
    let plan = run(&house, late).await;
    assert!(plan.summary.contains("1 failed"), "{}", plan.summary);
    let seen = house.user(acme, ana).await;
    assert_eq!((seen.assignments[0].license_type_id, seen.assignments[0].starts_at), (license("basic"), due_at));
    assert!(seen.assignments[0].change_id.is_some() && seen.schedule.is_empty());
    assert_eq!(level(&house, acme, license("basic"), day(30)).await, Some((1, 1)));
    let failed = the_entry(&house, ben).await;
    assert_eq!((failed.state, failed.failed_at, failed.seats.len()), (EntryState::Failed, Some(late), 0));
    assert_eq!(kinds(&failed), [BlockerKind::MissingNumber]);
    assert_eq!(level(&house, acme, license("business"), day(30)).await, Some((0, 0)));
    let counts = ScheduleCounts { scheduled: 0, conflicts: 0, failed: 1 };
    assert_eq!(store.schedule_counts(acme).await.unwrap(), counts);
    let jobs = store.claim_mails(late, late + TimeDelta::minutes(1), 10).await.unwrap();
    let told: Vec<_> = jobs.iter().map(|job| (job.mail.kind, job.mail.about.len(), job.mail.to.as_str())).collect();
    assert_eq!(told, [(MailKind::ScheduleFailed, 1, "acme.owner@mail.example")]);
    assert!(jobs[0].mail.about[0].contains("Business for Ana Duarte"), "{:?}", jobs[0].mail.about);

    // Again, and nothing is written.
    let written = || async { store.journal(acme, &JournalFilter::default()).await.unwrap().total };
    let before = written().await;
    let (request, again) = at(&house, Change::RunSchedule, late).await;
    assert!(matches!(again, Applied::Done(plan) if plan.steps.is_empty()));
    assert_eq!(store.journal_entry(acme, request.id, lineside_model::journal::Steps::All).await.unwrap(), None);
    for change in [Change::WarnOfSchedule, Change::Rehearse { user_ids: vec![ana, ben] }] {
        assert!(matches!(at(&house, change, late).await.1, Applied::Done(plan) if plan.steps.is_empty()));
    }
    assert_eq!(written().await, before);
    assert_eq!(store.next_due_at().await.unwrap(), None);
    assert!(store.accounts_with_due(late, 10).await.unwrap().is_empty());
    assert!(store.accounts_to_warn(late, 10).await.unwrap().is_empty());

    // Its reason gone, the failed one is carried out by hand.
    number_for(&house, ben, "480 555 0143").await;
    house.done(acme, Change::RetryScheduleEntry { entry_id: failed.id }).await;
    assert_eq!(store.schedule_counts(acme).await.unwrap(), ScheduleCounts::default());
    assert!(entries(&house, ben).await.is_empty());
    assert_eq!(house.user(acme, ben).await.assignments[0].license_type_id, license("business"));
}

#[rstest]
#[tokio::test]
async fn warnings_go_to_administrators_and_healing_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);
    house.seats(acme, license("business"), 1).await;
    let [ana] = people(&house).await;
    house.done(acme, on(&[ana], "business", day(5))).await;
    let warn = async |now| match at(&house, Change::WarnOfSchedule, now).await.1 {
        Applied::Done(plan) => plan.steps.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(warn(now()).await, 2, "the entry and a mail to the owner");
    assert_eq!(warn(now()).await, 0);
    assert!(store.accounts_to_warn(now(), 10).await.unwrap().is_empty());
    let eve = now() + TimeDelta::days(4);
    assert_eq!(store.accounts_to_warn(eve, 10).await.unwrap(), [acme.account_id]);
    assert_eq!(warn(eve).await, 2);
    assert_eq!(warn(eve).await, 0);
    number_for(&house, ana, "480 555 0143").await;
    let jobs = store.claim_mails(eve, eve + TimeDelta::minutes(1), 10).await.unwrap();
    let mut told: Vec<_> = jobs.iter().map(|job| job.mail.kind.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["schedule_healed", "schedule_warning", "schedule_warning"]);
}

#[rstest]
#[tokio::test]
async fn two_swap_their_types_once_a_seat_lets_them(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);
    house.seats(acme, license("basic"), 1).await;
    house.seats(acme, license("business"), 1).await;
    let [ana, ben] = people(&house).await;
    number_for(&house, ana, "480 555 0143").await;
    number_for(&house, ben, "480 555 0144").await;
    house.done(acme, now_to(ana, "basic")).await;
    house.done(acme, now_to(ben, "business")).await;
    let swap = vec![on(&[ana], "business", day(10)), on(&[ben], "basic", day(10))];
    house.done(acme, Change::Together { changes: swap }).await;
    for user in [ana, ben] {
        assert_eq!(kinds(&the_entry(&house, user).await), [BlockerKind::NoFreeSeat], "neither seat is free first");
    }
    assert!(store.accounts_to_settle(10).await.unwrap().is_empty(), "nothing would come of it");
    house.seats(acme, license("basic"), 2).await;
    assert_eq!(store.accounts_to_settle(10).await.unwrap(), [acme.account_id]);
    house.done(acme, Change::Rehearse { user_ids: Vec::new() }).await;
    assert!(store.accounts_to_settle(10).await.unwrap().is_empty());
    let plan = run(&house, phoenix().start_of_day(day(10))).await;
    assert!(plan.summary.contains("2 license changes"), "{}", plan.summary);
    assert_eq!(house.user(acme, ana).await.assignments[0].license_type_id, license("business"));
    assert_eq!(house.user(acme, ben).await.assignments[0].license_type_id, license("basic"));
    assert_eq!(level(&house, acme, license("business"), day(10)).await, Some((1, 1)));
}

#[rstest]
#[tokio::test]
async fn seats_that_are_kept_for_a_date_stay(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let acme = &house.acme;
    house.seats(acme, license("basic"), 2).await;
    let [ana, ben, eve] = people(&house).await;
    house.done(acme, on(&[ana, ben], "basic", day(10))).await;
    let fewer = house.request(Change::SetSeats { license_type_id: license("basic"), bought: 1, bound: None });
    assert_eq!(blockers(house.apply(acme, &fewer).await), [BlockerKind::InUse]);
    let taken = house.request(now_to(eve, "basic"));
    assert_eq!(blockers(house.apply(acme, &taken).await), [BlockerKind::NoFreeSeat]);

    // A conflict takes away what was to be freed: the last gives its seat back.
    let removed = Change::RemoveScheduleEntry { entry_id: the_entry(&house, ben).await.id };
    house.done(acme, removed).await;
    assert_eq!(level(&house, acme, license("basic"), day(10)).await, Some((0, 1)));
    house.done(acme, now_to(eve, "basic")).await;
    let end = Change::RemoveLicense { user_ids: vec![eve], track_id: track("voice"), date: Some(day(9)) };
    house.done(acme, end).await;
    house.done(acme, on(&[ben], "basic", day(10))).await;
    assert!(the_entry(&house, ben).await.reserved);
    house.done(acme, Change::RemoveScheduleEntry { entry_id: the_entry(&house, eve).await.id }).await;
    assert_eq!(level(&house, acme, license("basic"), day(10)).await, Some((1, 3)));
    assert_eq!(house.store().accounts_to_settle(10).await.unwrap(), [acme.account_id]);
    house.done(acme, Change::Rehearse { user_ids: Vec::new() }).await;
    assert_eq!(level(&house, acme, license("basic"), day(10)).await, Some((1, 2)));
    assert!(house.store().accounts_to_settle(10).await.unwrap().is_empty());
    let waiting = [the_entry(&house, ana).await, the_entry(&house, ben).await];
    assert_eq!(waiting.iter().filter(|entry| entry.reserved).count(), 1);
}

#[rstest]
#[tokio::test]
async fn another_time_zone_moves_what_is_due(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let acme = &house.acme;
    house.seats(acme, license("basic"), 2).await;
    let [ana, ben] = people(&house).await;
    house.done(acme, on(&[ana], "basic", day(10))).await;
    house.done(acme, on(&[ben], "basic", day(20))).await;
    let berlin = TimeZone::parse("Europe/Berlin").unwrap();
    let settings = AccountSettings { time_zone: berlin, ..settings("acme") };
    house.done(acme, Change::EditAccount { account_id: None, version: None, settings }).await;
    for (user, ahead) in [(ana, 10), (ben, 20)] {
        let entry = the_entry(&house, user).await;
        assert_eq!((entry.date, entry.due_at), (day(ahead), berlin.start_of_day(day(ahead))));
    }
}

#[rstest]
#[tokio::test]
async fn entries_change_days_in_one_plan(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let acme = &house.acme;
    house.seats(acme, license("basic"), 2).await;
    let [ana] = people(&house).await;
    house.done(acme, on(&[ana], "basic", day(10))).await;
    let end = Change::RemoveLicense { user_ids: vec![ana], track_id: track("voice"), date: Some(day(20)) };
    house.done(acme, end).await;
    let [first, last] = entries(&house, ana).await.try_into().unwrap();
    let to = |entry: &ScheduleEntry, date| Change::EditScheduleEntry { entry_id: entry.id, version: None, date };
    let changes = vec![to(&last, day(30)), to(&first, day(20))];
    house.done(acme, Change::Together { changes }).await;
    let back = vec![to(&first, day(10)), to(&last, day(20))];
    house.done(acme, Change::Together { changes: back }).await;
    let dates: Vec<_> = entries(&house, ana).await.into_iter().map(|entry| entry.date).collect();
    assert_eq!(dates, [day(10), day(20)]);
    assert_eq!(level(&house, acme, license("basic"), day(10)).await, Some((0, 1)));
    assert_eq!(level(&house, acme, license("basic"), day(20)).await, Some((0, 0)));
    house.done(acme, Change::RemoveScheduleEntry { entry_id: last.id }).await;
    house.done(acme, Change::MoveSchedule { user_id: ana, date: day(15) }).await;
    assert_eq!(level(&house, acme, license("basic"), day(14)).await, Some((0, 0)));
    assert_eq!(level(&house, acme, license("basic"), day(15)).await, Some((0, 1)));
    let counts = ScheduleCounts { scheduled: 1, conflicts: 0, failed: 0 };
    assert_eq!(house.store().schedule_counts(acme).await.unwrap(), counts);
}

#[rstest]
#[case::two(2)]
#[case::sixteen(16)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_seat_of_a_day_is_kept_for_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] many: usize,
) {
    let Some(house) = House::on(engine).await else { return };
    let acme = &house.acme;
    house.seats(acme, license("basic"), 1).await;
    let mut requests = Vec::new();
    let mut users = Vec::new();
    for at in 0..many {
        let id = house.add_user(acme, new_user("Ana", "Duarte", &format!("user.{at}"))).await;
        users.push(id);
        requests.push(house.request(on(&[id], "basic", day(10 + i64::try_from(at % 2).unwrap()))));
    }
    let applied = join_all(requests.iter().map(|request| house.apply(acme, request))).await;
    assert!(applied.iter().all(|applied| matches!(applied, Applied::Done(_))), "{applied:?}");
    let mut reserved = 0;
    for user in users {
        let entry = the_entry(&house, user).await;
        reserved += usize::from(entry.reserved);
        assert_eq!(entry.conflicts.is_empty(), entry.reserved);
    }
    assert_eq!(reserved, 1);
    assert_eq!(level(&house, acme, license("basic"), day(11)).await, Some((0, 1)));
}

#[rstest]
#[tokio::test]
async fn whoever_never_had_a_phone_needs_the_seat_least(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);
    store.add_sample(acme, 60, now()).await.unwrap();
    let holders = store.seat_holders(acme, license("business")).await.unwrap();
    assert_eq!(holders.len(), 20);
    let never = holders.iter().take_while(|holder| holder.last_registered_at.is_none()).count();
    assert!((1..20).contains(&never), "{holders:#?}");
    assert!(holders[never..].iter().all(|holder| holder.last_registered_at == Some(now())));
    assert!(holders.iter().all(|holder| holder.holds_since == now() && !holder.user.name.is_empty()));
    assert!(store.seat_holders(acme, license("pro-plus")).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_full_schedule_is_read_and_run(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(house) = House::on(engine).await else { return };
    let (store, acme) = (house.store(), &house.acme);
    store.add_sample(acme, 400, now()).await.unwrap();
    store.add_sample_schedule(acme, 500, now()).await.unwrap();
    let counts = store.schedule_counts(acme).await.unwrap();
    assert_eq!(counts.scheduled, 500);
    assert!((20..60).contains(&counts.conflicts), "{counts:?}");
    let days = store.schedule_days(acme, day(0), day(91)).await.unwrap();
    assert_eq!(days.len(), 90);
    assert_eq!(days.iter().map(|day| day.entries).sum::<i64>(), 500);
    let page = store.schedule(acme, &ScheduleFilter { page: 2, ..ScheduleFilter::default() }).await.unwrap();
    assert_eq!((page.total, page.rows.len()), (500, 50));
    let timelines = store.seat_timelines(acme).await.unwrap();
    assert!(timelines[&license("pro-plus")].peak() >= 300);
    assert!(
        matches!(at(&house, Change::Rehearse { user_ids: Vec::new() }, now()).await.1, Applied::Done(plan) if plan.steps.is_empty())
    );
    let due = run(&house, phoenix().start_of_day(day(1))).await;
    assert!(due.summary.starts_with("Carry out 5 license changes"), "{}", due.summary);
}
