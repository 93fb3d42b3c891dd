//! What is said before the answer: reliable responses (RFC 3262), and changes before the answer (RFC 3311).

use std::time::Duration;

use lineside_sip::{HeaderName, Message, Method};

use super::is_over;
use crate::{
    fixture,
    world::{
        World,
        phone::{Manner, OFFER},
    },
};

const RELIABLE: (HeaderName, &str) = (HeaderName::Supported, "100rel");
const MUST_BE_RELIABLE: (HeaderName, &str) = (HeaderName::Require, "100rel");

/// A caller that says something of reliable responses, and a callee that rings.
fn ringing(caller_says: &[(HeaderName, &'static str)]) -> (World, usize, usize) {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Rings));
    world.phones[caller].says = caller_says.to_vec();
    world.call(caller, "202");
    world.run(|world| world.phones[caller].statuses().contains(&180) || world.phones[callee].ringing.is_some());
    world.pass(Duration::from_millis(100));
    (world, caller, callee)
}

fn told(world: &World, phone: usize, status: u16) -> Vec<&Message> {
    world.phones[phone].responses.iter().filter(|response| response.status() == status).collect()
}

fn rseq(response: &Message) -> u32 {
    let value = response.header(HeaderName::RSeq).expect("reliable");
    str::from_utf8(value).unwrap().parse().unwrap()
}

fn bodies(responses: &[&Message]) -> Vec<String> {
    responses.iter().map(|response| String::from_utf8_lossy(response.body()).into_owned()).collect()
}

#[test]
fn who_insists_is_told_everything_reliably_and_who_can_only_what_matters() {
    let (mut world, caller, callee) = ringing(&[MUST_BE_RELIABLE]);
    let first = rseq(told(&world, caller, 180)[0]);
    assert!((1..1 << 31).contains(&first));
    world.act(callee, |phone, now| phone.progress(now, 183, None));
    world.pass(Duration::from_secs(1));
    assert_eq!(rseq(told(&world, caller, 183)[0]), first + 1);
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.run(|world| world.phones[caller].result.is_some());
    let answer = bodies(&told(&world, caller, 200)).pop().unwrap();
    assert!(answer.contains("m=audio"), "{answer}");
    assert_eq!(bodies(&told(&world, caller, 183)), [answer], "there is one answer");

    let (mut world, caller, callee) = ringing(&[RELIABLE]);
    assert_eq!(told(&world, caller, 180)[0].header(HeaderName::RSeq), None);
    world.act(callee, |phone, now| phone.progress(now, 183, None));
    world.pass(Duration::from_secs(1));
    rseq(told(&world, caller, 183)[0]);
    world.act(callee, |phone, now| phone.answer(now, 486));
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(486));
    world.run(is_over);
}

#[test]
fn the_answer_waits_for_the_prack_and_then_comes_or_goes() {
    for is_late in [true, false] {
        let (mut world, caller, callee) = ringing(&[RELIABLE]);
        world.phones[caller].forgets_prack = true;
        world.act(callee, |phone, now| phone.progress(now, 183, None));
        world.act(callee, |phone, now| phone.answer(now, 200));
        world.pass(Duration::from_secs(10));
        assert_eq!(world.phones[caller].result, None);
        assert_eq!(told(&world, caller, 183).len(), 5, "it is repeated");
        if is_late {
            world.phones[caller].forgets_prack = false;
            world.run(|world| world.phones[caller].result.is_some());
            assert_eq!(world.phones[caller].result, Some(200));
            world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
        } else {
            world.run(|world| world.phones[caller].result.is_some());
            assert_eq!(world.phones[caller].result, Some(504));
        }
        world.run(|world| is_over(world) && !world.requests(callee, Method::Bye).is_empty());
        world.pass(Duration::from_hours(2));
        assert_eq!(world.core.left_over(), Vec::<String>::new());
    }
}

#[test]
fn a_call_may_be_taken_back_while_its_answer_waits() {
    let (mut world, caller, callee) = ringing(&[RELIABLE]);
    world.phones[caller].forgets_prack = true;
    world.act(callee, |phone, now| phone.progress(now, 183, None));
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.pass(Duration::from_secs(1));
    world.act(caller, crate::world::phone::Phone::cancel);
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(487));
    world.run(|world| is_over(world) && !world.requests(callee, Method::Bye).is_empty());
    world.pass(Duration::from_hours(2));
    assert_eq!(world.core.left_over(), Vec::<String>::new());
}

#[test]
fn nobody_answers_what_nobody_acknowledges() {
    let (mut world, caller, callee) = ringing(&[MUST_BE_RELIABLE]);
    world.act(caller, crate::world::phone::Phone::cancel);
    world.run(is_over);
    world.pass(Duration::from_mins(1));
    let mut user = fixture::user(2, "202");
    user.forwarding.ring_seconds = 60;
    world.put(user);
    world.phones[caller].forgets_prack = true;
    world.call(caller, "202");
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(504));
    world.pass(Duration::from_secs(1));
    assert!(world.phones[callee].ringing.is_none(), "the callee stops ringing");
    world.run(is_over);
}

#[test]
fn a_prack_for_nothing_is_told_so() {
    let (mut world, caller, _) = ringing(&[MUST_BE_RELIABLE]);
    world.act(caller, |phone, now| {
        let prack = phone.dialog.as_mut().unwrap().request(Method::Prack).header(HeaderName::RAck, "1 1 INVITE");
        phone.request(now, &prack);
    });
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(481));
}

