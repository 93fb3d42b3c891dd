//! Licenses on a date: scheduled in spite of conflicts, rehearsed, carried out or failed.

use chrono::{NaiveDate, TimeDelta};

use super::*;
use crate::license::SeatBinding;
use crate::mail::MailKind;
use crate::schedule::{EntryState, ScheduleEntry, Warned};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

const MARCH: &str = "2027-03-01";

fn on(user_id: UserId, slug: &str, date: &str) -> Change {
    Change::AssignLicense { user_ids: vec![user_id], license_type_id: license(slug), date: Some(day(date)) }
}

fn now_to(user_id: UserId, slug: &str) -> Change {
    Change::AssignLicense { user_ids: vec![user_id], license_type_id: license(slug), date: None }
}

/// Applies the changes one after the other, each under an identifier of its own.
fn applied(facts: Facts, changes: impl IntoIterator<Item = Change>) -> Facts {
    changes.into_iter().enumerate().fold(facts, |facts, (n, change)| {
        let plan = plan_as(&facts, 1000 + n as u128, change, now());
        assert!(!plan.blocked(), "{:?}", plan.blockers);
        facts.after(&plan)
    })
}

fn plan_as(facts: &Facts, n: u128, change: Change, at: DateTime<Utc>) -> Plan {
    let request = ChangeRequest { id: ChangeId(id(n)), change };
    plan(facts, &request, Context { now: at, actor: "Ana Duarte", mint: &Fixed })
}

fn entries(facts: &Facts) -> Vec<&ScheduleEntry> {
    facts.schedule.values().collect()
}

fn conflict_kinds(entry: &ScheduleEntry) -> Vec<BlockerKind> {
    entry.conflicts.iter().map(|conflict| conflict.kind).collect()
}

/// The date has come in the account's time zone.
fn run(facts: Facts, date: &str) -> (Plan, Facts) {
    let at = facts.account.settings.time_zone.start_of_day(day(date)) + TimeDelta::seconds(5);
    let mut facts = facts;
    facts.due = facts
        .schedule
        .values()
        .filter(|entry| entry.is_scheduled() && entry.due_at <= at)
        .map(|entry| entry.id)
        .collect();
    let plan = plan_as(&facts, 5000, Change::RunSchedule, at);
    assert!(!plan.blocked(), "{:?}", plan.blockers);
    let after = facts.after(&plan);
    (plan, after)
}

#[test]
fn unlimited_5g_without_voice_is_scheduled_with_its_conflict() {
    let facts = facts();
    let blocked = planned(&facts, now_to(ANA, "unlimited-5g"));
    assert_eq!(kinds(&blocked), [BlockerKind::MissingLicense]);
    let plan = planned(&facts, on(ANA, "unlimited-5g", MARCH));
    assert!(!plan.blocked(), "{:?}", plan.blockers);
    assert_eq!(plan.conflicts.len(), 1);
    assert_eq!(plan.conflicts[0].kind, BlockerKind::MissingLicense);
    assert!(plan.wants_review());
    let facts = facts.after(&plan);
    let [entry] = entries(&facts)[..] else { panic!("one entry") };
    assert!(entry.reserved, "its seat is kept all the same");
    assert_eq!(entry.due_at.to_rfc3339(), "2027-03-01T07:00:00+00:00");
}

#[test]
fn a_voice_license_before_it_or_on_the_same_day_heals_the_entry() {
    for voice_on in ["2027-02-10", MARCH] {
        let facts = applied(facts(), [on(ANA, "unlimited-5g", MARCH), on(ANA, "basic", voice_on)]);
        assert!(entries(&facts).iter().all(|entry| entry.conflicts.is_empty()), "{voice_on}");
    }
    let facts = applied(facts(), [on(ANA, "unlimited-5g", MARCH), on(ANA, "basic", "2027-03-02")]);
    let conflicts: Vec<_> = entries(&facts).into_iter().flat_map(conflict_kinds).collect();
    assert_eq!(conflicts, [BlockerKind::MissingLicense]);
}

