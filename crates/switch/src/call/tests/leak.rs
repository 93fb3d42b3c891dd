//! Many calls in bad weather, and nothing left of them.

use std::time::Duration;

use lineside_model::call_report::CallReport;
use lineside_sip::{HeaderName, Method};

use super::is_over;
use crate::{
    fixture,
    world::{
        World,
        phone::{Manner, Phone},
    },
};

/// `LINESIDE_LEAK_CALLS=100000` for the whole run, which takes about two minutes.
fn calls() -> u64 {
    std::env::var("LINESIDE_LEAK_CALLS").ok().and_then(|calls| calls.parse().ok()).unwrap_or(300)
}

/// Phones that know nothing, everything, or insist.
fn says(n: u64) -> Vec<(HeaderName, &'static str)> {
    match n % 3 {
        0 => Vec::new(),
        1 => vec![(HeaderName::Supported, "100rel, timer"), (HeaderName::SessionExpires, "90;refresher=uac")],
        _ => vec![(HeaderName::Require, "100rel")],
    }
}

#[test]
fn nothing_is_left_of_many_calls_with_loss() {
    let mut world = World::in_bad_weather(7);
    world.put(fixture::with_mailbox(fixture::user(3, "203")));
    let caller = world.registered("201", Manner::Rings);
    let callee = world.registered("202", Manner::Answers);
    let mut lost = 0;
    for n in 0..calls() {
        let dialled = ["202", "202", "299", "203", "*43"][usize::try_from(n % 5).unwrap()];
        for phone in [caller, callee] {
            world.act(phone, |phone, now| phone.register(now, 3600));
        }
        world.phones[caller].says = says(n);
        world.call(caller, dialled);
        let is_taken_back = n % 7 == 0;
        if is_taken_back {
            world.pass(Duration::from_millis(n % 900));
            world.act(caller, Phone::cancel);
        }
        world.run(|world| world.phones[caller].result.is_some());
        let expected = if dialled == "299" { 404 } else { 200 };
        match world.phones[caller].result {
            Some(487) if is_taken_back => {}
            Some(result) if result == expected => {}
            _ => lost += 1,
        }
        if world.phones[caller].result == Some(200) {
            world.pass(Duration::from_secs(n % 40));
            if dialled == "202" && n % 11 == 0 && world.phones[caller].dialog.is_some() {
                world.act(caller, |phone, now| phone.refer(now, "sip:203@pbx.example.com"));
                world.pass(Duration::from_secs(n % 30));
            }
            let by =
                if n % 2 == 0 && world.phones[callee].dialog.is_some() && dialled == "202" { callee } else { caller };
            world.act(by, |phone, now| phone.say(now, Method::Bye, None));
        }
        world.pass(Duration::from_secs(70));
        while let Some(path) = world.core.recordings().pop() {
            world.recorded(3, lineside_media::relay::Ended::HungUp);
            assert!(!world.core.recordings().contains(&path));
        }
        for phone in &mut world.phones {
            phone.requests.clear();
            phone.responses.clear();
            phone.acks.clear();
            phone.dialog = None;
            phone.calls.clear();
        }
        world.reports.clear();
        world.changes.clear();
        world.questions.clear();
    }
    // All seven INVITEs of a call may be lost, or what answers them.
    assert!(lost * 200 <= calls(), "{lost} calls came to nothing");
    world.pass(Duration::from_mins(10));
    assert_eq!(world.core.left_over(), Vec::<String>::new());
}

#[test]
fn a_test_call_rings_the_users_phone_and_tells_what_it_heard() {
    let mut world = World::new();
    let phone = world.registered("201", Manner::Answers);
    world.core.test_call(world.now, fixture::account_id(), fixture::user_id(1));
    world.run(|world| !world.phones[phone].acks.is_empty());
    assert!(world.requests(phone, Method::Invite)[0].contains("From: \"Test call\" <sip:*44@"));
    world.pass(Duration::from_secs(10));
    world.recorded(4, lineside_media::relay::Ended::Longest);
    let tests = |world: &World| -> Vec<(bool, bool)> {
        let found = world.reports.iter().filter_map(|report| match report {
            CallReport::TestCall(test) => Some((test.answered, test.heard)),
            _ => None,
        });
        found.collect()
    };
    assert_eq!(tests(&world), [(true, true)]);
    world.run(|world| !world.requests(phone, Method::Bye).is_empty());
    world.run(is_over);

    for (manner, n) in [(Manner::Refuses(486), 2), (Manner::IsDead, 3)] {
        let extension = format!("20{n}");
        world.registered(&extension, manner);
        world.put(fixture::with_mailbox(fixture::user(n, &extension)));
        world.core.test_call(world.now, fixture::account_id(), fixture::user_id(n));
        world.run(|world| tests(world).len() == usize::from(n));
        world.run(is_over);
        assert_eq!(tests(&world).last(), Some(&(false, false)), "{manner:?}");
    }
}

#[test]
fn the_way_to_a_phone_behind_nat_is_kept_open() {
    let mut world = World::new();
    let phone = world.phone("201", Manner::Rings);
    world.phones[phone].inside = Some("10.0.0.7:5060".to_owned());
    assert_eq!(world.register(phone, 3600), 200);
    world.pass(Duration::from_secs(80));
    assert_eq!(world.requests(phone, Method::Options).len(), 3);
    let open = world.registered("202", Manner::Rings);
    world.pass(Duration::from_secs(80));
    assert!(world.requests(open, Method::Options).is_empty());
    assert_eq!(world.register(phone, 0), 200);
    let before = world.requests(phone, Method::Options).len();
    world.pass(Duration::from_secs(80));
    assert_eq!(world.requests(phone, Method::Options).len(), before);
}
