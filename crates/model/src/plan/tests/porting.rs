//! Numbers that port in, and the licenses that wait for them.

use chrono::{Days, TimeDelta};

use super::*;
use crate::schedule::EntryState;

const PORT: NumberId = NumberId(Uuid::from_u128(77));

fn day(after: u64) -> NaiveDate {
    now().date_naive() + Days::new(after)
}

/// A landline number ports in for Ana in so many days.
fn facts_with_port(in_days: u64) -> Facts {
    let mut facts = facts();
    let coming = number(1, "+14805550143", NumberKind::Landline, None);
    facts.numbers.insert(PhoneNumber {
        id: PORT,
        state: NumberState::PortingIn,
        ports_on: Some(day(in_days)),
        promised_to: Some(ANA),
        ..coming
    });
    facts
}

fn business(date: Option<NaiveDate>) -> Change {
    Change::AssignLicense { user_ids: vec![ANA], license_type_id: license("business"), date }
}

fn entry(facts: &Facts) -> crate::schedule::ScheduleEntry {
    facts.schedule.of(ANA).next().cloned().expect("an entry")
}

#[test]
fn assigning_now_is_told_to_wait_and_scheduling_from_that_day_on_holds() {
    let facts = facts_with_port(90);
    let now = planned(&facts, business(None));
    let date = crate::schedule::in_words(day(90));
    let message = format!("Business requires a landline number, and Ana Duarte's +1 480 555 0143 ports in on {date}");
    assert_eq!((kinds(&now), &now.blockers[0].message), (vec![BlockerKind::MissingNumber], &message));
    let repairs = &now.blockers[0].repairs;
    assert_eq!(repairs[0], Repair::WaitForPort { user_id: ANA, number_id: PORT, date: day(90) });
    assert_eq!(repairs[0].label(), format!("Wait for the port: assign on {date}"));
    for (after, holds) in [(89, false), (90, true), (91, true)] {
        let scheduled = planned(&facts, business(Some(day(after))));
        assert_eq!((scheduled.blockers.len(), scheduled.conflicts.is_empty()), (0, holds), "in {after} days");
    }
}

#[test]
fn a_port_that_moves_has_the_entries_that_wait_for_it_rehearsed() {
    let facts = facts_with_port(90);
    let facts = facts.clone().after(&planned(&facts, business(Some(day(90)))));
    assert!(!entry(&facts).has_conflicts());
    let moved = planned(&facts, Change::MovePort { number_id: PORT, version: None, date: day(100) });
    assert!(moved.warnings[0].message.contains("would fail"), "{:?}", moved.warnings);
    let later = facts.after(&moved);
    assert_eq!(entry(&later).conflicts[0].kind, BlockerKind::MissingNumber);
    let back = planned(&later, Change::MovePort { number_id: PORT, version: None, date: day(80) });
    assert!(!entry(&later.after(&back)).has_conflicts());
}

/// What the worker does at noon of that day.
fn run(facts: &Facts, after: u64) -> Facts {
    let mut facts = facts.clone();
    facts.due = facts.schedule.of(ANA).filter(|entry| entry.is_scheduled()).map(|entry| entry.id).collect();
    let plan = plan_at(&facts, Change::RunSchedule, now() + TimeDelta::days(after.cast_signed()));
    facts.after(&plan)
}

#[test]
fn a_port_that_is_late_fails_the_entry_which_goes_on_when_it_completes() {
    let facts = facts_with_port(90);
    let facts = facts.clone().after(&planned(&facts, business(Some(day(90)))));
    let failed = run(&facts, 90);
    let conflict = &entry(&failed).conflicts[0];
    assert_eq!(entry(&failed).state, EntryState::Failed);
    assert!(conflict.message.ends_with("has not ported in yet"), "{}", conflict.message);
    assert_eq!(conflict.repairs[0], Repair::CompletePort { number_id: PORT });
    assert!(failed.voice_license_of(ANA).is_none(), "the user keeps what they had");

    let at = now() + TimeDelta::days(95);
    let completed = plan_at(&failed, Change::CompletePort { number_id: PORT }, at);
    assert!(!completed.blocked(), "{:?}", completed.blockers);
    let arrived = failed.after(&completed);
    assert_eq!(arrived.numbers[&PORT].user_id, Some(ANA));
    let again = entry(&arrived);
    assert_eq!((again.state, again.date, again.has_conflicts()), (EntryState::Scheduled, day(95), false));
    assert!(again.due_at <= at, "the worker takes it at once");
    let done = run(&arrived, 95);
    assert_eq!(done.voice_license_of(ANA).map(|license| license.slug.as_str()), Some("business"));
}

#[test]
fn an_entry_that_failed_for_more_than_the_number_waits_for_a_person() {
    let facts = facts_with_port(90);
    let mut facts = facts.clone().after(&planned(&facts, business(Some(day(90)))));
    facts.seats.get_mut(&license("business")).unwrap().bought = 0;
    let failed = run(&facts, 90);
    assert_eq!(entry(&failed).conflicts.len(), 2, "{:?}", entry(&failed).conflicts);
    let completed = plan_at(&failed, Change::CompletePort { number_id: PORT }, now() + TimeDelta::days(95));
    assert_eq!(entry(&failed.after(&completed)).state, EntryState::Failed);
}

#[test]
fn a_completed_port_replaces_the_number_that_the_user_has() {
    let mut facts = facts_with_port(90);
    let old = give(&mut facts, number(2, "+14805550144", NumberKind::Landline, Some(ANA)));
    let facts = facts.clone().after(&planned(&facts, Change::CompletePort { number_id: PORT }));
    assert_eq!((facts.numbers[&old].user_id, facts.numbers[&old].state), (None, NumberState::Free));
    assert_eq!(facts.numbers_of(ANA).map(|number| number.id).collect::<Vec<_>>(), [PORT]);
    assert!(planned(&facts, Change::CompletePort { number_id: PORT }).blocked(), "only once");
}

#[test]
fn a_porting_number_is_promised_to_one_user_at_a_time() {
    let facts = facts_with_port(90);
    let give = Change::AssignNumber { number_id: PORT, user_id: Some(BEN) };
    let facts = facts.clone().after(&planned(&facts, give));
    assert_eq!((facts.numbers[&PORT].user_id, facts.numbers[&PORT].promised_to), (None, Some(BEN)));
    assert_eq!(facts.numbers_promised_to(ANA).count(), 0);
    let nobody = Change::AssignNumber { number_id: PORT, user_id: None };
    let facts = facts.clone().after(&planned(&facts, nobody));
    let arrived = facts.clone().after(&planned(&facts, Change::CompletePort { number_id: PORT }));
    assert_eq!(arrived.numbers[&PORT].state, NumberState::Free);
}

#[test]
fn the_date_of_a_port_is_not_in_the_past() {
    let facts = facts();
    let numbers = vec![E164::parse("+14805550150").unwrap()];
    let port =
        |date| Change::PortNumbers { numbers: numbers.clone(), kind: NumberKind::Landline, location_id: None, date };
    let added = planned(&facts, port(day(10)));
    let Some(Record::PhoneNumber(number)) = &added.steps[0].after else { panic!("no number") };
    assert_eq!((number.state, number.ports_on), (NumberState::PortingIn, Some(day(10))));
    let yesterday = now().date_naive() - Days::new(1);
    assert_eq!(field_errors(&planned(&facts, port(yesterday)).blockers).0[0].field, "ports_on");
}
