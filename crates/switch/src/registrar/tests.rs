//! REGISTER, from the phone's side, in virtual time.

use std::time::Duration;

use lineside_model::{
    call_report::CallReport,
    directory::{Binding, RegistrationChange},
};
use lineside_sip::{
    Flow, Message, Method,
    digest::{Challenge, Ha1},
};

use crate::{
    fixture,
    world::{World, address, phone::Manner, start},
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
    assert_eq!(*written[0].contact, *expected.as_bytes());
    assert_eq!(
        (written[0].expires_at - written[0].registered_at).num_seconds(),
        120 + 120 + 600,
        "a restart may be late"
    );
    assert_eq!(&*written[0].user_agent, "Test phone");
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
    assert_eq!((written[0].expires_at - written[0].registered_at).num_seconds(), 2 * 3600 + 600);
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
fn renewals_are_written_only_when_what_is_written_runs_out() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Rings);
    for written in [1, 1, 2, 2, 2, 3] {
        world.pass(Duration::from_mins(30));
        assert_eq!(world.register(phone, 3600), 200);
        assert_eq!(bindings(&world).len(), written);
    }
    let all = bindings(&world);
    assert!(all.iter().all(|binding| binding.registered_at == all[0].registered_at), "it was never away");
    let heard = world.now.utc;
    world.pass(Duration::from_mins(61));
    assert!(!world.is_reachable(1));
    let gone = world.changes.iter().find_map(|change| match change {
        RegistrationChange::Removed { heard_at, .. } => Some(*heard_at),
        RegistrationChange::Put(_) => None,
    });
    assert!(gone.is_some_and(|at| (heard - at).abs() < chrono::TimeDelta::seconds(5)), "{gone:?}");
}

#[test]
fn a_registration_whose_answer_was_lost_is_answered_again() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Rings);
    let flow =
        Flow { local: world.phones[phone].flow.remote, remote: address("127.0.0.1:6099"), ..world.phones[phone].flow };
    let ask = |world: &mut World, flow: Flow, authorization: &str| {
        let text = format!(
            "REGISTER sip:pbx.example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6099;branch=z9hG4bK{}\r\n\
             From: <sip:line201@pbx.example.com>;tag=1\r\nTo: <sip:line201@pbx.example.com>\r\nCall-ID: again\r\n\
             CSeq: 7 REGISTER\r\nContact: <sip:line201@127.0.0.1:6099>\r\n{authorization}Content-Length: 0\r\n\r\n",
            authorization.len()
        );
        world.core.receive(world.now, flow, text.into());
        let bytes = world.core.poll_transmit().expect("an answer").bytes;
        Message::parse(bytes).expect("well formed")
    };
    let challenged = ask(&mut world, flow, "");
    let challenge = Challenge::find(&challenged).unwrap();
    let ha1 = Ha1::new(challenge.algorithm, "line201", "pbx.example.com", "secret201");
    let answer = challenge.authorization(&ha1, "line201", "REGISTER", "sip:pbx.example.com", "c", 1);
    let authorization = format!("Authorization: {answer}\r\n");
    let statuses = [0, 1].map(|_| ask(&mut world, flow, &authorization).status());
    assert_eq!(statuses, [200, 200]);
    assert_eq!(bindings(&world).len() + world.core.take_changes().len(), 2, "nothing was changed by it");
    let elsewhere = Flow { remote: address("127.0.0.1:6100"), ..flow };
    assert_eq!(ask(&mut world, elsewhere, &authorization).status(), 401, "who has only listened");
    assert_eq!(world.core.transactions(), 0, "nobody who registers leaves a record");
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