#[test]
fn a_change_that_breaks_what_is_scheduled_says_so() {
    let mut facts = facts();
    hold(&mut facts, ANA, "basic");
    let facts = applied(facts, [on(ANA, "pro-plus", MARCH)]);
    let plan = planned(&facts, Change::RemoveLicense { user_ids: vec![ANA], track_id: voice(), date: None });
    assert!(
        plan.warnings
            .iter()
            .any(|warning| warning.message.contains("Pro Plus for Ana Duarte on 1 March 2027 would fail"))
    );
    let facts = facts.after(&plan);
    assert_eq!(conflict_kinds(entries(&facts)[0]), [BlockerKind::MissingLicense]);
    let healed = applied(facts, [now_to(ANA, "basic")]);
    assert!(entries(&healed)[0].conflicts.is_empty());
}

#[test]
fn a_seat_that_is_kept_for_a_date_is_not_given_away_before_it() {
    let mut facts = facts();
    facts.seats.get_mut(&license("basic")).unwrap().bought = 1;
    let facts = applied(facts, [on(ANA, "basic", MARCH)]);
    let plan = planned(&facts, now_to(BEN, "basic"));
    assert_eq!(kinds(&plan), [BlockerKind::NoFreeSeat]);
    assert!(
        plan.blockers[0].message.contains("kept for assignments scheduled up to 1 March 2027"),
        "{:?}",
        plan.blockers
    );
    // Whoever asks for the same seat on a later day waits for one.
    let facts = applied(facts, [on(BEN, "basic", "2027-04-01")]);
    let waiting = entries(&facts).into_iter().find(|entry| entry.user_id == BEN).unwrap();
    assert_eq!((waiting.reserved, conflict_kinds(waiting)), (false, vec![BlockerKind::NoFreeSeat]));
    // One seat more, and the next rehearsal gives it.
    let more = Change::SetSeats { license_type_id: license("basic"), bought: 2, bound: None };
    let facts = applied(facts, [more, Change::Rehearse { user_ids: Vec::new() }]);
    assert!(entries(&facts).iter().all(|entry| entry.reserved && entry.conflicts.is_empty()));
    let fewer = planned(&facts, Change::SetSeats { license_type_id: license("basic"), bought: 1, bound: None });
    assert_eq!(kinds(&fewer), [BlockerKind::InUse]);
    assert!(fewer.blockers[0].message.contains("1 April 2027"), "{:?}", fewer.blockers);
}

#[test]
fn two_users_swap_their_types_on_one_day_without_a_free_seat() {
    let mut facts = facts();
    give(&mut facts, number(1, "+14805550143", NumberKind::Landline, Some(ANA)));
    give(&mut facts, number(2, "+14805550144", NumberKind::Landline, Some(BEN)));
    hold(&mut facts, ANA, "basic");
    hold(&mut facts, BEN, "business");
    facts.seats.get_mut(&license("basic")).unwrap().bought = 1;
    facts.seats.get_mut(&license("business")).unwrap().bought = 1;
    let both = Change::Together { changes: vec![on(ANA, "business", MARCH), on(BEN, "basic", MARCH)] };
    let facts = applied(facts, [both]);
    // Neither seat is free before the other moves: each waits, since nobody may count on somebody else's change.
    assert!(entries(&facts).iter().all(|entry| conflict_kinds(entry) == [BlockerKind::NoFreeSeat]));
    // With one seat more of one type, the one frees what the other takes.
    let more = Change::SetSeats { license_type_id: license("basic"), bought: 2, bound: None };
    let facts = applied(facts, [more, Change::Rehearse { user_ids: Vec::new() }]);
    assert!(entries(&facts).iter().all(|entry| entry.conflicts.is_empty()));
    let (plan, facts) = run(facts, MARCH);
    assert_eq!(plan.summary, "Carry out 2 license changes scheduled for 1 March 2027");
    assert_eq!(facts.holding(ANA)[&voice()], license("business"));
    assert_eq!(facts.holding(BEN)[&voice()], license("basic"));
    assert!(entries(&facts).is_empty());
    assert_eq!(facts.seats[&license("business")].used, 1);
}

