//! REGISTER, from the phone's side, in virtual time.

use std::time::Duration;

use lineside_model::{
    call_report::CallReport,
    directory::{Binding, RegistrationChange},
};
use lineside_sip::{Method, digest::Challenge};

use crate::{
    fixture,
    world::{World, phone::Manner, start},
};

fn bindings(world: &World) -> Vec<&Binding> {
    let puts = world.changes.iter().filter_map(|change| match change {
        RegistrationChange::Put(binding) => Some(binding),
        RegistrationChange::Removed { .. } => None,
    });
    puts.collect()
}

fn removed(world: &World) -> usize {
    world.changes.iter().filter(|change| matches!(change, RegistrationChange::Removed { .. })).count()
}

#[test]
fn a_phone_with_the_right_password_is_registered_until_it_expires() {
    let mut world = World::new();
    let phone = world.phone("201", Manner::Rings);
    assert_eq!(world.register(phone, 120), 200);
    assert!(world.is_reachable(1));
    let expected = world.phones[phone].contact();
    let written = bindings(&world);
    assert_eq!(written[0].contact, expected.as_bytes());
    assert_eq!((written[0].expires_at - written[0].registered_at).num_seconds(), 120);
    assert_eq!(written[0].user_agent, "Test phone");
    world.pass(Duration::from_secs(119));
    assert!(world.is_reachable(1));
    world.pass(Duration::from_secs(2));
    assert!(!world.is_reachable(1));
    assert_eq!(removed(&world), 1);
}

#[test]
fn the_answer_lists_the_contact_with_the_seconds_left() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Rings);
    let response = world.phones[phone].responses.last().unwrap();
    let text = String::from_utf8_lossy(response.as_bytes()).into_owned();
    assert!(text.contains(&format!("Contact: <{}>;expires=3600", world.phones[phone].contact())), "{text}");
}

#[test]
fn too_short_is_told_the_shortest_and_too_long_is_cut() {
    let mut world = World::new();
    let phone = world.phone("201", Manner::Rings);
    assert_eq!(world.register(phone, 59), 423);
    let text = String::from_utf8_lossy(world.phones[phone].responses.last().unwrap().as_bytes()).into_owned();
    assert!(text.contains("Min-Expires: 60"), "{text}");
    assert_eq!(world.register(phone, 1_000_000), 200);
    let written = bindings(&world);
    assert_eq!((written[0].expires_at - written[0].registered_at).num_seconds(), 3600);
}

#[test]
fn refreshing_keeps_one_contact_and_zero_takes_it_away() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Rings);
    world.pass(Duration::from_mins(30));
    assert_eq!(world.register(phone, 3600), 200);
    world.pass(Duration::from_secs(1900));
    assert!(world.is_reachable(1), "refreshed");
    assert_eq!(world.register(phone, 0), 200);
    assert!(!world.is_reachable(1));
}

#[test]
fn wrong_password_unknown_user_and_unknown_domain_get_the_same_answer() {
    let mut world = World::new();
    let [wrong, unknown] = [world.phone("201", Manner::Rings), world.phone("999", Manner::Rings)];
    world.phones[wrong].password = "guess".to_owned();
    world.phones[unknown].password = "guess".to_owned();
    let mut texts = Vec::new();
    for phone in [wrong, unknown] {
        assert_eq!(world.register(phone, 3600), 401);
        let response = world.phones[phone].responses.last().unwrap();
        let nonce = Challenge::find(response).unwrap().nonce;
        let text = String::from_utf8_lossy(response.as_bytes()).replace(&*String::from_utf8_lossy(nonce), "NONCE");
        // What comes from the request itself differs: Via, From, To, Call-ID.
        let ours: Vec<String> = text
            .lines()
            .filter(|line| !["Via", "From", "To", "Call-ID", "CSeq"].iter().any(|name| line.starts_with(name)))
            .map(str::to_owned)
            .collect();
        texts.push(ours);
    }
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn somebody_who_guesses_is_not_heard_even_when_right() {
    let mut world = World::new();
    let phone = world.phone("201", Manner::Rings);
    world.phones[phone].password = "guess".to_owned();
    for _ in 0..25 {
        assert_eq!(world.register(phone, 3600), 401);
    }
    let alarms = world.reports.iter().filter(|report| matches!(report, CallReport::Alarm(_)));
    assert_eq!(alarms.count(), 1, "administrators are told once");
    world.phones[phone].password = "secret201".to_owned();
    assert_eq!(world.register(phone, 3600), 401);
    world.pass(Duration::from_mins(1));
    assert_eq!(world.register(phone, 3600), 200, "after a while the phone is heard again");
}

#[test]
fn without_a_license_a_phone_is_refused_and_healed_with_one() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Rings);
    let mut user = fixture::user(1, "201");
    user.voice = false;
    world.put(user.clone());
    assert!(!world.is_reachable(1), "its binding is dropped at once");
    assert_eq!(world.register(phone, 3600), 403);
    user.voice = true;
    user.lines[0].enabled = false;
    world.put(user.clone());
    assert_eq!(world.register(phone, 3600), 403);
    user.lines[0].enabled = true;
    world.put(user.clone());
    assert_eq!(world.register(phone, 3600), 200);
    user.lines.clear();
    world.put(user);
    assert!(!world.is_reachable(1), "the line was taken away");
}

#[test]
fn after_a_restart_phones_behind_udp_are_reachable_at_once() {
    let mut world = World::new();
    world.registered("202", Manner::Answers);
    let mut stored: Vec<Binding> = bindings(&world).into_iter().cloned().collect();
    let mut tcp = stored[0].clone();
    tcp.transport = lineside_model::directory::Transport::Tcp;
    (tcp.line_id, tcp.user_id) = (fixture::line_id(3), fixture::user_id(3));
    stored.push(tcp);
    let mut again = World::restored(stored, start());
    assert!(again.is_reachable(2));
    assert!(!again.is_reachable(3), "its connection is gone");
    let caller = again.registered("201", Manner::Rings);
    again.phone("203", Manner::IsDead);
    let callee = again.phones.len() - 1;
    // The phone that was registered before the restart has this address.
    again.phones[callee] = crate::world::phone::Phone::new("202", world.phones[0].flow, Manner::Answers);
    again.phones[caller].flow.local.set_port(6050);
    assert_eq!(again.register(caller, 3600), 200);
    again.call(caller, "202");
    again.run(|world| !world.requests(callee, Method::Invite).is_empty());
}

#[test]
fn more_contacts_than_ten_push_out_the_oldest() {
    let mut world = World::new();
    for _ in 0..11 {
        world.registered("201", Manner::Rings);
    }
    assert_eq!(removed(&world), 1);
}
