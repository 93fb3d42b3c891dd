//! Carriers as the world has them: a phone that plays one, in virtual time.

use lineside_model::{
    call_report::{CallDirection, CallOutcome},
    directory::{DirectoryAccount, DirectoryUser},
    extension::Destination,
    forwarding::ForwardingRules,
    recording::RecordingMode,
    trunk::TrunkInput,
};

use super::*;
use crate::{
    fixture,
    world::{World, phone::Manner},
};

fn trunk(n: u128, address: SocketAddr, input: TrunkInput) -> DirectoryTrunk {
    let input = TrunkInput {
        name: "Carrier".into(),
        enabled: true,
        host: address.ip().to_string(),
        port: address.port().to_string(),
        transport: "UDP".into(),
        ..input
    };
    DirectoryTrunk {
        trunk_id: TrunkId(uuid::Uuid::from_u128(n)),
        account_id: None,
        settings: input.parse().unwrap(),
        password: (!input.username.is_empty()).then(|| "hush".to_owned()),
    }
}

/// 201 has a number and a phone; the carrier is a phone that nobody registered.
fn house(input: TrunkInput) -> (World, usize, usize) {
    let mut world = World::new();
    world.put(fixture::user_with_number(1, "201"));
    world.directory.put_account(DirectoryAccount::new(fixture::account_id(), fixture::DOMAIN));
    let caller = world.registered("201", Manner::Answers);
    let carrier = world.phone("900", Manner::Answers);
    let address = world.phones[carrier].flow.local;
    world.trunks([trunk(1, address, input)]);
    (world, caller, carrier)
}

fn alarms(world: &World) -> Vec<&AlarmKind> {
    let alarms = world.reports.iter().filter_map(|report| match report {
        CallReport::Alarm(alarm) => Some(&alarm.kind),
        _ => None,
    });
    alarms.collect()
}

#[test]
fn a_number_of_the_world_is_called_with_the_accounts_own_number() {
    let (mut world, caller, carrier) =
        house(TrunkInput { number_format: "north_america".into(), ..TrunkInput::default() });
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
fn what_is_not_open_is_not_called() {
    let (mut world, caller, carrier) = house(TrunkInput::default());
    assert_eq!(world.call_result(caller, "011442079460000"), 403);
    assert!(world.requests(carrier, Method::Invite).is_empty());
}

#[test]
fn a_trunk_that_fails_gives_way_to_the_next() {
    for manner in [Manner::Refuses(503), Manner::IsDead] {
        let (mut world, caller, first) = house(TrunkInput::default());
        world.phones[first].manner = manner;
        world.phones[first].registration = Some(200);
        let second = world.phone("901", Manner::Answers);
        let addresses = [first, second].map(|carrier| world.phones[carrier].flow.local);
        world.trunks([trunk(1, addresses[0], TrunkInput::default()), trunk(2, addresses[1], TrunkInput::default())]);
        assert_eq!(world.call_result(caller, "+16025550199"), 200, "{manner:?}");
        assert_eq!(world.requests(second, Method::Invite).len(), 1);
    }
}

#[test]
fn what_the_called_side_says_is_told_and_no_other_trunk_is_tried() {
    let (mut world, caller, carrier) = house(TrunkInput::default());
    world.phones[carrier].manner = Manner::Refuses(486);
    assert_eq!(world.call_result(caller, "+16025550199"), 486);
}

#[test]
fn limits_end_what_fraud_begins_and_raise_an_alarm() {
    let (mut world, caller, _) = house(TrunkInput::default());
    let mut account = DirectoryAccount::new(fixture::account_id(), fixture::DOMAIN);
    account.rules.outbound.limits.user_minutes = 10;
    world.directory.put_account(account);
    assert_eq!(world.call_result(caller, "+16025550199"), 200);
    world.pass(Duration::from_secs(601));
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.call_result(caller, "+16025550199"), 403);
    assert!(matches!(alarms(&world)[..], [.., AlarmKind::LimitReached { .. }]));
    world.pass(Duration::from_hours(24));
    assert_eq!(world.register(caller, 3600), 200);
    assert_eq!(world.call_result(caller, "+16025550199"), 200, "tomorrow is another day");
}

#[test]
fn a_call_that_is_forwarded_out_goes_on_the_rights_of_who_forwards() {
    let (mut world, _, carrier) = house(TrunkInput::default());
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
fn a_carrier_calls_numbers_and_nothing_else() {
    let (mut world, called, carrier) = house(TrunkInput::default());
    let number = fixture::number(1);
    world.act(carrier, |phone, _| phone.domain = "carrier.example".to_owned());
    assert_eq!(world.call_result(carrier, number.as_str()), 200);
    let invite = &world.requests(called, Method::Invite)[0];
    assert!(invite.contains("From: \"Mallory\" <sip:line900@"), "{invite}");
    for dialled in ["201", "*97", "+442079460000", "911"] {
        assert_eq!(world.call_result(carrier, dialled), 404, "{dialled}");
    }
    let stranger = world.phone("902", Manner::Rings);
    world.act(stranger, |phone, _| {
        phone.domain = "carrier.example".to_owned();
        phone.flow.local = "127.0.9.9:6999".parse().unwrap();
    });
    assert_eq!(world.call_result(stranger, number.as_str()), 407, "only the carrier's address is the carrier");
}

#[test]
fn a_trunk_registers_again_and_tells_when_it_can_not() {
    let input = TrunkInput { register: true, username: "lineside".into(), ..TrunkInput::default() };
    let (mut world, caller, carrier) = house(input);
    world.pass(Duration::from_secs(1));
    assert!(world.requests(carrier, Method::Register)[0].contains("To: <sip:lineside@127.0.1.1"));
    assert!(matches!(alarms(&world)[..], [AlarmKind::TrunkUp { .. }]));
    assert_eq!(world.call_result(caller, "+16025550199"), 200);
    world.pass(Duration::from_secs(481));
    assert_eq!(world.requests(carrier, Method::Register).len(), 2);
    world.phones[carrier].manner = Manner::IsDead;
    world.phones[carrier].registration = Some(200);
    world.pass(Duration::from_mins(10));
    assert!(matches!(alarms(&world)[..], [.., AlarmKind::TrunkDown { .. }]));
    assert_eq!(world.call_result(caller, "+16025550199"), 503);
}

#[test]
fn an_emergency_call_goes_by_the_emergency_trunk() {
    let (mut world, caller, carrier) = house(TrunkInput { emergency: true, ..TrunkInput::default() });
    assert_eq!(world.call_result(caller, "911"), 200);
    assert!(world.requests(carrier, Method::Invite)[0].starts_with("INVITE sip:911@"));
}

#[test]
fn an_emergency_call_is_recorded_only_where_the_account_decided_so() {
    for decided in [false, true] {
        let (mut world, caller, _) = house(TrunkInput { emergency: true, ..TrunkInput::default() });
        world.put(DirectoryUser { recording: RecordingMode::All, ..fixture::user_with_number(1, "201") });
        let mut account = DirectoryAccount::new(fixture::account_id(), fixture::DOMAIN);
        account.rules.recording.emergency = decided;
        world.directory.put_account(account);
        assert_eq!(world.call_result(caller, "911"), 200);
        assert_eq!(world.core.recordings().len(), usize::from(decided));
        world.press("*1");
        assert_eq!(world.core.recordings().len(), usize::from(decided), "no key starts one");
        world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
        world.run(|world| world.core.open_calls() == 0);
    }
}
