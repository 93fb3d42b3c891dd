//! What of a call is recorded, and when.

use std::time::Duration;

use lineside_media::{phrase::Phrase, relay::Ended};
use lineside_model::{
    call_report::CallReport,
    directory::{DirectoryAccount, DirectoryUser},
    recording::RecordingMode,
};
use lineside_sip::Method;

use super::is_over;
use crate::{
    fixture,
    world::{World, phone::Manner},
};

fn records(n: u8, mode: RecordingMode) -> DirectoryUser {
    DirectoryUser { recording: mode, ..fixture::user(n, &format!("20{n}")) }
}

/// What both are told takes less.
const TOLD: Duration = Duration::from_secs(8);

fn announces(world: &World, announce: bool) {
    let mut account = DirectoryAccount::new(fixture::account_id(), fixture::DOMAIN);
    account.rules.recording.announce = announce;
    world.directory.put_account(account);
}

fn recorded_users(world: &World) -> Vec<lineside_model::id::UserId> {
    let found = world.reports.iter().filter_map(|report| match report {
        CallReport::Recorded(recorded) => Some(recorded.user),
        _ => None,
    });
    found.collect()
}

#[test]
fn calls_are_recorded_by_choice_on_demand_and_paused() {
    let mut world = World::new();
    let caller = world.registered("201", Manner::Rings);
    world.put(records(2, RecordingMode::Inbound));
    let callee = world.registered("202", Manner::Answers);
    assert_eq!(world.call_result(caller, "202"), 200);
    world.pass(TOLD);
    assert_eq!(world.core.recordings().len(), 1);
    world.act(callee, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    world.recorded(60, Ended::HungUp);
    let Some(CallReport::Recorded(recorded)) = world.reports.last() else { panic!() };
    assert_eq!((recorded.user, recorded.duration_ms), (fixture::user_id(2), 60_000));
    assert_eq!((recorded.caller.number.as_str(), recorded.callee.number.as_str()), ("201", "202"));

    world.put(records(1, RecordingMode::OnDemand));
    world.put(fixture::user(2, "202"));
    assert_eq!(world.call_result(caller, "202"), 200);
    world.pass(TOLD);
    assert!(world.core.recordings().is_empty());
    world.press("*2*1");
    world.pass(TOLD);
    assert_eq!(world.core.recordings().len(), 1);
    world.press("*1");
    world.recorded(5, Ended::Stopped);
    assert!(matches!(world.reports.last(), Some(CallReport::Recorded(_))));
    world.press("*1");
    assert_eq!(world.core.recordings().len(), 1, "whoever was told is not told again");
}

#[test]
fn the_parties_are_told_before_anything_is_recorded() {
    let (mut world, caller, _) = {
        let mut world = World::new();
        world.put(records(2, RecordingMode::All));
        let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
        (world, caller, callee)
    };
    assert_eq!(world.call_result(caller, "202"), 200);
    let words = lineside_media::playlist::Playlist::from(Phrase::Recorded.prompt()).duration();
    world.pass(words);
    assert!(world.core.recordings().is_empty());
    world.pass(Duration::from_secs(1));
    assert_eq!(world.core.recordings().len(), 1);
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    world.recorded(5, Ended::HungUp);

    announces(&world, false);
    assert_eq!(world.call_result(caller, "202"), 200);
    assert_eq!(world.core.recordings().len(), 1, "at once where nobody is to be told");
}

#[test]
fn who_hangs_up_while_they_are_told_is_not_recorded() {
    let mut world = World::new();
    world.put(records(2, RecordingMode::All));
    let (caller, _) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    assert_eq!(world.call_result(caller, "202"), 200);
    world.pass(Duration::from_secs(1));
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    world.pass(Duration::from_hours(2));
    assert!(world.core.recordings().is_empty());
    assert_eq!(world.core.left_over(), Vec::<String>::new());
}

#[test]
fn a_blind_transfer_ends_the_recording_of_who_leaves_and_begins_that_of_who_comes() {
    let (mut world, _, callee) = {
        let mut world = World::new();
        world.put(records(2, RecordingMode::All));
        world.put(records(3, RecordingMode::Inbound));
        let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
        assert_eq!(world.call_result(caller, "202"), 200);
        (world, caller, callee)
    };
    world.pass(TOLD);
    let target = world.registered("203", Manner::Rings);
    world.act(callee, |phone, now| phone.refer(now, "sip:203@pbx.example.com"));
    world.run(|world| world.phones[target].ringing.is_some());
    world.recorded(8, Ended::Stopped);
    assert_eq!(recorded_users(&world), [fixture::user_id(2)]);
    world.act(target, |phone, now| phone.answer(now, 200));
    world.run(|world| !world.requests(callee, Method::Bye).is_empty());
    assert!(world.core.recordings().is_empty(), "who comes is told first");
    world.pass(TOLD);
    world.act(target, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
    world.recorded(8, Ended::HungUp);
    assert_eq!(recorded_users(&world), [2, 3].map(fixture::user_id));
}

#[test]
fn the_recording_of_who_stays_goes_on() {
    let mut world = World::new();
    world.put(records(1, RecordingMode::Outbound));
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    assert_eq!(world.call_result(caller, "202"), 200);
    world.pass(TOLD);
    let before = world.core.recordings();
    let target = world.registered("203", Manner::Answers);
    let first = world.phones[callee].dialog.take().unwrap();
    assert_eq!(world.call_result(callee, "203"), 200);
    world.run(|world| !world.phones[target].acks.is_empty());
    let replaces = world.phones[callee].replaces().replace(';', "%3B").replace('=', "%3D");
    world.phones[callee].dialog = Some(first);
    world.act(callee, |phone, now| phone.refer(now, &format!("sip:203@pbx.example.com?Replaces={replaces}")));
    world.run(|world| world.requests(callee, Method::Bye).len() == 2);
    world.pass(TOLD);
    assert_eq!((before.len(), world.core.recordings()), (1, before));
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
}

#[test]
fn who_takes_a_place_has_a_choice_and_a_call_that_comes_back_is_recorded_again() {
    let mut world = World::new();
    world.put(records(3, RecordingMode::All));
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    let colleague = world.registered("203", Manner::Rings);
    assert_eq!(world.call_result(caller, "202"), 200);
    world.run(|world| !world.phones[callee].acks.is_empty());
    world.pass(TOLD);
    assert!(world.core.recordings().is_empty());
    world.phones[colleague].takes_place = Some(world.phones[callee].replaces());
    assert_eq!(world.call_result(colleague, "202"), 200);
    world.pass(TOLD);
    assert_eq!(world.core.recordings().len(), 1);

    world.phones[callee].manner = Manner::Rings;
    world.act(colleague, |phone, now| phone.refer(now, "sip:202@pbx.example.com"));
    world.run(|world| world.phones[callee].ringing.is_some());
    world.recorded(5, Ended::Stopped);
    assert!(world.core.recordings().is_empty());
    world.act(callee, |phone, now| phone.answer(now, 486));
    world.run(|world| world.requests(colleague, Method::Notify).len() == 2);
    assert_eq!(world.core.recordings().len(), 1);
    world.act(caller, |phone, now| phone.say(now, Method::Bye, None));
    world.run(is_over);
}
