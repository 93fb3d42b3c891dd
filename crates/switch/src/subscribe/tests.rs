//! Lamps as the phones see them, in virtual time.

use std::time::Duration;

use lineside_model::directory::DirectoryMailbox;
use lineside_sip::Method;

use super::*;
use crate::{
    fixture,
    world::{World, phone::Manner},
};

fn user(unheard: u32) -> DirectoryUser {
    let mailbox = DirectoryMailbox { enabled: true, unheard, saved: 1, ..DirectoryMailbox::default() };
    DirectoryUser { mailbox, ..fixture::user(1, "201") }
}

fn subscribe(world: &mut World, phone: usize, event: &str, to: &str, expires: u32) -> u16 {
    world.act(phone, |phone, now| phone.subscribe(now, event, to, expires));
    world.run(|world| world.phones[phone].result.is_some());
    world.pass(Duration::from_secs(1));
    world.phones[phone].result.unwrap()
}

fn last_notify(world: &World, phone: usize) -> String {
    world.requests(phone, Method::Notify).last().unwrap().to_string()
}

#[test]
fn the_lamp_follows_the_mailbox() {
    let mut world = World::new();
    world.put(user(2));
    let phone = world.registered("201", Manner::Rings);
    world.pass(Duration::from_secs(1));
    assert!(last_notify(&world, phone).contains("Voice-Message: 2/1 (0/0)"), "unsolicited, after registering");
    assert_eq!(subscribe(&mut world, phone, "message-summary", "201", 3600), 200);
    let notify = last_notify(&world, phone);
    for line in [
        "Event: message-summary",
        "Subscription-State: active;expires=",
        "Messages-Waiting: yes",
        "Voice-Message: 2/1 (0/0)",
    ] {
        assert!(notify.contains(line), "{line}: {notify}");
    }
    let before = world.requests(phone, Method::Notify).len();
    world.put(user(0));
    world.pass(Duration::from_secs(1));
    assert!(last_notify(&world, phone).contains("Messages-Waiting: no"));
    assert_eq!(world.requests(phone, Method::Notify).len(), before + 1, "once, by the subscription");
    world.put(user(0));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.requests(phone, Method::Notify).len(), before + 1, "nothing new is not told");
}

#[test]
fn a_subscription_ends_by_itself_by_wish_and_with_the_license() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Rings);
    assert_eq!(subscribe(&mut world, phone, "message-summary", "201", 60), 200);
    world.pass(Duration::from_secs(61));
    assert!(last_notify(&world, phone).contains("Subscription-State: terminated;reason=timeout"));
    assert_eq!(world.core.subscriptions(), 0);

    assert_eq!(subscribe(&mut world, phone, "message-summary", "201", 0), 200);
    assert!(last_notify(&world, phone).contains("terminated"));
    assert_eq!(world.core.subscriptions(), 0);

    assert_eq!(subscribe(&mut world, phone, "message-summary", "201", 3600), 200);
    let mut unlicensed = user(0);
    unlicensed.voice = false;
    world.put(unlicensed);
    world.pass(Duration::from_secs(1));
    assert!(last_notify(&world, phone).contains("terminated;reason=rejected"));
    assert_eq!(world.core.subscriptions(), 0);
    assert_eq!(subscribe(&mut world, phone, "message-summary", "201", 3600), 403);
}

#[test]
fn what_can_not_be_watched_is_refused() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Rings);
    assert_eq!(subscribe(&mut world, phone, "presence", "202", 3600), 489);
    assert_eq!(subscribe(&mut world, phone, "dialog", "299", 3600), 404);
    assert_eq!(subscribe(&mut world, phone, "dialog", "202", 5), 423);
    world.phones[phone].password = "guess".to_owned();
    assert_eq!(subscribe(&mut world, phone, "dialog", "202", 3600), 407);
    assert_eq!(world.core.subscriptions(), 0);
}

#[test]
fn a_lamp_key_shows_ringing_talking_and_idle() {
    let mut world = World::new();
    let watcher = world.registered("203", Manner::Rings);
    assert_eq!(subscribe(&mut world, watcher, "dialog", "202", 3600), 200);
    assert!(!last_notify(&world, watcher).contains("<dialog "), "idle");
    let caller = world.registered("201", Manner::Rings);
    let callee = world.registered("202", Manner::Rings);
    world.call(caller, "202");
    world.pass(Duration::from_secs(1));
    assert!(last_notify(&world, watcher).contains("direction=\"recipient\"><state>early"));
    world.act(callee, |phone, now| phone.answer(now, 200));
    world.pass(Duration::from_secs(1));
    assert!(last_notify(&world, watcher).contains("<state>confirmed"));
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.pass(Duration::from_secs(1));
    assert!(!last_notify(&world, watcher).contains("<dialog "));
    let versions: Vec<bool> =
        (0..4).map(|n| world.requests(watcher, Method::Notify)[n].contains(&format!("version=\"{n}\""))).collect();
    assert_eq!(versions, [true; 4]);
}

#[test]
fn a_phone_that_forgot_its_subscription_is_not_told_for_ever() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Rings);
    assert_eq!(subscribe(&mut world, phone, "message-summary", "201", 3600), 200);
    world.phones[phone].manner = Manner::IsDead;
    world.put(user(3));
    world.pass(Duration::from_mins(1));
    assert_eq!(world.core.subscriptions(), 0);
}

#[test]
fn a_message_reaches_the_colleagues_phones() {
    let mut world = World::new();
    let sender = world.registered("201", Manner::Rings);
    let receiver = world.registered("202", Manner::Rings);
    world.act(sender, |phone, now| phone.message(now, "202", "Lunch?"));
    world.run(|world| world.phones[sender].result.is_some());
    assert_eq!(world.phones[sender].result, Some(200));
    let [message] = &world.requests(receiver, Method::Message)[..] else { panic!() };
    assert!(message.ends_with("Lunch?") && message.contains("From: \"User 1\" <sip:201@pbx.example.com>"), "{message}");
    for (to, status) in [("299", 404), ("203", 480)] {
        world.act(sender, |phone, now| phone.message(now, to, "Anybody?"));
        world.run(|world| world.phones[sender].result.is_some());
        assert_eq!(world.phones[sender].result, Some(status), "{to}");
    }
}
