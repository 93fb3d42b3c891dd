//! Transfers, as phones make them.

use std::time::Duration;

use lineside_sip::Method;

use super::{is_over, talking};
use crate::world::{
    World,
    phone::{Manner, OFFER},
};

fn notified(world: &World, phone: usize) -> Vec<String> {
    let notifies = world.requests(phone, Method::Notify);
    let lines = notifies.iter().filter_map(|notify| notify.lines().find(|line| line.starts_with("SIP/2.0 ")));
    lines.map(|line| line["SIP/2.0 ".len()..].to_owned()).collect()
}

#[test]
fn either_side_sends_the_other_on() {
    for by_caller in [true, false] {
        let (mut world, caller, callee) = talking();
        let (by, sent) = if by_caller { (caller, callee) } else { (callee, caller) };
        let target = world.registered("203", Manner::Rings);
        world.act(by, |phone, now| phone.refer(now, "sip:203@pbx.example.com"));
        world.run(|world| world.phones[target].ringing.is_some());
        assert_eq!(world.phones[by].result, Some(202));
        let invite = &world.requests(target, Method::Invite)[0];
        let shown = if by_caller { "\"User 2\" <sip:202@" } else { "\"User 1\" <sip:201@" };
        assert!(invite.contains(shown), "the target sees who it will talk to: {invite}");
        world.act(target, |phone, now| phone.answer(now, 200));
        world.run(|world| !world.requests(by, Method::Bye).is_empty());
        assert_eq!(notified(&world, by), ["100 Trying", "200 OK"]);
        assert!(world.requests(sent, Method::Bye).is_empty());
        world.act(target, |phone, now| phone.say(now, Method::Bye, None));
        world.run(|world| !world.requests(sent, Method::Bye).is_empty());
        world.run(is_over);
    }
}

#[test]
fn who_was_put_on_hold_is_taken_up_again() {
    let (mut world, caller, callee) = talking();
    let target = world.registered("203", Manner::Answers);
    let hold = OFFER.replace("a=sendrecv", "a=sendonly");
    world.act(callee, |phone, now| phone.say(now, Method::Invite, Some(&hold)));
    world.run(|world| world.requests(caller, Method::Invite).len() == 1);
    world.run(|world| world.phones[callee].result == Some(200));
    world.act(callee, |phone, now| phone.refer(now, "sip:203@pbx.example.com"));
    world.run(|world| !world.phones[target].acks.is_empty());
    world.run(|world| world.requests(caller, Method::Invite).len() == 2);
    let invites = world.requests(caller, Method::Invite);
    assert!(invites[0].contains("a=sendonly") && invites[1].contains("a=sendrecv"), "{invites:?}");
    let version = |invite: &str| invite.lines().find(|line| line.starts_with("o=")).unwrap().to_owned();
    assert_ne!(version(&invites[0]), version(&invites[1]));
}

#[test]
fn a_call_comes_back_when_the_target_takes_none() {
    let (mut world, caller, callee) = talking();
    world.registered("203", Manner::Refuses(486));
    world.act(callee, |phone, now| phone.refer(now, "sip:203@pbx.example.com"));
    world.run(|world| notified(world, callee).len() == 2);
    assert_eq!(notified(&world, callee), ["100 Trying", "486 Busy Here"]);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.core.open_calls(), 1);
    world.act(callee, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| !world.requests(caller, Method::Bye).is_empty());
    world.run(is_over);
}

#[test]
fn who_is_sent_on_may_hang_up_while_the_target_rings() {
    let (mut world, caller, callee) = talking();
    let target = world.registered("203", Manner::Rings);
    world.act(callee, |phone, now| phone.refer(now, "sip:203@pbx.example.com"));
    world.run(|world| world.phones[target].ringing.is_some());
    world.act(callee, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| world.phones[callee].result == Some(200));
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    world.pass(Duration::from_secs(1));
    assert!(world.phones[target].ringing.is_none());
}

#[test]
fn after_a_question_aside_the_two_are_put_together() {
    put_together(false);
}

#[test]
fn a_phone_that_changes_the_session_itself_is_moved_a_little_later() {
    put_together(true);
}

fn put_together(is_busy: bool) {
    let (mut world, caller, callee) = talking();
    let target = world.registered("203", Manner::Answers);
    // The callee asks 203 in a call of its own.
    let first = world.phones[callee].dialog.take().unwrap();
    assert_eq!(world.call_result(callee, "203"), 200);
    world.run(|world| !world.phones[target].acks.is_empty());
    let replaces = world.phones[callee].replaces().replace(';', "%3B").replace('=', "%3D");
    world.phones[callee].dialog = Some(first);
    if is_busy {
        world.phones[target].refuses = Some((Method::Invite, 491, (lineside_sip::HeaderName::Date, "")));
    }
    world.act(callee, |phone, now| phone.refer(now, &format!("sip:203@pbx.example.com?Replaces={replaces}")));
    world.run(|world| world.requests(callee, Method::Bye).len() == 2);
    assert_eq!(notified(&world, callee), ["100 Trying", "200 OK"]);
    world.run(|world| world.phones[target].acks.len() == 2);
    assert_eq!(world.core.open_calls(), 1);
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| !world.requests(target, Method::Bye).is_empty());
    world.run(is_over);
}

#[test]
fn a_colleague_takes_a_call_over_and_a_stranger_does_not() {
    let (mut world, caller, callee) = talking();
    let colleague = world.registered("203", Manner::Rings);
    world.phones[colleague].takes_place = Some("x;to-tag=guess;from-tag=guess".to_owned());
    assert_eq!(world.call_result(colleague, "202"), 481);
    world.phones[colleague].takes_place = Some(world.phones[callee].replaces());
    assert_eq!(world.call_result(colleague, "202"), 200);
    world.run(|world| !world.requests(callee, Method::Bye).is_empty());
    world.act(colleague, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| !world.requests(caller, Method::Bye).is_empty());
    world.run(is_over);
}

#[test]
fn nobody_transfers_to_what_they_may_not_call() {
    let (mut world, caller, callee) = talking();
    world.act(callee, |phone, now| phone.refer(now, "sip:+442079460000@pbx.example.com"));
    world.run(|world| notified(world, callee).len() == 2);
    assert_eq!(notified(&world, callee)[1], "503 Service Unavailable");
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
}
