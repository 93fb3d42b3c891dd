//! Carriers as the world has them: a phone that plays one, in virtual time.

use lineside_media::relay::Ended;
use lineside_model::{
    address::CivicAddressInput,
    call_report::{AlarmKind, CallDirection, CallOutcome, CallReport},
    directory::{DirectoryAccount, DirectoryUser},
    emergency::{EmergencyCall, EmergencyPlace},
    extension::Destination,
    forwarding::ForwardingRules,
    outbound::Talked,
    phone_number::E164,
    question::Asks,
    recording::RecordingMode,
    trunk::TrunkInput,
};

use lineside_sip::Method;

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
        serves: None,
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

/// 201 has a place too, and the carrier takes emergency calls over TCP.
fn with_place() -> (World, usize, usize) {
    let (mut world, caller, _) = house(TrunkInput::default());
    let carrier = world.phone_over(Transport::Tcp, "901", Manner::Answers);
    let mut over_tcp =
        trunk(2, world.phones[carrier].flow.local, TrunkInput { emergency: true, ..TrunkInput::default() });
    over_tcp.settings.transport = lineside_model::directory::Transport::Tcp;
    world.trunks([over_tcp]);
    let address = CivicAddressInput {
        street_number: "1200".into(),
        street_name: "N Main St".into(),
        unit: "Suite 310".into(),
        city: "Seattle".into(),
        region: "WA".into(),
        postal_code: "98101".into(),
        country: "US".into(),
    };
    let place = EmergencyPlace {
        address: address.parse().unwrap(),
        confirmed: true,
        location: None,
        location_name: Some("Head office".into()),
        callback: E164::parse("+14805550177").ok(),
    };
    world.put(DirectoryUser { emergency: Some(place), ..fixture::user_with_number(1, "201") });
    (world, caller, carrier)
}

fn told(world: &World) -> Vec<&EmergencyCall> {
    let calls = world.reports.iter().filter_map(|report| match report {
        CallReport::Emergency(call) => Some(&**call),
        _ => None,
    });
    calls.collect()
}

#[test]
fn an_emergency_call_says_where_the_caller_is_and_whom_to_call_back() {
    let (mut world, caller, carrier) = with_place();
    assert_eq!(world.call_result(caller, "911"), 200);
    let invite = &world.requests(carrier, Method::Invite)[0];
    assert!(invite.starts_with("INVITE sip:911@"), "{invite}");
    assert!(invite.contains("P-Asserted-Identity: <sip:+14805550177@"), "{invite}");
    assert!(invite.contains("Geolocation-Routing: yes") && invite.contains("Priority: emergency"), "{invite}");
    let (_, geolocation) = invite.split_once("Geolocation: <cid:").unwrap();
    let name = geolocation.split('>').next().unwrap();
    assert!(invite.contains(&format!("Content-ID: <{name}>")), "{invite}");
    let (_, kind) = invite.split_once("Content-Type: multipart/mixed;boundary=").unwrap();
    let boundary = kind.lines().next().unwrap();
    let parts: Vec<&str> = invite.split(&format!("--{boundary}")).collect();
    let [_, sdp, pidf, end] = &parts[..] else { panic!("{invite}") };
    assert!(sdp.contains("Content-Type: application/sdp") && sdp.contains("m=audio"), "{sdp}");
    assert!(pidf.contains("<ca:HNO>1200</ca:HNO><ca:LOC>Suite 310</ca:LOC>"), "{pidf}");
    assert_eq!(*end, "--\r\n");
    let [call] = told(&world)[..] else { panic!() };
    assert!(call.connected && call.extension == "201" && call.dialled == "911");
    assert_eq!(call.callback.as_ref().unwrap().as_str(), "+14805550177");
}

#[test]
fn a_carrier_that_does_not_take_the_place_gets_the_call_all_the_same() {
    let (mut world, caller, carrier) = with_place();
    world.phones[carrier].can_not = Some("multipart/mixed");
    assert_eq!(world.call_result(caller, "112"), 200);
    let invites = world.requests(carrier, Method::Invite);
    assert_eq!(invites.len(), 2);
    assert!(!invites[1].contains("Geolocation") && invites[1].contains("Content-Type: application/sdp"));
    assert_eq!(told(&world).len(), 1, "told once");
}

#[test]
fn over_udp_a_connection_is_tried_first_since_the_call_is_long() {
    let (mut world, caller, carrier) = house(TrunkInput { emergency: true, ..TrunkInput::default() });
    world.call(caller, "911");
    world.run(|world| !world.connected.is_empty());
    let (flow, _) = &world.connected[0];
    assert_eq!((flow.transport, flow.remote), (Transport::Tcp, world.phones[carrier].flow.local));
    // Nobody is there with TCP.
    let lost = flow.id;
    world.core.not_connected(world.now, lost, "refused");
    world.core.flow_lost(world.now, lost);
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(200));
    assert!(
        !alarms(&world).iter().any(|kind| matches!(kind, AlarmKind::TrunkDown { .. })),
        "the trunk itself is there"
    );
}

#[test]
fn help_is_called_by_any_trunk_rather_than_not_at_all_and_from_any_phone_with_credentials() {
    let (mut world, caller, carrier) = house(TrunkInput::default());
    world.put(DirectoryUser { voice: false, ..fixture::user(1, "201") });
    assert_eq!(world.call_result(caller, "911"), 200);
    assert_eq!(world.requests(carrier, Method::Invite).len(), 1);
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| world.core.open_calls() == 0);
    world.trunks([]);
    assert_eq!(world.call_result(caller, "911"), 503);
    let [_, lost] = told(&world)[..] else { panic!() };
    assert!(!lost.connected, "those on site are told all the same");
}

