//! Voicemail, the mailbox and the other services, as callers reach them.

use std::time::Duration;

use lineside_media::relay::Ended;
use lineside_model::{
    call_report::{AnsweredBy, CallReport, HopReason, MessageLeft},
    directory::{DirectoryMailbox, DirectoryUser},
    extension::Destination,
    forwarding::ForwardingRules,
    id::MessageId,
    question::{Answer, Asks, Message, PinCheck},
};
use lineside_sip::Method;

use super::is_over;
use crate::{
    fixture::{self, with_mailbox},
    world::{
        World,
        phone::{Manner, OFFER},
    },
};

/// 202 has voicemail, and 201 a phone.
fn house() -> (World, usize) {
    let mut world = World::new();
    world.put(with_mailbox(fixture::user(2, "202")));
    world.put(with_mailbox(fixture::user(1, "201")));
    world.office = Box::new(|question| match &question.asks {
        Asks::Greeting => Answer::Greeting(None),
        Asks::Messages => Answer::Messages(vec![message(1), message(2)]),
        Asks::Pin(pin) if pin == "4711" => Answer::Pin(PinCheck::Right),
        Asks::Pin(_) => Answer::Pin(PinCheck::Wrong),
        _ => Answer::Done,
    });
    let caller = world.registered("201", Manner::Rings);
    (world, caller)
}

fn message(n: u128) -> Message {
    Message {
        id: MessageId(uuid::Uuid::from_u128(n)),
        caller: lineside_model::call_report::CallParty { user: None, number: "202".into(), name: "User 2".into() },
        at: chrono::DateTime::UNIX_EPOCH,
        utc_offset_minutes: -420,
        is_new: true,
        duration_ms: 3_000,
        audio: "/nowhere.wav".into(),
    }
}

fn left(world: &World) -> Vec<&MessageLeft> {
    let messages = world.reports.iter().filter_map(|report| match report {
        CallReport::MessageLeft(message) => Some(message),
        _ => None,
    });
    messages.collect()
}

fn asked(world: &World) -> Vec<&Asks> {
    world.questions.iter().map(|question| &question.asks).collect()
}

#[test]
fn voicemail_answers_who_is_not_there_busy_or_silent() {
    for (manner, after) in
        [(None, 0), (Some(Manner::Refuses(486)), 0), (Some(Manner::Rings), 25), (Some(Manner::IsDead), 8)]
    {
        let (mut world, caller) = house();
        if let Some(manner) = manner {
            world.registered("202", manner);
        }
        let begin = world.now.instant;
        assert_eq!(world.call_result(caller, "202"), 200, "{manner:?}");
        assert_eq!((world.now.instant - begin).as_secs(), after, "{manner:?}");
        world.pass(Duration::from_secs(20));
        assert_eq!(world.core.recordings().len(), 1, "the greeting is over and a message is taken");
        world.recorded(7, Ended::Silence);
        let [message] = left(&world)[..] else { panic!("{manner:?}") };
        let message = message.clone();
        assert_eq!((message.user, message.duration_ms), (fixture::user_id(2), 7_000));
        assert_eq!((message.caller.number.as_str(), message.caller.user), ("201", Some(fixture::user_id(1))));
        world.run(is_over);
        let Some(CallReport::Ended(ended)) = world.reports.last() else { panic!() };
        assert_eq!(ended.answered.as_ref().unwrap().by, AnsweredBy::Voicemail(fixture::user_id(2)));
        assert_eq!(message.call, ended.began.call);
    }
}

#[test]
fn a_message_is_kept_when_the_caller_hangs_up_in_it_and_dropped_when_it_is_too_short() {
    for (seconds, kept) in [(30, 1), (1, 0)] {
        let (mut world, caller) = house();
        assert_eq!(world.call_result(caller, "202"), 200);
        world.press("#");
        world.pass(Duration::from_secs(1));
        world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
        world.run(is_over);
        world.recorded(seconds, Ended::HungUp);
        assert_eq!(left(&world).len(), kept);
    }
}