#[test]
fn what_is_due_takes_effect_from_its_own_date_or_fails_with_its_reason() {
    let mut facts = facts();
    facts.administrators = vec![facts.users[&BEN].clone()];
    let facts = applied(facts, [on(ANA, "basic", "2027-02-10"), on(BEN, "unlimited-5g", "2027-02-10")]);
    let (plan, facts) = run(facts, "2027-02-10");
    assert_eq!(plan.summary, "Carry out 1 license change scheduled for 10 February 2027; 1 failed");
    let held = facts.assignments_of(ANA).next().unwrap();
    assert_eq!(held.starts_at.to_rfc3339(), "2027-02-10T07:00:00+00:00");
    assert_eq!(held.change_id, Some(ChangeId(id(5000))));
    let [failed] = entries(&facts)[..] else { panic!("the failed entry stays") };
    assert_eq!((failed.state, conflict_kinds(failed)), (EntryState::Failed, vec![BlockerKind::MissingLicense]));
    let mails: Vec<_> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.after {
            Some(Record::Mail(mail)) => Some((mail.kind, mail.about.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].0, MailKind::ScheduleFailed);
    assert!(mails[0].1[0].starts_with("Unlimited 5G for Ben Duarte on 10 February 2027: "), "{mails:?}");
    assert_eq!(facts.seats[&license("unlimited-5g")].used, 0);

    // Nothing is due a second time; a retry is refused until the reason is gone.
    let entry_id = failed.id;
    let (again, facts) = run(facts, "2027-02-11");
    assert!(again.steps.is_empty());
    let retry = Change::RetryScheduleEntry { entry_id };
    assert_eq!(kinds(&planned(&facts, retry.clone())), [BlockerKind::MissingLicense]);
    let facts = applied(facts, [now_to(BEN, "basic"), retry]);
    assert!(entries(&facts).is_empty());
    assert_eq!(facts.assignments_of(BEN).count(), 2);
}

#[test]
fn one_date_overrides_all_of_a_users_entries() {
    let facts = applied(facts(), [on(ANA, "unlimited-5g", "2027-02-01"), on(ANA, "basic", MARCH)]);
    let facts = applied(facts, [Change::MoveSchedule { user_id: ANA, date: day("2027-05-01") }]);
    assert!(entries(&facts).iter().all(|entry| entry.date == day("2027-05-01") && entry.conflicts.is_empty()));
    let two_of_a_track = applied(super::facts(), [on(ANA, "basic", "2027-02-01"), on(ANA, "business", MARCH)]);
    let plan = planned(&two_of_a_track, Change::MoveSchedule { user_id: ANA, date: day("2027-05-01") });
    assert_eq!(kinds(&plan), [BlockerKind::MutuallyExclusive]);
    let same_day = planned(&two_of_a_track, on(ANA, "basic", MARCH));
    assert_eq!(kinds(&same_day), [BlockerKind::MutuallyExclusive]);
    let again = planned(&two_of_a_track, on(ANA, "business", MARCH));
    assert!(again.is_empty(), "what is scheduled already is no change");
}

#[test]
fn a_date_is_a_day_after_today_in_the_accounts_time_zone() {
    // 06:30 in UTC is still the day before in Phoenix.
    let at: DateTime<Utc> = "2027-03-01T06:30:00Z".parse().unwrap();
    let facts = facts();
    assert!(!plan_at(&facts, on(ANA, "basic", MARCH), at).blocked());
    for wrong in ["2027-02-28", "2026-01-01", "2060-01-01"] {
        let plan = plan_at(&facts, on(ANA, "basic", wrong), at);
        assert_eq!(plan.blockers.len(), 1, "{wrong}");
        assert_eq!(plan.blockers[0].field.as_deref(), Some("date"));
    }
}

#[test]
fn an_entry_moves_and_goes() {
    let facts = applied(facts(), [on(ANA, "basic", MARCH)]);
    let (entry_id, version) = (entries(&facts)[0].id, entries(&facts)[0].version);
    let edit = |version| Change::EditScheduleEntry { entry_id, version: Some(version), date: day("2027-06-01") };
    assert_eq!(kinds(&planned(&facts, edit(version + 1))), [BlockerKind::Stale]);
    let facts = applied(facts, [edit(version)]);
    assert_eq!(entries(&facts)[0].date, day("2027-06-01"));
    assert_eq!(facts.seat_timeline(license("basic")).used_on(day(MARCH)), 0);
    let facts = applied(facts, [Change::RemoveScheduleEntry { entry_id }]);
    assert!(entries(&facts).is_empty());
    assert_eq!(facts.seat_timeline(license("basic")).peak(), 0);
}

#[test]
fn a_license_and_its_repairs_are_one_plan() {
    let mut facts = facts();
    let landline = give(&mut facts, number(1, "+14805550143", NumberKind::Landline, None));
    let mobile = give(&mut facts, number(2, "+14805550144", NumberKind::Mobile, None));
    assert_eq!(kinds(&planned(&facts, now_to(ANA, "business-mobile"))), [BlockerKind::MissingNumber; 2]);
    let together = Change::Together {
        changes: vec![
            Change::AssignNumber { number_id: landline, user_id: Some(ANA) },
            Change::AssignNumber { number_id: mobile, user_id: Some(ANA) },
            now_to(ANA, "business-mobile"),
            now_to(ANA, "unlimited-5g"),
        ],
    };
    let plan = planned(&facts, together);
    assert!(!plan.blocked(), "{:?}", plan.blockers);
    assert!(plan.summary.starts_with("Assign Unlimited 5G to Ana Duarte; before it: "), "{}", plan.summary);
    let facts = facts.after(&plan);
    assert_eq!(facts.assignments_of(ANA).count(), 2);
    assert!(facts.assignments_of(ANA).all(|held| held.change_id == Some(ChangeId(id(1)))), "as in the journal");
    assert_eq!(facts.numbers_of(ANA).count(), 2);
    let nested = Change::Together { changes: vec![Change::Together { changes: Vec::new() }] };
    assert!(planned(&facts, nested).blocked());
}

#[test]
fn each_warning_goes_out_once_and_healing_is_told() {
    let mut facts = facts();
    facts.administrators = vec![facts.users[&BEN].clone()];
    let mut facts = applied(facts, [on(ANA, "unlimited-5g", MARCH)]);
    let told = |facts: &Facts, at: &str, n: u128| {
        let plan = plan_as(facts, n, Change::WarnOfSchedule, at.parse().unwrap());
        let mails = plan.steps.iter().filter(|step| matches!(step.after, Some(Record::Mail(_)))).count();
        (mails, facts.clone().after(&plan))
    };
    let mut mails = Vec::new();
    for (n, at) in ["2027-02-20", "2027-02-22", "2027-02-23", "2027-02-28", "2027-02-28"].into_iter().enumerate() {
        let (mailed, after) = told(&facts, &format!("{at}T12:00:00Z"), 7000 + n as u128);
        mails.push(mailed);
        facts = after;
    }
    assert_eq!(mails, [0, 1, 0, 1, 0]);
    assert_eq!(entries(&facts)[0].warned, Some(Warned::OneDay));
    let plan = plan_as(&facts, 8000, now_to(ANA, "basic"), now());
    let healed = plan.steps.iter().filter_map(|step| match &step.after {
        Some(Record::Mail(mail)) => Some(mail.kind),
        _ => None,
    });
    assert_eq!(healed.collect::<Vec<_>>(), [MailKind::ScheduleHealed]);
    assert_eq!(entries(&facts.after(&plan))[0].warned, None);
}

#[test]
fn bound_seats_are_held_and_used_first() {
    let mut facts = facts();
    hold(&mut facts, ANA, "basic");
    hold(&mut facts, BEN, "basic");
    let bind = |bought, seats| Change::SetSeats {
        license_type_id: license("basic"),
        bought,
        bound: Some(vec![SeatBinding { until: day(MARCH), seats }]),
    };
    assert_eq!(kinds(&planned(&facts, bind(2, 3))), [BlockerKind::InUse]);
    let facts = applied(facts, [bind(4, 2)]);
    let fewer = Change::SetSeats { license_type_id: license("basic"), bought: 1, bound: None };
    assert!(kinds(&planned(&facts, fewer)).contains(&BlockerKind::InUse));
    // One leaves: the bound seats stay in use as long as there are users for them.
    let remove = |user| Change::RemoveLicense { user_ids: vec![user], track_id: voice(), date: None };
    let plan = planned(&facts, remove(ANA));
    assert!(plan.warnings.iter().any(|warning| warning.message.contains("1 bound seats of Basic stand empty")));
    let facts = applied(facts, [bind(4, 1)]);
    assert!(planned(&facts, remove(ANA)).warnings.is_empty());
}
