//! A carrier that asks who we are within a call.

use std::time::Duration;

use lineside_model::{
    directory::{DirectoryAccount, DirectoryTrunk},
    id::TrunkId,
    trunk::TrunkInput,
};
use lineside_sip::{HeaderName, Method};

use super::is_over;
use crate::{
    fixture,
    world::{
        World,
        phone::{Manner, OFFER},
    },
};

const CHALLENGE: (HeaderName, &str) =
    (HeaderName::ProxyAuthenticate, "Digest realm=\"carrier\", nonce=\"n\", algorithm=MD5, qop=\"auth\"");

/// 201 talks with somebody outside of the house.
fn talking_outside(password: Option<&str>) -> (World, usize, usize) {
    let mut world = World::new();
    world.put(fixture::user_with_number(1, "201"));
    world.directory.put_account(DirectoryAccount::new(fixture::account_id(), fixture::DOMAIN));
    let caller = world.registered("201", Manner::Answers);
    let carrier = world.phone("900", Manner::Answers);
    let address = world.phones[carrier].flow.local;
    let input = TrunkInput {
        name: "Carrier".into(),
        enabled: true,
        host: address.ip().to_string(),
        port: address.port().to_string(),
        transport: "UDP".into(),
        username: "house".into(),
        ..TrunkInput::default()
    };
    let settings = input.parse().unwrap();
    let trunk_id = TrunkId(uuid::Uuid::from_u128(1));
    world.trunks([DirectoryTrunk {
        trunk_id,
        account_id: None,
        serves: None,
        settings,
        password: password.map(str::to_owned),
    }]);
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