#[test]
fn a_full_mailbox_takes_nothing_and_says_so() {
    let (mut world, caller) = house();
    let mailbox = DirectoryMailbox { enabled: true, full: true, ..DirectoryMailbox::default() };
    world.put(DirectoryUser { mailbox, ..fixture::user(2, "202") });
    assert_eq!(world.call_result(caller, "202"), 200);
    world.run(|world| !world.requests(caller, Method::Bye).is_empty());
    assert!(is_over(&world) && world.core.recordings().is_empty());
}

#[test]
fn star_55_leads_straight_to_the_mailbox() {
    let (mut world, caller) = house();
    let phone = world.registered("202", Manner::Answers);
    assert_eq!(world.call_result(caller, "*55202"), 200);
    assert!(world.requests(phone, Method::Invite).is_empty());
    world.pass(Duration::from_secs(20));
    assert_eq!(world.core.recordings().len(), 1);
}

#[test]
fn messages_are_listened_to_saved_deleted_and_passed_on() {
    let (mut world, caller) = house();
    assert_eq!(world.call_result(caller, "*97"), 200);
    world.press("1");
    world.press("2");
    world.press("3");
    let expected = [
        Asks::Messages,
        Asks::Heard(MessageId(uuid::Uuid::from_u128(2))),
        Asks::Save(MessageId(uuid::Uuid::from_u128(2))),
        Asks::Heard(MessageId(uuid::Uuid::from_u128(1))),
        Asks::Delete(MessageId(uuid::Uuid::from_u128(1))),
    ];
    assert_eq!(asked(&world), expected.iter().collect::<Vec<_>>(), "the oldest first");
    world.press("*");
    world.run(is_over);
    let (mut world, caller) = house();
    assert_eq!(world.call_result(caller, "*97"), 200);
    world.press("15202#");
    let to = fixture::user_id(2);
    let forward = Asks::Forward { message: MessageId(uuid::Uuid::from_u128(2)), to };
    assert!(asked(&world).contains(&&forward));
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
}

#[test]
fn from_elsewhere_the_pin_is_asked_for_and_three_wrong_ones_end_the_call() {
    let (mut world, caller) = house();
    assert_eq!(world.call_result(caller, "*98"), 200);
    world.press("202#");
    world.press("0000#");
    assert!(!asked(&world).contains(&&Asks::Messages));
    world.press("4711#");
    assert!(asked(&world).contains(&&Asks::Messages));
    assert!(world.questions.iter().all(|question| question.user == fixture::user_id(2)));
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);

    let (mut world, caller) = house();
    assert_eq!(world.call_result(caller, "*98299"), 200);
    world.press("299#");
    for _ in 0..3 {
        world.press("1111#");
    }
    world.run(is_over);
    assert!(world.questions.is_empty(), "an unknown extension is asked for its PIN all the same");
}

#[test]
fn the_caller_of_a_message_is_called_back() {
    let (mut world, caller) = house();
    let other = world.registered("202", Manner::Answers);
    assert_eq!(world.call_result(caller, "*97"), 200);
    world.press("14");
    world.run(|world| !world.phones[other].acks.is_empty());
    assert!(!world.requests(other, Method::Invite)[0].contains("m=audio 7000"), "the offer names our relay");
    world.act(other, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| !world.requests(caller, Method::Bye).is_empty());
    world.run(is_over);
}

#[test]
fn a_greeting_is_spoken_heard_and_kept() {
    let (mut world, caller) = house();
    assert_eq!(world.call_result(caller, "*97"), 200);
    world.press("0");
    world.pass(Duration::from_secs(15));
    let path = world.core.recordings().remove(0);
    world.recorded(4, Ended::Stopped);
    world.press("1");
    assert!(asked(&world).contains(&&Asks::RecordGreeting(path)));
    world.press("*");
    world.run(is_over);
}

#[test]
fn nobody_talks_to_an_empty_room_for_ever() {
    for dialled in ["*97", "*98", "*43", "*44"] {
        let (mut world, caller) = house();
        assert_eq!(world.call_result(caller, dialled), 200, "{dialled}");
        if dialled == "*44" {
            world.pass(Duration::from_secs(10));
            world.recorded(10, Ended::Longest);
        }
        world.run(|world| !world.requests(caller, Method::Bye).is_empty());
        assert!(is_over(&world), "{dialled}");
    }
}

