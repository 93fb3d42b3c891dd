//! A carrier that asks who we are within a call.

use std::time::Duration;

use lineside_model::{directory::DirectoryTrunk, trunk::TrunkInput};
use lineside_sip::{HeaderName, Method};

use super::is_over;
use crate::{
    fixture,
    world::{World, phone::OFFER},
};

const CHALLENGE: (HeaderName, &str) =
    (HeaderName::ProxyAuthenticate, "Digest realm=\"carrier\", nonce=\"n\", algorithm=MD5, qop=\"auth\"");

/// 201 talks with somebody outside of the house.
fn talking_outside(password: Option<&str>) -> (World, usize, usize) {
    let input = TrunkInput { username: "house".into(), ..TrunkInput::default() };
    let (mut world, caller, carrier) = World::with_carrier(input.clone());
    let trunk = fixture::trunk(1, world.phones[carrier].flow.local, input);
    world.trunks([DirectoryTrunk { password: password.map(str::to_owned), ..trunk }]);
    assert_eq!(world.call_result(caller, "+16025550199"), 200);
    world.run(|world| !world.phones[carrier].acks.is_empty());
    world.pass(Duration::from_secs(1));
    (world, caller, carrier)
}

#[test]
fn a_carrier_gets_what_it_asks_for_with_every_request_within_the_call() {
    let (mut world, caller, carrier) = talking_outside(Some("hush"));
    world.phones[carrier].refuses = Some((Method::Invite, 407, CHALLENGE));
    let held = OFFER.replace("sendrecv", "sendonly");
    world.act(caller, |phone, now| phone.say(now, Method::Invite, Some(&held)));
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(200));
    world.pass(Duration::from_secs(1));
    world.phones[carrier].refuses = Some((Method::Bye, 407, CHALLENGE));
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    world.pass(Duration::from_secs(1));
    for (method, before, cseq) in [(Method::Invite, 2, 3), (Method::Bye, 1, 5)] {
        let requests = world.requests(carrier, method);
        let again = &requests[before];
        assert!(again.contains(&format!("CSeq: {cseq} {method}")), "{again}");
        assert!(again.contains("Proxy-Authorization: Digest username=\"house\""), "{again}");
        assert_eq!(requests.len(), before + 1, "once");
    }
    // Nobody is asked any more whether it is there.
    world.trunks([]);
    world.pass(Duration::from_hours(2));
    assert_eq!(world.core.left_over(), Vec::<String>::new());
}

#[test]
fn who_has_no_password_asks_once() {
    let (mut world, caller, carrier) = talking_outside(None);
    world.phones[carrier].refuses = Some((Method::Bye, 407, CHALLENGE));
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    // Nobody is asked any more whether it is there.
    world.trunks([]);
    world.pass(Duration::from_hours(2));
    assert_eq!(world.requests(carrier, Method::Bye).len(), 1);
    assert_eq!(world.core.left_over(), Vec::<String>::new());
}
