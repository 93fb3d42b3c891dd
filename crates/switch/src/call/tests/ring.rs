//! Whose phones ring, and until when.

use std::time::Duration;

use lineside_sip::Method;

use super::{is_over, talking};
use crate::world::{
    World,
    phone::{Manner, Phone},
};

#[test]
fn the_callee_sees_who_calls_and_is_asked_by_its_own_contact() {
    let (world, _, callee) = talking();
    let invite = &world.requests(callee, Method::Invite)[0];
    assert!(invite.starts_with(&format!("INVITE {} SIP/2.0", world.phones[callee].contact())), "{invite}");
    assert!(invite.contains("From: \"User 1\" <sip:201@pbx.example.com>;tag="), "{invite}");
    assert!(!invite.contains("Mallory"), "{invite}");
}

#[test]
fn the_caller_hears_of_ringing_and_the_answer() {
    let (world, caller, _) = talking();
    assert_eq!(world.phones[caller].statuses(), [180, 200]);
}

#[test]
fn refusals_are_told_as_they_are() {
    for (status, told) in [(486, 486), (603, 603), (480, 480), (500, 480), (302, 480)] {
        let mut world = World::new();
        let caller = world.registered("201", Manner::Rings);
        world.registered("202", Manner::Refuses(status));
        assert_eq!(world.call_result(caller, "202"), told);
        assert!(is_over(&world));
    }
}

#[test]
fn a_cancelled_call_stops_ringing() {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Rings));
    world.call(caller, "202");
    world.run(|world| world.phones[caller].statuses().contains(&180));
    world.act(caller, Phone::cancel);
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(487));
    world.pass(Duration::from_secs(1));
    assert!(world.phones[callee].ringing.is_none());
    assert!(is_over(&world));
}

#[test]
fn nobody_answers_in_time() {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Rings));
    let begin = world.now.instant;
    assert_eq!(world.call_result(caller, "202"), 480);
    assert_eq!((world.now.instant - begin).as_secs(), 25);
    world.pass(Duration::from_secs(1));
    assert!(world.phones[callee].ringing.is_none());
}

#[test]
fn all_phones_ring_and_the_first_to_answer_has_the_call() {
    let mut world = World::new();
    let caller = world.registered("201", Manner::Rings);
    let [desk, mobile] = [world.registered("202", Manner::Rings), world.registered("202", Manner::Rings)];
    world.call(caller, "202");
    world.run(|world| [desk, mobile].iter().all(|phone| world.phones[*phone].ringing.is_some()));
    world.act(mobile, |phone, now| phone.answer(now, 200));
    world.run(|world| world.phones[caller].result.is_some() && world.phones[desk].ringing.is_none());
    assert_eq!(world.phones[caller].result, Some(200));
    world.act(mobile, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| !world.requests(caller, Method::Bye).is_empty());
}

#[test]
fn two_that_answer_at_once_leave_one_call() {
    let mut world = World::new();
    let caller = world.registered("201", Manner::Rings);
    let [desk, mobile] = [world.registered("202", Manner::Rings), world.registered("202", Manner::Rings)];
    world.call(caller, "202");
    world.run(|world| [desk, mobile].iter().all(|phone| world.phones[*phone].ringing.is_some()));
    for phone in [desk, mobile] {
        world.act(phone, |phone, now| phone.answer(now, 200));
    }
    world.pass(Duration::from_secs(2));
    let byes = [desk, mobile].map(|phone| world.requests(phone, Method::Bye).len());
    assert_eq!(byes.iter().sum::<usize>(), 1, "the late one is acknowledged and ended: {byes:?}");
    assert!([desk, mobile].iter().all(|phone| !world.phones[*phone].acks.is_empty()));
}

#[test]
fn one_busy_phone_does_not_end_the_ringing_of_another_but_a_declined_call_does() {
    for (status, told) in [(486, 200), (603, 603)] {
        let mut world = World::new();
        let caller = world.registered("201", Manner::Rings);
        world.registered("202", Manner::Refuses(status));
        let other = world.registered("202", Manner::Rings);
        world.call(caller, "202");
        world.pass(Duration::from_secs(1));
        if told == 200 {
            world.act(other, |phone, now| phone.answer(now, 200));
        }
        world.run(|world| world.phones[caller].result.is_some());
        assert_eq!(world.phones[caller].result, Some(told));
        world.pass(Duration::from_secs(1));
        assert!(world.phones[other].ringing.is_none());
    }
}

#[test]
fn a_dead_phone_does_not_hide_that_the_other_is_busy() {
    let mut world = World::new();
    let caller = world.registered("201", Manner::Rings);
    world.registered("202", Manner::IsDead);
    world.registered("202", Manner::Refuses(486));
    let begin = world.now.instant;
    assert_eq!(world.call_result(caller, "202"), 486);
    assert!(world.now.instant - begin < Duration::from_secs(10));
}
