//! Calls between phones, in virtual time.

mod early;
mod leak;
mod record;
mod replace;
mod session;
mod sign;
mod transfer;
mod voicemail;

use std::time::Duration;

use lineside_model::{
    call_report::{CallOutcome, CallReport, EndedBy},
    extension::{Destination, Extension},
};
use lineside_sip::Method;

use crate::{
    fixture,
    world::{
        World,
        phone::{Manner, OFFER},
    },
};

/// A world in which 201 and 202 talk.
fn talking() -> (World, usize, usize) {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    assert_eq!(world.call_result(caller, "202"), 200);
    world.run(|world| !world.phones[callee].acks.is_empty());
    (world, caller, callee)
}

fn is_over(world: &World) -> bool {
    world.core.open_calls() == 0
}

#[test]
fn the_callee_sees_who_calls_and_is_asked_by_its_own_contact() {
    let (world, _, callee) = talking();
    let invite = &world.requests(callee, Method::Invite)[0];
    assert!(invite.starts_with(&format!("INVITE {} SIP/2.0", world.phones[callee].contact())), "{invite}");
    assert!(invite.contains("From: \"User 1\" <sip:201@pbx.example.com>;tag="), "{invite}");
    assert!(!invite.contains("Mallory"), "{invite}");
}

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
fn the_caller_hears_of_ringing_and_the_answer() {
    let (world, caller, _) = talking();
    assert_eq!(world.phones[caller].statuses(), [180, 200]);
}

#[test]
fn either_side_hangs_up() {
    for by_caller in [true, false] {
        let (mut world, caller, callee) = talking();
        let (by, other) = if by_caller { (caller, callee) } else { (callee, caller) };
        world.act(by, |phone, now| phone.say(now, Method::Bye, None));
        world.run(|world| !world.requests(other, Method::Bye).is_empty());
        assert_eq!(world.phones[by].result, Some(200));
        assert!(is_over(&world));
    }
}

#[test]
fn crossed_byes_are_both_answered() {
    let (mut world, caller, callee) = talking();
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.act(callee, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| [caller, callee].iter().all(|phone| world.phones[*phone].result.is_some()));
    assert_eq!([caller, callee].map(|phone| world.phones[phone].result), [Some(200), Some(200)]);
    assert!(is_over(&world));
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
    world.act(caller, crate::world::phone::Phone::cancel);
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
fn a_caller_that_never_acknowledges_loses_the_call() {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    world.phones[caller].forgets_ack = true;
    world.call(caller, "202");
    world.pass(Duration::from_secs(31));
    let answers = world.phones[caller].statuses().iter().filter(|status| **status == 200).count();
    assert!(answers > 5, "the 2xx was repeated: {answers}");
    world.run(is_over);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.requests(callee, Method::Bye).len(), 1);
}

#[test]
fn a_callee_that_hangs_up_before_the_ack_waits_for_it() {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    world.phones[caller].forgets_ack = true;
    assert_eq!(world.call_result(caller, "202"), 200);
    world.act(callee, |phone, now| phone.say(now, Method::Bye, None));
    world.pass(Duration::from_secs(1));
    assert!(world.requests(caller, Method::Bye).is_empty());
    world.phones[caller].forgets_ack = false;
    world.run(|world| !world.requests(caller, Method::Bye).is_empty());
    assert!(is_over(&world));
}

#[test]
fn a_phone_that_lost_its_power_does_not_keep_the_call_for_ever() {
    let (mut world, caller, callee) = talking();
    world.pass(Duration::from_mins(30));
    assert_eq!(world.core.open_calls(), 1, "silent phones are asked, and answer");
    assert!(!world.requests(callee, Method::Options).is_empty());
    world.phones[callee].manner = Manner::IsDead;
    world.run(is_over);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.requests(caller, Method::Bye).len(), 1);
}

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
fn a_dead_phone_does_not_hide_that_the_other_is_busy() {
    let mut world = World::new();
    let caller = world.registered("201", Manner::Rings);
    world.registered("202", Manner::IsDead);
    world.registered("202", Manner::Refuses(486));
    let begin = world.now.instant;
    assert_eq!(world.call_result(caller, "202"), 486);
    assert!(world.now.instant - begin < Duration::from_secs(10));
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

#[test]
fn requests_of_no_call_are_told_so() {
    let (mut world, caller, _) = talking();
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    world.pass(Duration::from_mins(1));
    world.act(caller, |phone, now| phone.say(now, Method::Info, Some("Signal=1")));
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(481));
}

#[test]
fn what_happens_to_a_call_is_told_in_its_order() {
    let (mut world, caller, _) = talking();
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    let reports = &world.reports;
    let [CallReport::Began(began), CallReport::Answered(answered), CallReport::Ended(ended)] = &reports[..] else {
        panic!("{reports:?}")
    };
    assert_eq!((began.caller.number.as_str(), began.dialled.as_str()), ("201", "202"));
    assert_eq!(began.callee.as_ref().and_then(|callee| callee.user), Some(fixture::user_id(2)));
    assert_eq!(answered.call, began.call);
    assert_eq!((ended.outcome, ended.ended_by), (CallOutcome::Answered, EndedBy::Caller));
    assert_eq!(ended.began, *began);
}

#[test]
fn an_administrator_ends_a_call() {
    let (mut world, caller, callee) = talking();
    let CallReport::Began(began) = &world.reports[0] else { panic!() };
    let call = began.call;
    world.core.hang_up(world.now, call);
    world.run(is_over);
    world.pass(Duration::from_secs(1));
    assert_eq!([caller, callee].map(|phone| world.requests(phone, Method::Bye).len()), [1, 1]);
}

#[test]
fn a_call_ends_with_its_ladder_and_no_credentials_in_it() {
    let (mut world, caller, _) = talking();
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    let Some(CallReport::Ended(ended)) = world.reports.last() else { panic!() };
    let steps = ended.ladder.steps();
    let told: Vec<_> = steps.iter().map(|step| (step.leg, step.received, step.title.as_str())).collect();
    let expected = [
        (0, true, "INVITE"),
        (1, false, "INVITE"),
        (1, true, "180 Ringing"),
        (0, false, "180 Ringing"),
        (1, true, "200 OK"),
        (0, false, "200 OK"),
        (0, true, "BYE"),
        (0, false, "200 OK"),
    ];
    assert_eq!(told, expected);
    assert!(steps.iter().all(|step| !step.text.contains("Digest")));
}
