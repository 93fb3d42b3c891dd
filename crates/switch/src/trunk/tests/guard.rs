//! What is not open is not called, and limits hold.

use std::time::Duration;

use lineside_model::{call_report::AlarmKind, directory::DirectoryAccount, outbound::Talked, trunk::TrunkInput};
use lineside_sip::Method;

use super::alarms;
use crate::{fixture, world::World};

#[test]
fn what_is_not_open_is_not_called() {
    let (mut world, caller, carrier) = World::with_carrier(TrunkInput::default());
    assert_eq!(world.call_result(caller, "011442079460000"), 403);
    assert!(world.requests(carrier, Method::Invite).is_empty());
}

#[test]
fn what_is_not_open_is_told_and_what_was_talked_before_counts() {
    let (mut world, caller, _) = World::with_carrier(TrunkInput::default());
    assert_eq!(world.call_result(caller, "011442079460000"), 403);
    assert!(matches!(alarms(&world)[..], [.., AlarmKind::DestinationRefused { .. }]));
    let (account_id, user_id) = (fixture::account_id(), fixture::user_id(1));
    let talked = Talked { account_id, user_id, date: world.now.utc.date_naive(), seconds: 600 * 60 };
    world.core.talked(&[talked]);
    assert_eq!(world.call_result(caller, "+16025550199"), 403);
    assert!(matches!(alarms(&world)[..], [.., AlarmKind::LimitReached { .. }]));
}

#[test]
fn limits_end_what_fraud_begins_and_raise_an_alarm() {
    let (mut world, caller, _) = World::with_carrier(TrunkInput::default());
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
