//! Where calls go, and those that go nowhere.

use std::time::Duration;

use lineside_model::extension::{Destination, Extension};
use lineside_sip::Method;

use crate::{
    fixture,
    world::{World, phone::Manner},
};

#[test]
fn where_the_call_goes_when_nobody_is_there() {
    let mut world = World::new();
    let caller = world.registered("201", Manner::Rings);
    assert_eq!(world.call_result(caller, "202"), 480);
    assert!(world.phones[caller].statuses().contains(&183), "the caller is told why");
    let mut user = fixture::user(2, "202");
    user.unreachable = Some(Destination::Extension(Extension::parse("203").unwrap()));
    world.put(user);
    let instead = world.registered("203", Manner::Answers);
    assert_eq!(world.call_result(caller, "202"), 200);
    assert_eq!(world.requests(instead, Method::Invite).len(), 1);
}

#[test]
fn a_registered_phone_that_is_dead_is_unreachable_too() {
    let mut world = World::new();
    let caller = world.registered("201", Manner::Rings);
    world.registered("202", Manner::IsDead);
    let instead = world.registered("203", Manner::Answers);
    let mut user = fixture::user(2, "202");
    user.unreachable = Some(Destination::Extension(Extension::parse("203").unwrap()));
    world.put(user);
    let begin = world.now.instant;
    assert_eq!(world.call_result(caller, "202"), 200);
    assert_eq!(world.requests(instead, Method::Invite).len(), 1);
    assert!(world.now.instant - begin < Duration::from_secs(10), "the caller is not left in silence for long");
}

#[test]
fn what_is_not_in_service_is_announced() {
    let mut world = World::new();
    let caller = world.registered("201", Manner::Rings);
    assert_eq!(world.call_result(caller, "999"), 404);
    assert_eq!(world.phones[caller].statuses(), [183, 404]);
    let mut unlicensed = fixture::user(2, "202");
    unlicensed.voice = false;
    world.put(unlicensed);
    assert_eq!(world.call_result(caller, "202"), 480);
}

#[test]
fn emergency_calls_are_answered_even_without_a_license_but_not_without_credentials() {
    let mut world = World::new();
    let caller = world.phone("201", Manner::Rings);
    let mut user = fixture::user(1, "201");
    user.voice = false;
    user.lines[0].enabled = false;
    world.put(user);
    assert_eq!(world.call_result(caller, "202"), 403);
    for dialled in ["911", "112", "9-1-1"] {
        assert_eq!(world.call_result(caller, dialled), 503, "{dialled}");
        assert_eq!(world.phones[caller].statuses(), [183, 503]);
    }
    assert_eq!(world.call_result(caller, "933"), 200, "what would be told is read back");
    world.phones[caller].password = "guess".to_owned();
    assert_eq!(world.call_result(caller, "911"), 407);
}
