//! NOTIFY as the phones see it, in virtual time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use lineside_sip::Method;

use super::*;
use crate::{
    fixture,
    world::{World, phone::Manner},
};

type Heard = Arc<Mutex<Option<Vec<NoticeAnswer>>>>;

fn notify(world: &mut World, n: u8, body: Option<(String, Bytes)>) -> Heard {
    let heard = Heard::default();
    let sink = heard.clone();
    let report: Report = Box::new(move |answers| *sink.lock().unwrap() = Some(answers));
    let event = "check-sync;reboot=false".to_owned();
    world.core.notify(world.now, Notice { line_id: fixture::line_id(n), event, body, report });
    heard
}

fn answers(world: &mut World, heard: &Heard) -> Vec<NoticeAnswer> {
    world.run(|_| heard.lock().unwrap().is_some());
    heard.lock().unwrap().take().unwrap()
}

fn said(status: u16, reason: &str) -> NoticeAnswer {
    NoticeAnswer::Said { status, reason: reason.to_owned() }
}

#[test]
fn a_registered_phone_is_asked_at_its_contact_and_its_answer_is_told() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Rings);
    let heard = notify(&mut world, 1, None);
    assert_eq!(answers(&mut world, &heard), [said(200, "OK")]);
    let [request] = world.requests(phone, Method::Notify).try_into().unwrap();
    let contact = world.phones[phone].contact();
    for line in [
        &*format!("NOTIFY {contact} SIP/2.0"),
        "Event: check-sync;reboot=false",
        "Subscription-State: terminated",
        "To: <sip:line201@pbx.example.com>",
        "From: <sip:line201@pbx.example.com>;tag=",
        "Contact: <sip:127.0.0.1:5060>",
        "Content-Length: 0",
    ] {
        assert!(request.lines().any(|sent| sent.starts_with(line)), "{line} is missing in {request}");
    }
}

#[test]
fn a_body_goes_with_its_media_type() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Rings);
    let body =
        Some(("application/simple-message-summary".to_owned(), Bytes::from_static(b"Messages-Waiting: yes\r\n")));
    let heard = notify(&mut world, 1, body);
    answers(&mut world, &heard);
    let [request] = world.requests(phone, Method::Notify).try_into().unwrap();
    assert!(request.contains("Content-Type: application/simple-message-summary\r\n"));
    assert!(request.ends_with("\r\n\r\nMessages-Waiting: yes\r\n"));
}

#[test]
fn every_contact_is_asked_and_each_answer_told() {
    let mut world = World::new();
    let phones = [Manner::Rings, Manner::Refuses(481)].map(|manner| world.registered("201", manner));
    world.registered("202", Manner::Rings);
    let heard = notify(&mut world, 1, None);
    let answers = answers(&mut world, &heard);
    assert_eq!(answers.len(), 2);
    assert!(
        answers.contains(&said(200, "OK"))
            && answers.iter().any(|answer| { matches!(answer, NoticeAnswer::Said { status: 481, .. }) })
    );
    assert_eq!(phones.map(|phone| world.requests(phone, Method::Notify).len()), [1, 1]);
    assert!(world.requests(2, Method::Notify).is_empty(), "another line's phone hears nothing");
}

#[test]
fn nobody_registered_is_told_at_once() {
    let mut world = World::new();
    let heard = notify(&mut world, 1, None);
    assert_eq!(heard.lock().unwrap().take(), Some(Vec::new()));
}

#[test]
fn a_phone_that_is_gone_is_told_after_the_last_try() {
    let mut world = World::new();
    world.registered("201", Manner::IsDead);
    let heard = notify(&mut world, 1, None);
    world.pass(Duration::from_secs(31));
    assert_eq!(*heard.lock().unwrap(), None);
    assert_eq!(answers(&mut world, &heard), [NoticeAnswer::Silence]);
    assert_eq!(world.core.transactions(), 0, "nothing is kept of it");
}

#[test]
fn a_bad_network_delays_and_changes_nothing() {
    for seed in 0..20 {
        let mut world = World::in_bad_weather(seed);
        let phone = world.registered("201", Manner::Rings);
        let heard = notify(&mut world, 1, None);
        assert_eq!(answers(&mut world, &heard), [said(200, "OK")], "seed {seed}");
        assert_eq!(world.requests(phone, Method::Notify).len(), 1, "asked once, whatever arrives twice");
    }
}

#[test]
fn calls_go_on_meanwhile() {
    let mut world = World::new();
    let caller = world.registered("201", Manner::Rings);
    world.registered("202", Manner::Answers);
    let heard = notify(&mut world, 2, None);
    assert_eq!(world.call_result(caller, "202"), 200);
    assert_eq!(answers(&mut world, &heard), [said(200, "OK")]);
}
