//! Calls for help go out first, with the caller's place, whatever stands in their way.

use std::time::Duration;

use lineside_media::relay::Ended;
use lineside_model::{
    address::CivicAddressInput,
    call_report::{AlarmKind, CallReport},
    directory::{DirectoryAccount, DirectoryUser},
    emergency::{EmergencyCall, EmergencyPlace},
    extension::Destination,
    phone_number::E164,
    question::Asks,
    recording::RecordingMode,
    trunk::TrunkInput,
};
use lineside_sip::{Method, Transport};

use super::alarms;
use crate::{
    fixture,
    world::{World, phone::Manner},
};

/// 201 has a place too, and the carrier takes emergency calls over TCP.
fn with_place() -> (World, usize, usize) {
    let (mut world, caller, _) = World::with_carrier(TrunkInput::default());
    let carrier = world.phone_over(Transport::Tcp, "901", Manner::Answers);
    let mut over_tcp =
        fixture::trunk(2, world.phones[carrier].flow.local, TrunkInput { emergency: true, ..TrunkInput::default() });
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
    let (mut world, caller, carrier) = World::with_carrier(TrunkInput { emergency: true, ..TrunkInput::default() });
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
    let (mut world, caller, carrier) = World::with_carrier(TrunkInput::default());
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
fn an_emergency_call_is_recorded_only_where_the_account_decided_so() {
    for decided in [false, true] {
        let (mut world, caller, _) = World::with_carrier(TrunkInput { emergency: true, ..TrunkInput::default() });
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
fn a_call_for_help_is_not_recorded_whoever_it_is_put_together_with() {
    let (mut world, caller, carrier) = World::with_carrier(TrunkInput { emergency: true, ..TrunkInput::default() });
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
