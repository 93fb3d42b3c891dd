//! Which changes make which phones fetch their configuration anew.

use super::*;
use crate::resync::ResyncOrder;
use crate::time_zone::TimeZone;

/// Ana has a phone of this model.
fn with_phone(model: &str) -> (Facts, DeviceId) {
    let mut facts = facts();
    facts.locations.get_mut(&DENVER).unwrap().site.time_zone = TimeZone::parse("America/Denver").unwrap();
    let mac = (model != "linphone" && model != "generic").then(|| Mac::parse("80:5e:c0:00:00:01").unwrap());
    let device = NewDevice { model: model.into(), mac, label: None, user_id: Some(ANA) };
    let added = planned(&facts, Change::AddDevice { device });
    assert_eq!(added.resyncs, [], "a new device has yet to fetch its first file");
    let facts = facts.after(&added);
    let device = facts.devices_of(ANA).next().unwrap().id;
    (facts, device)
}

/// An hour later, so that what is minted then is something new.
fn asked(facts: &Facts, change: Change) -> Vec<DeviceId> {
    let of = |order: &ResyncOrder| match order {
        ResyncOrder::Device { device_id, user_id: ANA, .. } => *device_id,
        other => panic!("{other:?}"),
    };
    let later = now() + chrono::TimeDelta::hours(1);
    let own = |order: &&ResyncOrder| !matches!(order, ResyncOrder::LampKeys { .. });
    plan_at(facts, change, later).resyncs.iter().filter(own).map(of).collect()
}

fn edit(facts: &Facts, edit: impl FnOnce(&mut Profile)) -> Change {
    let mut profile = facts.users[&ANA].profile.clone();
    edit(&mut profile);
    Change::EditProfile { user_id: ANA, version: None, profile: Box::new(profile) }
}

#[test]
fn what_stands_in_the_phones_file_makes_it_fetch_anew_and_nothing_else_does() {
    let (facts, device) = with_phone("yealink-t54w");
    let named = |text: &str| crate::text::Name::parse(text).unwrap();
    let changes: [(&str, Change, bool); 8] = [
        ("Generate", Change::Generate { device_id: device }, true),
        ("the last name", edit(&facts, |profile| profile.last_name = named("Lopez")), true),
        ("the extension", edit(&facts, |profile| profile.extension = "207".parse().ok()), true),
        ("the user's zone", edit(&facts, |profile| profile.time_zone = TimeZone::parse("Europe/Rome").ok()), true),
        ("a location in another zone", edit(&facts, |profile| profile.location_id = Some(DENVER)), true),
        ("the zone that it has", edit(&facts, |profile| profile.time_zone = Some(phoenix(&facts))), false),
        ("the email", edit(&facts, |profile| profile.email = None), false),
        ("locking", Change::LockDevice { device_id: device, locked: true }, false),
    ];
    for (what, change, is_asked) in changes {
        let expected = if is_asked { vec![device] } else { Vec::new() };
        assert_eq!(asked(&facts, change), expected, "{what}");
    }
}

fn phoenix(facts: &Facts) -> TimeZone {
    facts.locations[&PHOENIX].site.time_zone
}

#[test]
fn a_device_that_is_unlocked_or_assigned_is_asked() {
    let (facts, device) = with_phone("linphone");
    let locked = facts.clone().after(&planned(&facts, Change::LockDevice { device_id: device, locked: true }));
    assert_eq!(asked(&locked, Change::LockDevice { device_id: device, locked: false }), [device]);
    assert_eq!(asked(&locked, edit(&locked, |profile| profile.location_id = Some(DENVER))), [], "it gets no file");
    let free = facts.clone().after(&planned(&facts, Change::UnassignDevice { device_id: device }));
    assert_eq!(asked(&free, Change::AssignDevice { device_id: device, user_id: ANA }), [device]);
}

#[test]
fn a_generic_phone_fetches_nothing() {
    let (facts, device) = with_phone("generic");
    let facts = facts.clone().after(&planned(&facts, Change::Generate { device_id: device }));
    assert_eq!(asked(&facts, Change::Generate { device_id: device }), []);
    let refused = planned(&facts, Change::Resync { device_id: device });
    assert!(refused.blockers[0].message.starts_with("a generic phone fetches nothing"), "{:?}", refused.blockers);
}

#[test]
fn the_zone_of_a_place_is_followed_by_its_phones() {
    let facts = facts();
    let mut site = facts.locations[&PHOENIX].site.clone();
    site.time_zone = TimeZone::parse("America/Denver").unwrap();
    let edit = Change::EditLocation { location_id: PHOENIX, version: None, site };
    let orders = planned(&facts, edit).resyncs;
    assert_eq!(orders, [ResyncOrder::Location { location_id: PHOENIX, name: "Phoenix".into() }]);
    let mut settings = facts.account.settings.clone();
    settings.time_zone = TimeZone::parse("America/Denver").unwrap();
    assert_eq!(
        planned(&facts, Change::EditAccount { account_id: None, version: None, settings }).resyncs,
        [ResyncOrder::Account]
    );
}

#[test]
fn a_person_may_ask_a_phone_that_gets_a_configuration() {
    let (facts, device) = with_phone("yealink-t54w");
    let plan = planned(&facts, Change::Resync { device_id: device });
    assert!(!plan.is_empty() && !plan.wants_review() && plan.steps.is_empty());
    assert_eq!(plan.touched_users(), [ANA].into());
    let locked = facts.clone().after(&planned(&facts, Change::LockDevice { device_id: device, locked: true }));
    assert!(planned(&locked, Change::Resync { device_id: device }).blocked());
    let free = facts.clone().after(&planned(&facts, Change::UnassignDevice { device_id: device }));
    assert!(planned(&free, Change::Resync { device_id: device }).blocked());
}

#[test]
fn phones_with_a_key_for_somebody_are_asked_when_that_one_is_called_otherwise() {
    let mut facts = facts();
    facts.users.get_mut(&ANA).unwrap().profile.extension = "201".parse().ok();
    let named = |text: &str| crate::text::Name::parse(text).unwrap();
    let state = |state| Change::SetUserState { user_ids: vec![ANA], state, date: None };
    let gone = edit(&facts, |profile| profile.extension = None);
    let changes = [
        ("the extension", edit(&facts, |profile| profile.extension = "207".parse().ok()), Some("Ana Duarte")),
        ("no extension", gone.clone(), Some("Ana Duarte")),
        ("the name", edit(&facts, |profile| profile.last_name = named("Lopez")), Some("Ana Lopez")),
        ("the zone", edit(&facts, |profile| profile.time_zone = TimeZone::parse("Europe/Rome").ok()), None),
        ("a suspension", state(UserState::Suspended), None),
    ];
    for (what, change, who) in changes {
        let expected = who.map(|who| ResyncOrder::LampKeys { user_ids: vec![ANA], who: who.to_owned() });
        assert_eq!(planned(&facts, change).resyncs, Vec::from_iter(expected), "{what}");
    }
    let without = facts.clone().after(&planned(&facts, gone));
    let renamed = edit(&without, |profile| profile.last_name = named("Lopez"));
    assert_eq!(planned(&without, renamed).resyncs, [], "her key is dark already");
    let back = edit(&without, |profile| profile.extension = "208".parse().ok());
    assert!(matches!(&planned(&without, back).resyncs[..], [ResyncOrder::LampKeys { .. }]));
}
