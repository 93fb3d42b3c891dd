//! Calls that change hands while they ring.

use std::time::Duration;

use lineside_model::call_report::CallReport;
use lineside_sip::Method;

use super::{is_over, talking};
use crate::{
    fixture,
    world::{
        World,
        phone::{Manner, OFFER},
    },
};

/// 201 calls 202, which rings, and 203 watches 202's lamp.
fn ringing(offer: Option<&str>) -> (World, [usize; 3]) {
    let mut world = World::new();
    let [caller, callee, colleague] = ["201", "202", "203"].map(|extension| world.registered(extension, Manner::Rings));
    world.act(colleague, |phone, now| phone.subscribe(now, "dialog", "202", 3600));
    world.run(|world| world.phones[colleague].result == Some(200));
    world.act(caller, |phone, now| phone.call(now, "202", offer));
    world.run(|world| world.phones[callee].ringing.is_some());
    world.pass(Duration::from_secs(1));
    (world, [caller, callee, colleague])
}

/// The call that the lamp shows, as the phone that picks it up names it.
fn lamp(world: &World, phone: usize) -> Option<String> {
    let notify = world.requests(phone, Method::Notify).last()?.to_string();
    let value = |name: &str| {
        let start = notify.find(&format!("{name}=\""))? + name.len() + 2;
        Some(notify[start..].split('"').next()?.to_owned())
    };
    let (call_id, local, remote) = (value("call-id")?, value("local-tag")?, value("remote-tag")?);
    Some(format!("{call_id};to-tag={local};from-tag={remote};early-only"))
}

fn ends_cleanly(world: &mut World, by: usize, other: usize) {
    world.pass(Duration::from_secs(5));
    assert_eq!(world.core.open_calls(), 1);
    world.act(by, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| !world.requests(other, Method::Bye).is_empty());
    world.run(is_over);
    world.pass(Duration::from_hours(2));
    assert_eq!(world.core.left_over(), Vec::<String>::new());
}

#[test]
fn a_colleague_picks_up_by_the_lamp_what_rings_elsewhere() {
    for offer in [Some(OFFER), None] {
        let (mut world, [caller, callee, colleague]) = ringing(offer);
        world.phones[colleague].takes_place = lamp(&world, colleague);
        assert_eq!(world.call_result(colleague, "202"), 200);
        world.run(|world| world.phones[caller].result.is_some() && world.phones[callee].ringing.is_none());
        assert_eq!(world.phones[caller].result, Some(200));
        assert!(world.requests(callee, Method::Bye).is_empty(), "it was cancelled, not hung up on");
        let answered = world.reports.iter().find_map(|report| match report {
            CallReport::Answered(answered) => Some(&answered.by),
            _ => None,
        });
        let by = format!("{answered:?}");
        assert!(by.contains("\"203\""), "{by}");
        ends_cleanly(&mut world, colleague, caller);
    }
}

#[test]
fn a_lamp_names_a_call_only_while_it_rings_and_opens_nothing_else() {
    let (mut world, [caller, callee, colleague]) = ringing(Some(OFFER));
    let name = lamp(&world, colleague).unwrap();
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.run(|world| world.phones[caller].result.is_some());
    world.pass(Duration::from_secs(1));
    assert_eq!(lamp(&world, colleague), None);
    world.phones[colleague].takes_place = Some(name);
    assert_eq!(world.call_result(colleague, "202"), 486, "it was answered meanwhile");
    ends_cleanly(&mut world, callee, caller);
    assert_eq!(world.call_result(colleague, "202"), 481, "and is gone");
}

#[test]
fn a_code_picks_up_what_rings_and_says_when_nothing_does() {
    let (mut world, [caller, callee, colleague]) = ringing(Some(OFFER));
    assert_eq!(world.call_result(colleague, "**201"), 480);
    assert_eq!(world.call_result(colleague, "**299"), 404);
    assert_eq!(world.call_result(colleague, "**202"), 200);
    world.run(|world| world.phones[callee].ringing.is_none());
    ends_cleanly(&mut world, caller, colleague);
}