#[test]
fn reliable_responses_of_a_phone_are_acknowledged_in_order_and_once() {
    let (mut world, caller, callee) = ringing(&[]);
    assert!(world.requests(callee, Method::Invite)[0].contains("Supported: 100rel, replaces, timer\r\n"));
    for (number, pracks) in [(5, 1), (5, 1), (7, 1), (6, 2), (7, 3)] {
        world.act(callee, |phone, now| phone.progress(now, 183, Some(number)));
        world.pass(Duration::from_millis(400));
        assert_eq!(world.requests(callee, Method::Prack).len(), pracks, "after {number}");
    }
    let pracks = world.requests(callee, Method::Prack);
    for (prack, number) in pracks.iter().zip([5, 6, 7]) {
        assert!(prack.contains(&format!("RAck: {number} 1 INVITE\r\n")), "{prack}");
    }
    // The answer was in the 183; the 200 need not repeat it.
    world.phones[callee].speaks = String::new();
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.run(|world| world.phones[caller].result.is_some());
    assert!(bodies(&told(&world, caller, 200))[0].contains("m=audio"));
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| !world.requests(callee, Method::Bye).is_empty());
    let bye = &world.requests(callee, Method::Bye)[0];
    assert!(bye.contains("CSeq: 5 BYE"), "the dialog goes on where it began: {bye}");
    world.run(is_over);
}

#[test]
fn several_early_dialogs_of_one_branch_each_have_their_own_numbers() {
    let (mut world, caller, callee) = ringing(&[]);
    let progress = |world: &mut World, tag: &str, rseq: u32| {
        world.act(callee, |phone, _| {
            let (_, invite) = phone.ringing.clone().unwrap();
            let contact = format!("<{}>", phone.contact());
            let response = lineside_sip::Response::new(&invite, 183)
                .header(HeaderName::Contact, contact)
                .header(HeaderName::Require, "100rel")
                .header(HeaderName::RSeq, rseq.to_string())
                .to_tag(tag)
                .body("application/sdp", OFFER);
            let flow = phone.flow;
            phone.endpoint.send(flow, response.into_bytes());
        });
        world.pass(Duration::from_millis(100));
    };
    progress(&mut world, "fork1", 100);
    progress(&mut world, "fork2", 3);
    progress(&mut world, "fork1", 101);
    progress(&mut world, "fork2", 9);
    let pracks = world.requests(callee, Method::Prack);
    let to: Vec<bool> = pracks.iter().map(|prack| prack.contains(";tag=fork1")).collect();
    assert_eq!(to, [true, false, true]);
    // It is the phone's own dialog, a third one, that answers.
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.run(|world| world.phones[caller].result.is_some());
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| !world.requests(callee, Method::Bye).is_empty());
    let bye = &world.requests(callee, Method::Bye)[0];
    assert!(!bye.contains("tag=fork"), "{bye}");
    world.run(is_over);
    world.pass(Duration::from_hours(2));
    assert_eq!(world.core.left_over(), Vec::<String>::new());
}

#[test]
fn the_session_may_change_before_the_answer_once_it_was_agreed() {
    let held = OFFER.replace("sendrecv", "sendonly");
    let (mut world, caller, callee) = ringing(&[RELIABLE]);
    world.act(callee, |phone, now| phone.progress(now, 183, Some(1)));
    world.pass(Duration::from_secs(1));
    for phone in [caller, callee] {
        world.act(phone, |phone, now| phone.say(now, Method::Update, Some(&held)));
        world.run(|world| world.phones[phone].result.is_some());
        assert_eq!(world.phones[phone].result, Some(200));
        let answer = bodies(&[world.phones[phone].responses.last().unwrap()]).remove(0);
        assert!(answer.contains("a=recvonly") && answer.contains("c=IN IP4 127.0.0.1"), "{answer}");
    }
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.run(|world| !world.phones[callee].acks.is_empty() && world.phones[caller].acks.is_empty());
    world.act(callee, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);

    let (mut world, caller, callee) = ringing(&[]);
    world.act(caller, |phone, now| phone.say_early(now, Method::Update, &held));
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(500), "not while the first offer has no answer");
    assert!(world.phones[caller].responses.last().unwrap().header(HeaderName::RetryAfter).is_some());
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.run(|world| !world.phones[callee].acks.is_empty());
}

#[test]
fn an_extension_that_nobody_knows_is_refused_by_name() {
    let (mut world, caller, _) = ringing(&[]);
    world.phones[caller].says = vec![(HeaderName::Require, "100rel, precondition, nothing")];
    assert_eq!(world.call_result(caller, "202"), 420);
    let refused = world.phones[caller].responses.last().unwrap();
    assert_eq!(refused.header(HeaderName::Unsupported), Some(&b"precondition, nothing"[..]));
}

#[test]
fn early_media_and_its_prack_survive_a_bad_network() {
    for seed in 0..30 {
        let mut world = World::in_bad_weather(seed);
        let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Rings));
        world.phones[caller].says = vec![RELIABLE];
        world.call(caller, "202");
        world.run(|world| world.phones[callee].ringing.is_some());
        world.act(callee, |phone, now| phone.progress(now, 183, Some(1)));
        world.pass(Duration::from_secs(2));
        world.act(callee, |phone, now| phone.answer(now, 200));
        world.run(|world| world.phones[caller].result.is_some());
        assert_eq!(world.phones[caller].result, Some(200), "seed {seed}");
        world.pass(Duration::from_secs(10));
        world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
        world.pass(Duration::from_hours(2));
        assert_eq!(world.core.left_over(), Vec::<String>::new(), "seed {seed}");
    }
}
