//! What is told of calls outside.

use lineside_model::call_report::{CallOutcome, CallReport, EndedBy};
use lineside_sip::Method;

use super::{is_over, talking};
use crate::fixture;

#[test]
fn what_happens_to_a_call_is_told_in_its_order() {
    let (mut world, caller, _) = talking();
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    let reports = &world.reports;
    let [CallReport::Began(began), CallReport::Answered(answered), CallReport::Ended(ended)] = &reports[..] else {
        panic!("{reports:?}")
    };
    assert_eq!((began.caller.number.as_str(), began.dialled.as_str()), ("201", "202"));
    assert_eq!(began.callee.as_ref().and_then(|callee| callee.user), Some(fixture::user_id(2)));
    assert_eq!(answered.call, began.call);
    assert_eq!((ended.outcome, ended.ended_by), (CallOutcome::Answered, EndedBy::Caller));
    assert_eq!(ended.began, *began);
}

#[test]
fn a_call_ends_with_its_ladder_and_no_credentials_in_it() {
    let (mut world, caller, _) = talking();
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    let Some(CallReport::Ended(ended)) = world.reports.last() else { panic!() };
    let steps = ended.ladder.steps();
    let told: Vec<_> = steps.iter().map(|step| (step.leg, step.received, step.title.as_str())).collect();
    let expected = [
        (0, true, "INVITE"),
        (1, false, "INVITE"),
        (1, true, "180 Ringing"),
        (0, false, "180 Ringing"),
        (1, true, "200 OK"),
        (1, false, "ACK"),
        (0, false, "200 OK"),
        (0, true, "ACK"),
        (0, true, "BYE"),
        (0, false, "200 OK"),
        (1, false, "BYE"),
    ];
    assert_eq!(told, expected);
    assert!(steps.iter().all(|step| !step.text.contains("Digest")));
}