#[test]
fn another_account_picks_nothing_up() {
    let (mut world, [caller, callee, colleague]) = ringing(Some(OFFER));
    let name = lamp(&world, colleague);
    let mut stranger = fixture::user(3, "203");
    stranger.account_id = lineside_model::id::AccountId(uuid::Uuid::from_u128(99));
    world.put(stranger);
    world.phones[colleague].takes_place = name;
    assert_eq!(world.call_result(colleague, "202"), 481);
    assert!(world.phones[callee].ringing.is_some());
    world.phones[colleague].takes_place = None;
    assert_eq!(world.call_result(colleague, "**202"), 404);
    // Nor does who calls take its own call over.
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.run(|world| world.phones[caller].result.is_some());
    ends_cleanly(&mut world, caller, callee);
}

#[test]
fn who_calls_is_not_replaced_before_the_answer() {
    let (mut world, [caller, callee, colleague]) = ringing(Some(OFFER));
    let tag = String::from_utf8_lossy(world.phones[caller].responses.last().unwrap().to_tag()).into_owned();
    world.phones[colleague].takes_place = Some(format!("x;to-tag={tag};from-tag=y"));
    assert_eq!(world.call_result(colleague, "202"), 481);
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.run(|world| world.phones[caller].result.is_some());
    ends_cleanly(&mut world, caller, callee);
}

/// 202 talks with 201, rings 203 aside, and sends 201 there before anybody answers.
fn sent_on_early(by_callee: bool) -> (World, [usize; 3]) {
    let (mut world, caller, callee) = talking();
    let target = world.registered("203", Manner::Rings);
    let (by, sent) = if by_callee { (callee, caller) } else { (caller, callee) };
    let first = world.phones[by].dialog.take().unwrap();
    world.call(by, "203");
    world.run(|world| world.phones[target].ringing.is_some() && world.phones[by].statuses().contains(&180));
    let ringing = lineside_sip::Dialog::uac(world.phones[by].responses.last().unwrap()).unwrap();
    world.phones[by].dialog = Some(ringing);
    let replaces = world.phones[by].replaces().replace(';', "%3B").replace('=', "%3D");
    world.phones[by].dialog = Some(first);
    world.act(by, |phone, now| phone.refer(now, &format!("sip:203@pbx.example.com?Replaces={replaces}")));
    world.run(|world| world.phones[by].statuses().contains(&202));
    world.pass(Duration::from_secs(1));
    assert!(world.phones[by].statuses().contains(&487), "its own INVITE is over");
    assert!(world.phones[target].ringing.is_some());
    (world, [by, sent, target])
}

#[test]
fn a_call_is_sent_to_who_has_been_rung_before_they_answer() {
    for by_callee in [true, false] {
        let (mut world, [by, sent, target]) = sent_on_early(by_callee);
        world.act(target, |phone, now| phone.answer(now, 200));
        world.run(|world| !world.requests(by, Method::Bye).is_empty());
        let notifies = world.requests(by, Method::Notify);
        assert!(notifies.last().unwrap().contains("SIP/2.0 200 OK"), "{}", notifies.last().unwrap());
        let moved = world.requests(sent, Method::Invite);
        assert!(moved.last().unwrap().contains("m=audio"), "its sound goes to the other call: {moved:?}");
        ends_cleanly(&mut world, target, sent);
    }
}

#[test]
fn it_comes_back_when_who_was_rung_declines() {
    let (mut world, [by, sent, target]) = sent_on_early(true);
    world.act(target, |phone, now| phone.answer(now, 603));
    world.run(|world| world.requests(by, Method::Notify).len() == 2);
    assert!(world.requests(by, Method::Notify)[1].contains("SIP/2.0 603"));
    world.pass(Duration::from_secs(3));
    assert!(!world.requests(by, Method::Invite).is_empty(), "its sound goes to where the other one is");
    ends_cleanly(&mut world, by, sent);
}
