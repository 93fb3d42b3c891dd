//! The end of calls, by whoever ends them or is gone.

use std::time::Duration;

use lineside_model::call_report::CallReport;
use lineside_sip::Method;

use super::{is_over, talking};
use crate::world::{World, phone::Manner};

#[test]
fn either_side_hangs_up() {
    for by_caller in [true, false] {
        let (mut world, caller, callee) = talking();
        let (by, other) = if by_caller { (caller, callee) } else { (callee, caller) };
        world.act(by, |phone, now| phone.say(now, Method::Bye, None));
        world.run(|world| !world.requests(other, Method::Bye).is_empty());
        assert_eq!(world.phones[by].result, Some(200));
        assert!(is_over(&world));
    }
}

#[test]
fn crossed_byes_are_both_answered() {
    let (mut world, caller, callee) = talking();
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.act(callee, |phone, now| phone.say(now, Method::Bye, None));
    world.run(|world| [caller, callee].iter().all(|phone| world.phones[*phone].result.is_some()));
    assert_eq!([caller, callee].map(|phone| world.phones[phone].result), [Some(200), Some(200)]);
    assert!(is_over(&world));
}

#[test]
fn a_caller_that_never_acknowledges_loses_the_call() {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    world.phones[caller].forgets_ack = true;
    world.call(caller, "202");
    world.pass(Duration::from_secs(31));
    let answers = world.phones[caller].statuses().iter().filter(|status| **status == 200).count();
    assert!(answers > 5, "the 2xx was repeated: {answers}");
    world.run(is_over);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.requests(callee, Method::Bye).len(), 1);
}

#[test]
fn a_callee_that_hangs_up_before_the_ack_waits_for_it() {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    world.phones[caller].forgets_ack = true;
    assert_eq!(world.call_result(caller, "202"), 200);
    world.act(callee, |phone, now| phone.say(now, Method::Bye, None));
    world.pass(Duration::from_secs(1));
    assert!(world.requests(caller, Method::Bye).is_empty());
    world.phones[caller].forgets_ack = false;
    world.run(|world| !world.requests(caller, Method::Bye).is_empty());
    assert!(is_over(&world));
}

#[test]
fn a_phone_that_lost_its_power_does_not_keep_the_call_for_ever() {
    let (mut world, caller, callee) = talking();
    world.pass(Duration::from_mins(30));
    assert_eq!(world.core.open_calls(), 1, "silent phones are asked, and answer");
    assert!(!world.requests(callee, Method::Options).is_empty());
    world.phones[callee].manner = Manner::IsDead;
    world.run(is_over);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.requests(caller, Method::Bye).len(), 1);
}

#[test]
fn requests_of_no_call_are_told_so() {
    let (mut world, caller, _) = talking();
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    world.pass(Duration::from_mins(1));
    world.act(caller, |phone, now| phone.say(now, Method::Info, Some("Signal=1")));
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(481));
}

#[test]
fn an_administrator_ends_a_call() {
    let (mut world, caller, callee) = talking();
    let CallReport::Began(began) = &world.reports[0] else { panic!() };
    let call = began.call;
    world.core.hang_up(world.now, call);
    world.run(is_over);
    world.pass(Duration::from_secs(1));
    assert_eq!([caller, callee].map(|phone| world.requests(phone, Method::Bye).len()), [1, 1]);
}