#[test]
fn a_test_call_reports_what_it_heard() {
    let (mut world, caller) = house();
    assert_eq!(world.call_result(caller, "*44"), 200);
    world.pass(Duration::from_secs(10));
    world.recorded(3, Ended::Stopped);
    let found = world.reports.iter().find_map(|report| match report {
        CallReport::TestCall(test) => Some(test),
        _ => None,
    });
    let test = found.unwrap();
    assert_eq!((test.user, test.heard, test.answered), (fixture::user_id(1), true, true));
    assert!(test.audio.is_some());
}

#[test]
fn star_codes_change_settings_and_say_whether_they_did() {
    let (mut world, caller) = house();
    assert_eq!(world.call_result(caller, "*72202"), 200);
    world.run(is_over);
    assert_eq!(asked(&world), [&Asks::StarCode("*72202".to_owned())]);
    assert_eq!(world.call_result(caller, "*72"), 484, "without a destination it means nothing");
}

#[test]
fn calls_are_forwarded_in_order_and_circles_are_cut() {
    let (mut world, caller) = house();
    let to = |extension: &str| Destination::parse(extension).ok();
    let rules = ForwardingRules { no_answer: to("203"), busy: to("203"), ..ForwardingRules::default() };
    world.put(DirectoryUser { forwarding: rules, ..fixture::user(2, "202") });
    let back = ForwardingRules { always: to("202"), ..ForwardingRules::default() };
    world.put(DirectoryUser { forwarding: back, ..fixture::user(3, "203") });
    let second = world.registered("202", Manner::Rings);
    let third = world.registered("203", Manner::Answers);
    assert_eq!(world.call_result(caller, "202"), 200);
    let invite = &world.requests(third, Method::Invite)[0];
    assert!(invite.contains("Diversion: <sip:202@pbx.example.com>;reason=no-answer\r\n"), "{invite}");
    assert_eq!(world.requests(second, Method::Cancel).len() + world.requests(second, Method::Invite).len(), 1);
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    let Some(CallReport::Ended(ended)) = world.reports.last() else { panic!() };
    let hops: Vec<HopReason> = ended.hops.iter().map(|hop| hop.reason).collect();
    assert_eq!(hops, [HopReason::NoAnswer]);
}

#[test]
fn without_the_feature_there_is_no_voicemail_and_no_way_out() {
    let (mut world, caller) = house();
    let mut user = with_mailbox(fixture::user(2, "202"));
    user.rights.voicemail = false;
    world.put(user);
    assert_eq!(world.call_result(caller, "*55202"), 480);
    let mut user = fixture::user(1, "201");
    user.rights.external_calls = false;
    world.put(user);
    assert_eq!(world.call_result(caller, "+16025550199"), 403);
    assert!(world.phones[caller].statuses().contains(&183), "the caller is told why");
}

#[test]
fn a_phone_on_hold_with_voicemail_gets_an_answer() {
    let (mut world, caller) = house();
    assert_eq!(world.call_result(caller, "*43"), 200);
    let hold = OFFER.replace("sendrecv", "sendonly");
    world.pass(Duration::from_secs(1));
    world.act(caller, |phone, now| phone.say(now, Method::Invite, Some(&hold)));
    world.run(|world| world.phones[caller].result.is_some());
    let answer = world.phones[caller].responses.last().unwrap();
    let body = String::from_utf8_lossy(answer.body());
    assert!(answer.status() == 200 && body.contains("a=recvonly"), "{body}");
    world.act(caller, |phone, now| phone.say(now, Method::Info, Some("Signal=#\r\nDuration=160\r\n")));
    world.run(is_over);
}

#[test]
fn a_caller_that_leaves_the_offer_to_us_is_spoken_to_after_its_answer() {
    let (mut world, caller) = house();
    world.act(caller, |phone, now| phone.call(now, "202", None));
    world.run(|world| world.phones[caller].result.is_some());
    let offer = String::from_utf8_lossy(world.phones[caller].responses.last().unwrap().body()).into_owned();
    assert!(offer.contains("RTP/AVP 0 8 9 111 101"), "{offer}");
    world.pass(Duration::from_secs(20));
    assert_eq!(world.core.recordings().len(), 1);
}
