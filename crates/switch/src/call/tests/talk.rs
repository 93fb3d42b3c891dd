//! What goes from leg to leg while two talk.

use std::time::Duration;

use lineside_sip::Method;

use super::{is_over, talking};
use crate::world::{
    World,
    phone::{Manner, OFFER},
};

#[test]
fn media_goes_through_the_relay_on_both_legs() {
    let (world, caller, callee) = talking();
    let invite = &world.requests(callee, Method::Invite)[0];
    let answer = String::from_utf8_lossy(world.phones[caller].responses.last().unwrap().body()).into_owned();
    for description in [&**invite, &answer] {
        assert!(description.contains("c=IN IP4 127.0.0.1\r\n"), "{description}");
        assert!(!description.contains("m=audio 7000") && description.contains("a=sendrecv"), "{description}");
    }
}

#[test]
fn hold_and_resume_pass_through_with_their_direction() {
    for by_caller in [true, false] {
        let (mut world, caller, callee) = talking();
        let (by, other) = if by_caller { (caller, callee) } else { (callee, caller) };
        for direction in ["sendonly", "sendrecv"] {
            let offer = OFFER.replace("sendrecv", direction);
            let before = world.requests(other, Method::Invite).len();
            world.act(by, |phone, now| phone.say(now, Method::Invite, Some(&offer)));
            world.run(|world| world.phones[by].result.is_some());
            assert_eq!(world.phones[by].result, Some(200));
            let invite = &world.requests(other, Method::Invite)[before];
            assert!(invite.contains(&format!("a={direction}")) && !invite.contains("m=audio 7000"), "{invite}");
            world.pass(Duration::from_secs(1));
        }
        world.act(other, |phone, now| phone.say(now, Method::Bye, None));
        world.run(is_over);
    }
}

#[test]
fn changes_that_cross_are_both_told_to_try_again() {
    let (mut world, caller, callee) = talking();
    for phone in [caller, callee] {
        world.act(phone, |phone, now| phone.say(now, Method::Invite, Some(OFFER)));
    }
    world.run(|world| [caller, callee].iter().all(|phone| world.phones[*phone].result.is_some()));
    let results = [caller, callee].map(|phone| world.phones[phone].result);
    assert!(results.contains(&Some(491)), "{results:?}");
    world.pass(Duration::from_secs(3));
    world.act(callee, |phone, now| phone.say(now, Method::Invite, Some(OFFER)));
    world.run(|world| world.phones[callee].result.is_some());
    assert_eq!(world.phones[callee].result, Some(200), "afterwards it works again");
}

#[test]
fn digits_and_updates_reach_the_other_side() {
    let (mut world, caller, callee) = talking();
    world.act(caller, |phone, now| phone.say(now, Method::Info, Some("Signal=5\r\n")));
    world.run(|world| world.phones[caller].result.is_some());
    assert!(world.requests(callee, Method::Info)[0].ends_with("Signal=5\r\n"));
    world.act(callee, |phone, now| phone.say(now, Method::Update, Some(OFFER)));
    world.run(|world| world.phones[callee].result.is_some());
    assert!(!world.requests(caller, Method::Update)[0].contains("m=audio 7000"));
    world.act(caller, |phone, now| phone.say(now, Method::Options, None));
    world.run(|world| world.phones[caller].result == Some(200));
    assert!(world.requests(callee, Method::Options).is_empty(), "answered by the switch");
}

#[test]
fn a_call_without_an_offer_gets_its_answer_with_the_ack() {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    world.act(caller, |phone, now| phone.call(now, "202", None));
    world.run(|world| world.phones[caller].result.is_some());
    world.run(|world| !world.phones[callee].acks.is_empty());
    let offer = world.phones[caller].responses.last().unwrap();
    assert!(!offer.body().is_empty());
}

#[test]
fn a_forged_answer_is_not_acknowledged() {
    let mut world = World::new();
    let forged = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=guess\r\n\
        To: <sip:c@d>;tag=e\r\nCall-ID: f\r\nCSeq: 1 INVITE\r\nContact: <sip:victim@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";
    let phone = world.phone("201", Manner::Rings);
    world.act(phone, |phone, _| {
        let flow = phone.flow;
        phone.endpoint.send(flow, forged.into());
    });
    world.pass(Duration::from_mins(1));
    assert!(world.phones[phone].acks.is_empty() && world.phones[phone].requests.is_empty());
}

#[test]
fn calls_survive_a_bad_network_and_leave_nothing_behind() {
    for seed in 0..40 {
        let mut world = World::in_bad_weather(seed);
        let caller = world.registered("201", Manner::Rings);
        let callee = world.registered("202", Manner::Answers);
        assert_eq!(world.call_result(caller, "202"), 200, "seed {seed}");
        world.run(|world| !world.phones[callee].acks.is_empty());
        let hold = OFFER.replace("sendrecv", "sendonly");
        world.pass(Duration::from_secs(10));
        world.act(caller, |phone, now| phone.say(now, Method::Invite, Some(&hold)));
        world.run(|world| world.phones[caller].result.is_some());
        assert_eq!(world.phones[caller].result, Some(200), "seed {seed}");
        world.act(callee, |phone, now| phone.say(now, Method::Bye, None));
        world.run(is_over);
        world.pass(Duration::from_mins(1));
        assert!(!world.requests(caller, Method::Bye).is_empty(), "seed {seed}");
        assert_eq!(world.core.transactions(), 0, "seed {seed}");
    }
}
