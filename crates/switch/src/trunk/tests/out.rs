//! Calls to carriers: by which trunk, server and connection, and as whom.

use std::time::Duration;

use lineside_model::{
    call_report::{AlarmKind, CallDirection, CallOutcome, CallReport},
    directory::DirectoryUser,
    extension::Destination,
    forwarding::ForwardingRules,
    id::TrunkId,
    trunk::TrunkInput,
};
use lineside_sip::{Method, Transport};

use super::{
    super::target::{Found, Target},
    alarms, over_tcp,
};
use crate::{
    fixture,
    world::{World, phone::Manner},
};

#[test]
fn a_number_of_the_world_is_called_with_the_accounts_own_number() {
    let (mut world, caller, carrier) =
        World::with_carrier(TrunkInput { number_format: "north_america".into(), ..TrunkInput::default() });
    assert_eq!(world.call_result(caller, "(602)555-0199"), 200);
    let invite = &world.requests(carrier, Method::Invite)[0];
    assert!(invite.starts_with("INVITE sip:6025550199@127.0.1.1"), "{invite}");
    let own = fixture::number(1).as_str()[2..].to_owned();
    assert!(invite.contains(&format!("P-Asserted-Identity: <sip:{own}@")), "{invite}");
    assert!(invite.contains("From: \"User 1\"") && !invite.contains("Mallory"), "{invite}");
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| world.core.open_calls() == 0);
    let Some(CallReport::Ended(ended)) = world.reports.last() else { panic!() };
    assert_eq!((ended.began.direction, ended.outcome), (CallDirection::Outbound, CallOutcome::Answered));
    assert_eq!(ended.trunk, Some(TrunkId(uuid::Uuid::from_u128(1))));
}

#[test]
fn numbers_and_callers_are_written_as_the_carrier_reads_them() {
    let number = fixture::number(1);
    for (caller_id, from, asserted) in
        [("both", number.as_str(), true), ("from", number.as_str(), false), ("asserted", "acme%20", true)]
    {
        let input = TrunkInput {
            caller_id: caller_id.into(),
            prefix: "77#".into(),
            username: if caller_id == "asserted" { "acme%20".into() } else { String::new() },
            ..TrunkInput::default()
        };
        let (mut world, caller, carrier) = World::with_carrier(input);
        assert_eq!(world.call_result(caller, "6025550199"), 200);
        let invite = &world.requests(carrier, Method::Invite)[0];
        assert!(invite.starts_with("INVITE sip:77%23+16025550199@"), "{invite}");
        let from = escape(from);
        assert!(invite.contains(&format!("From: \"User 1\" <sip:{from}@")), "{invite}");
        assert_eq!(invite.contains(&format!("P-Asserted-Identity: <sip:{number}@")), asserted, "{invite}");
    }
}

fn escape(user: &str) -> String {
    lineside_sip::message::escape_user(user.as_bytes())
}

#[test]
fn a_call_that_is_forwarded_out_goes_on_the_rights_of_who_forwards() {
    let (mut world, _, carrier) = World::with_carrier(TrunkInput::default());
    let to = Destination::parse("+16025550143").ok();
    let forwarding = ForwardingRules { always: to, ..ForwardingRules::default() };
    world.put(DirectoryUser { forwarding, ..fixture::user_with_number(2, "202") });
    let third = world.registered("203", Manner::Rings);
    let mut user = fixture::user(3, "203");
    user.rights.external_calls = false;
    world.put(user);
    assert_eq!(world.call_result(third, "202"), 200);
    let invite = &world.requests(carrier, Method::Invite)[0];
    assert!(invite.contains(&format!("P-Asserted-Identity: <sip:{}@", fixture::number(2).as_str())), "{invite}");
    assert!(invite.contains("Diversion: ") && invite.contains("reason=unconditional"), "{invite}");
}

#[test]
fn what_the_called_side_says_is_told_and_no_other_trunk_is_tried() {
    let (mut world, caller, carrier) = World::with_carrier(TrunkInput::default());
    world.phones[carrier].manner = Manner::Refuses(486);
    assert_eq!(world.call_result(caller, "+16025550199"), 486);
}

#[test]
fn a_trunk_that_fails_gives_way_to_the_next() {
    for manner in [Manner::Refuses(503), Manner::IsDead] {
        let (mut world, caller, first) = World::with_carrier(TrunkInput::default());
        world.phones[first].manner = manner;
        world.phones[first].registration = Some(200);
        let second = world.phone("901", Manner::Answers);
        let addresses = [first, second].map(|carrier| world.phones[carrier].flow.local);
        world.trunks([
            fixture::trunk(1, addresses[0], TrunkInput::default()),
            fixture::trunk(2, addresses[1], TrunkInput::default()),
        ]);
        assert_eq!(world.call_result(caller, "+16025550199"), 200, "{manner:?}");
        assert_eq!(world.requests(second, Method::Invite).len(), 1);
    }
}

#[test]
fn a_name_leads_to_several_servers_and_a_bad_one_is_not_tried_first_again() {
    let (mut world, caller, first) = World::with_carrier(TrunkInput::default());
    world.phones[first].manner = Manner::Refuses(503);
    let second = world.phone("901", Manner::Answers);
    let target = |phone: usize, priority| Target {
        transport: Transport::Udp,
        addresses: vec![world.phones[phone].flow.local],
        priority,
        weight: 0,
    };
    let found = Found { targets: vec![target(second, 20), target(first, 10)], lasts: Duration::from_mins(1) };
    world.names.insert("sip.carrier.example".to_owned(), found);
    let settings = TrunkInput { host: "sip.carrier.example".into(), port: String::new(), ..TrunkInput::default() };
    let mut by_name = fixture::trunk(1, world.phones[first].flow.local, TrunkInput::default());
    by_name.settings =
        TrunkInput { name: "Carrier".into(), enabled: true, transport: "UDP".into(), ..settings }.parse().unwrap();
    world.trunks([by_name]);
    for calls in 1..=2 {
        assert_eq!(world.call_result(caller, "+16025550199"), 200);
        assert_eq!(world.requests(second, Method::Invite).len(), calls);
        assert_eq!(world.requests(first, Method::Invite).len(), 1, "the next call does not begin with it");
    }
    assert!(!alarms(&world).iter().any(|kind| matches!(kind, AlarmKind::TrunkDown { .. })), "one of two is left");
    // What the name leads to is believed for as long as the records say.
    world.names.clear();
    world.pass(Duration::from_mins(3));
    assert_eq!(world.call_result(caller, "+16025550199"), 200, "what was found before is better than nothing");
}

#[test]
fn a_connection_to_a_carrier_is_kept_for_all_calls_and_made_anew_for_those_that_go_on() {
    let (mut world, caller, carrier) = over_tcp();
    assert_eq!(world.call_result(caller, "+16025550199"), 200);
    assert_eq!(world.connected.len(), 1, "{:?}", world.connected);
    let invite = world.requests(carrier, Method::Invite)[0].clone();
    assert!(invite.contains("Via: SIP/2.0/TCP") && invite.contains("transport=tcp"), "{invite}");
    let lost = world.connected[0].0.id;
    world.core.flow_lost(world.now, lost);
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| !world.requests(carrier, Method::Bye).is_empty());
    assert_eq!(world.connected.len(), 2);
    assert_ne!(world.connected[1].0.id, lost);
}
