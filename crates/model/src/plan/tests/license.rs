//! Licenses now, with what they require, and seats.

use super::*;

#[test]
fn a_license_replaces_its_track_and_moves_the_seat() {
    let mut facts = facts();
    give(&mut facts, number(1, "+14805550143", NumberKind::Landline, Some(ANA)));
    hold(&mut facts, ANA, "basic");
    let plan = planned(
        &facts,
        Change::AssignLicense { user_ids: vec![ANA], license_type_id: license("business"), date: None },
    );
    assert_eq!(plan.blockers, []);
    assert_eq!(plan.steps.len(), 1);
    let deltas: Vec<(String, i64)> = plan.seats.iter().map(|seats| (seats.name.clone(), seats.delta)).collect();
    assert_eq!(deltas, [("Business".to_owned(), 1), ("Basic".to_owned(), -1)]);
}

#[test]
fn the_last_seat_is_not_given_to_two() {
    let mut facts = facts();
    facts.seats.get_mut(&license("basic")).unwrap().bought = 1;
    let plan = planned(
        &facts,
        Change::AssignLicense { user_ids: vec![ANA, BEN], license_type_id: license("basic"), date: None },
    );
    assert_eq!(kinds(&plan), [BlockerKind::NoFreeSeat]);
    assert_eq!(plan.blockers[0].message, "2 seats of Basic needed, 1 free");
    assert!(matches!(plan.blockers[0].repairs[0], Repair::AddSeats { .. }));
}

#[test]
fn what_requires_a_license_falls_with_it() {
    let mut facts = facts();
    hold(&mut facts, ANA, "basic");
    hold(&mut facts, ANA, "pro-plus");
    hold(&mut facts, ANA, "unlimited-5g");
    let plan = planned(&facts, Change::RemoveLicense { user_ids: vec![ANA], track_id: voice(), date: None });
    assert_eq!((plan.blockers.len(), plan.steps.len(), plan.warnings.len()), (0, 3, 2));
    assert!(plan.seats.iter().all(|seats| seats.delta == -1));
    assert!(plan.wants_review());
}

#[test]
fn seats_in_use_are_not_given_back() {
    let mut facts = facts();
    hold(&mut facts, ANA, "basic");
    let set = |bought| Change::SetSeats { license_type_id: license("basic"), bought, bound: None };
    assert_eq!(kinds(&planned(&facts, set(0))), [BlockerKind::InUse]);
    assert_eq!(planned(&facts, set(1)).blockers, []);
    assert_eq!(kinds(&planned(&facts, set(-1))), [BlockerKind::Invalid]);
}

#[test]
fn a_number_that_a_license_requires_stays() {
    let mut facts = facts();
    let number_id = give(&mut facts, number(1, "+14805550143", NumberKind::Landline, Some(ANA)));
    let take = || Change::AssignNumber { number_id, user_id: None };
    assert_eq!(planned(&facts, take()).blockers, []);
    hold(&mut facts, ANA, "business");
    let blocked = planned(&facts, take());
    assert_eq!(kinds(&blocked), [BlockerKind::DependentLicense]);
    assert_eq!(blocked.blockers[0].repairs.len(), 2);
}
