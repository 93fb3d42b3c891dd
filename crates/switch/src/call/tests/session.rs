//! Session timers, as phones and carriers use them.

use std::time::Duration;

use lineside_sip::{HeaderName, Method};

use super::is_over;
use crate::{
    fixture,
    world::{
        World,
        phone::{Manner, OFFER},
    },
};

const TIMER: (HeaderName, &str) = (HeaderName::Supported, "timer");

/// A world in which 201 and 202 talk, and what the two say of session timers.
fn talking_with(
    caller_says: &[(HeaderName, &'static str)],
    callee_says: &[(HeaderName, &'static str)],
) -> (World, usize, usize) {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    world.phones[caller].says = caller_says.to_vec();
    world.phones[callee].says = callee_says.to_vec();
    assert_eq!(world.call_result(caller, "202"), 200);
    world.run(|world| !world.phones[callee].acks.is_empty());
    (world, caller, callee)
}

fn answer(world: &World, phone: usize) -> String {
    String::from_utf8_lossy(world.phones[phone].responses.last().unwrap().as_bytes()).into_owned()
}

#[test]
fn a_phone_that_is_to_refresh_and_does_not_loses_the_call() {
    let (mut world, caller, callee) = talking_with(&[TIMER, (HeaderName::SessionExpires, "600;refresher=uac")], &[]);
    let answer = answer(&world, caller);
    assert!(answer.contains("Session-Expires: 600;refresher=uac\r\n") && answer.contains("Require: timer"), "{answer}");
    world.pass(Duration::from_secs(500));
    world.act(caller, |phone, now| phone.say(now, Method::Update, None));
    world.pass(Duration::from_secs(500));
    assert_eq!(world.phones[caller].result, Some(200));
    assert_eq!(world.core.open_calls(), 1, "an UPDATE without a wish for a timer ends the timer");
    assert!(world.requests(callee, Method::Update).is_empty(), "a refresh is for one leg");

    let (mut world, caller, callee) = talking_with(&[TIMER, (HeaderName::SessionExpires, "600;refresher=uac")], &[]);
    world.pass(Duration::from_secs(560));
    assert_eq!(world.core.open_calls(), 1);
    world.pass(Duration::from_secs(10));
    assert!(is_over(&world));
    assert_eq!([caller, callee].map(|phone| world.requests(phone, Method::Bye).len()), [1, 1]);
}

#[test]
fn a_session_that_is_ours_is_refreshed_and_that_shows_who_is_there() {
    let (mut world, caller, callee) =
        talking_with(&[TIMER], &[TIMER, (HeaderName::SessionExpires, "1800;refresher=uac")]);
    let answer = answer(&world, caller);
    assert!(answer.contains("Session-Expires: 1800;refresher=uas") && !answer.contains("Require"), "{answer}");
    assert!(world.requests(callee, Method::Invite)[0].contains("Session-Expires: 1800\r\n"));
    world.phones[caller].says = vec![(HeaderName::SessionExpires, "1800;refresher=uac")];
    world.pass(Duration::from_hours(2));
    assert_eq!(world.core.open_calls(), 1);
    for phone in [caller, callee] {
        let updates = world.requests(phone, Method::Update);
        assert!(updates[0].contains("Session-Expires: 1800;refresher=uac"), "{}", updates[0]);
        assert!((24..=32).contains(&updates.len()), "{}", updates.len());
        assert!(world.requests(phone, Method::Options).is_empty(), "one question is enough");
    }
    world.phones[callee].manner = Manner::IsDead;
    world.pass(Duration::from_mins(7));
    assert!(is_over(&world));
}

#[test]
fn a_phone_without_update_is_invited_again_with_the_same_description() {
    let callee_says =
        [TIMER, (HeaderName::SessionExpires, "90;refresher=uac"), (HeaderName::Allow, "INVITE, ACK, BYE, CANCEL")];
    let (mut world, _, callee) = talking_with(&[], &callee_says);
    world.pass(Duration::from_secs(40));
    assert_eq!(world.requests(callee, Method::Invite).len(), 1);
    world.phones[callee].refuses = Some((Method::Invite, 491, (HeaderName::Date, "")));
    world.pass(Duration::from_secs(10));
    let invites = world.requests(callee, Method::Invite);
    let body = |invite: &str| invite.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(invites.len(), 3, "after a 491 it is tried again");
    assert_eq!(body(&invites[0]), body(&invites[2]));
    world.pass(Duration::from_hours(1));
    assert_eq!(world.core.open_calls(), 1);
    assert!(world.requests(callee, Method::Update).is_empty());
}

#[test]
fn an_update_that_is_not_known_becomes_a_re_invite() {
    let (mut world, _, callee) = talking_with(&[], &[TIMER, (HeaderName::SessionExpires, "90;refresher=uac")]);
    world.phones[callee].refuses = Some((Method::Update, 405, (HeaderName::Date, "")));
    world.pass(Duration::from_secs(50));
    assert_eq!(world.requests(callee, Method::Invite).len(), 2);
    world.pass(Duration::from_hours(1));
    assert_eq!(world.core.open_calls(), 1);
}

#[test]
fn intervals_too_short_are_refused_on_both_sides() {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    world.phones[callee].refuses = Some((Method::Invite, 422, (HeaderName::MinSe, "3600")));
    assert_eq!(world.call_result(caller, "202"), 200);
    let invites = world.requests(callee, Method::Invite);
    assert!(
        invites[1].contains("Session-Expires: 3600\r\n") && invites[1].contains("Min-SE: 3600\r\n"),
        "{}",
        invites[1]
    );
    assert!(invites[1].contains("CSeq: 2 INVITE"), "{}", invites[1]);
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);

    world.phones[caller].says = vec![TIMER, (HeaderName::SessionExpires, "60")];
    assert_eq!(world.call_result(caller, "202"), 422);
    assert!(answer(&world, caller).contains("Min-SE: 90\r\n"));
    assert_eq!(world.call_result(caller, "911"), 503, "nothing stands before a call for help");
}

#[test]
fn a_timer_runs_only_in_a_session_and_goes_on_while_it_rings_elsewhere() {
    let mut world = World::new();
    for n in 1..=3 {
        let mut user = fixture::user(n, &format!("20{n}"));
        user.forwarding.ring_seconds = 120;
        world.put(user);
    }
    let short = [(HeaderName::Supported, "timer, 100rel"), (HeaderName::SessionExpires, "90;refresher=uas")];
    let [caller, callee, target] = ["201", "202", "203"].map(|extension| world.registered(extension, Manner::Rings));
    world.phones[caller].says = short.to_vec();
    world.call(caller, "202");
    world.run(|world| world.phones[callee].ringing.is_some());
    world.act(callee, |phone, now| phone.progress(now, 183, Some(1)));
    world.pass(Duration::from_secs(1));
    world.act(caller, |phone, now| phone.say(now, Method::Update, Some(OFFER)));
    world.pass(Duration::from_secs(100));
    assert_eq!(world.phones[caller].result, Some(200));
    assert!(world.requests(caller, Method::Update).is_empty(), "there is no session to refresh yet");
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.run(|world| !world.phones[callee].acks.is_empty());

    world.phones[caller].says = vec![(HeaderName::SessionExpires, "90;refresher=uac")];
    world.act(callee, |phone, now| phone.refer(now, "sip:203@pbx.example.com"));
    world.run(|world| world.phones[target].ringing.is_some());
    world.pass(Duration::from_secs(100));
    assert_eq!(world.requests(caller, Method::Update).len(), 2, "every 45 seconds");
    world.phones[caller].manner = Manner::IsDead;
    world.run(is_over);
    world.pass(Duration::from_secs(1));
    assert!(world.phones[target].ringing.is_none(), "nobody rings for a caller who has gone");
}
