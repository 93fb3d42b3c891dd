//! Whether a trunk is there, and what is told of it.

use std::time::Duration;

use lineside_model::{call_report::AlarmKind, trunk::TrunkInput};
use lineside_sip::Method;

use super::alarms;
use crate::world::{World, phone::Manner};

#[test]
fn a_trunk_without_registration_is_asked_whether_it_is_there_and_its_state_told_once() {
    let (mut world, _, carrier) = World::with_carrier(TrunkInput::default());
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
fn a_trunk_registers_again_and_tells_when_it_can_not() {
    let input = TrunkInput { register: true, username: "lineside".into(), ..TrunkInput::default() };
    let (mut world, caller, carrier) = World::with_carrier(input);
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