#[test]
fn whoever_calls_back_reaches_the_phone_that_called() {
    let (mut world, caller, carrier) = with_place();
    assert_eq!(world.call_result(caller, "911"), 200);
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| world.core.open_calls() == 0);
    // The number is the location's, and the user forwards everything.
    let mut user = (*world.directory.user(fixture::user_id(1)).unwrap()).clone();
    user.forwarding.always = Destination::parse("202").ok();
    world.put(user);
    world.act(carrier, |phone, _| {
        phone.domain = "carrier.example".to_owned();
        phone.flow.id = 0;
    });
    let ours = world.connected[0].0;
    world.act(carrier, |phone, _| phone.flow.id = ours.id);
    assert_eq!(world.call_result(carrier, "+14805550177"), 200);
    assert_eq!(world.requests(caller, Method::Invite).len(), 1);
    world.act(carrier, |phone, now| phone.say(now, Method::Bye, None));
    world.pass(Duration::from_mins(31));
    assert_eq!(world.call_result(carrier, "+14805550177"), 404, "for half an hour");
}

#[test]
fn the_test_line_reads_back_what_would_be_told() {
    let (mut world, caller, carrier) = with_place();
    assert_eq!(world.call_result(caller, "933"), 200);
    world.run(|world| !world.questions.is_empty());
    assert_eq!(world.questions[0].asks, Asks::EmergencyTest);
    world.run(|world| world.core.open_calls() == 0);
    assert!(world.requests(carrier, Method::Invite).is_empty() && told(&world).is_empty(), "nobody is alarmed");
}

#[test]
fn what_is_not_open_is_told_and_what_was_talked_before_counts() {
    let (mut world, caller, _) = house(TrunkInput::default());
    assert_eq!(world.call_result(caller, "011442079460000"), 403);
    assert!(matches!(alarms(&world)[..], [.., AlarmKind::DestinationRefused { .. }]));
    let (account_id, user_id) = (fixture::account_id(), fixture::user_id(1));
    let talked = Talked { account_id, user_id, date: world.now.utc.date_naive(), seconds: 600 * 60 };
    world.core.talked(&[talked]);
    assert_eq!(world.call_result(caller, "+16025550199"), 403);
    assert!(matches!(alarms(&world)[..], [.., AlarmKind::LimitReached { .. }]));
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

#[test]
fn a_name_leads_to_several_servers_and_a_bad_one_is_not_tried_first_again() {
    let (mut world, caller, first) = house(TrunkInput::default());
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
    let mut by_name = trunk(1, world.phones[first].flow.local, TrunkInput::default());
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

fn over_tcp() -> (World, usize, usize) {
    let (mut world, caller, _) = house(TrunkInput::default());
    let carrier = world.phone_over(Transport::Tcp, "901", Manner::Answers);
    let mut over_tcp = trunk(2, world.phones[carrier].flow.local, TrunkInput::default());
    over_tcp.settings.transport = lineside_model::directory::Transport::Tcp;
    world.trunks([over_tcp]);
    (world, caller, carrier)
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

#[test]
fn a_carrier_calls_over_the_connection_that_we_made() {
    let (mut world, called, carrier) = over_tcp();
    world.pass(Duration::from_secs(1));
    let ours = world.connected[0].0;
    world.act(carrier, |phone, _| {
        phone.domain = "carrier.example".to_owned();
        phone.flow.id = ours.id;
    });
    assert_eq!(world.call_result(carrier, fixture::number(1).as_str()), 200);
    assert_eq!(world.requests(called, Method::Invite).len(), 1);
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
        let (mut world, caller, carrier) = house(input);
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
fn a_trunk_without_registration_is_asked_whether_it_is_there_and_its_state_told_once() {
    let (mut world, _, carrier) = house(TrunkInput::default());
    world.pass(Duration::from_secs(150));
    assert_eq!(world.requests(carrier, Method::Options).len(), 3);
    assert!(matches!(alarms(&world)[..], [AlarmKind::TrunkUp { .. }]));
    world.phones[carrier].manner = Manner::IsDead;
    world.phones[carrier].registration = Some(200);
    world.pass(Duration::from_mins(10));
    assert!(matches!(alarms(&world)[..], [_, AlarmKind::TrunkDown { .. }]));
    world.phones[carrier].manner = Manner::Answers;
    world.pass(Duration::from_mins(5));
    assert!(matches!(alarms(&world)[..], [_, _, AlarmKind::TrunkUp { .. }]));
}

#[test]
fn a_call_for_help_is_not_recorded_whoever_it_is_put_together_with() {
    let (mut world, caller, carrier) = house(TrunkInput { emergency: true, ..TrunkInput::default() });
    world.put(DirectoryUser { recording: RecordingMode::All, ..fixture::user(2, "202") });
    let callee = world.registered("202", Manner::Answers);
    assert_eq!(world.call_result(caller, "202"), 200);
    world.pass(Duration::from_secs(8));
    assert!(world.core.recordings().len() == 1 && world.core.records());
    let first = world.phones[caller].dialog.take().unwrap();
    assert_eq!(world.call_result(caller, "911"), 200);
    world.run(|world| !world.phones[carrier].acks.is_empty());
    let replaces = world.phones[caller].replaces().replace(';', "%3B").replace('=', "%3D");
    world.phones[caller].dialog = Some(first);
    world.act(caller, |phone, now| phone.refer(now, &format!("sip:911@pbx.example.com?Replaces={replaces}")));
    world.run(|world| world.requests(caller, Method::Bye).len() == 2);
    assert!(!world.core.records(), "202's call with 201 was recorded, that with 911 is not");
    world.recorded(8, Ended::Stopped);
    world.pass(Duration::from_secs(8));
    assert!(world.core.recordings().is_empty() && !world.core.records());
    world.act(callee, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| world.core.open_calls() == 0);
}
