//! Calls from carriers.

use std::time::Duration;

use lineside_model::trunk::TrunkInput;
use lineside_sip::Method;

use super::over_tcp;
use crate::{
    fixture,
    world::{World, phone::Manner},
};

#[test]
fn a_carrier_calls_numbers_and_nothing_else() {
    let (mut world, called, carrier) = World::with_carrier(TrunkInput::default());
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
