//! Carriers as the world has them: a phone that plays one, in virtual time.

mod emergency;
mod guard;
mod inbound;
mod out;
mod watch;

use lineside_model::{
    call_report::{AlarmKind, CallReport},
    trunk::TrunkInput,
};
use lineside_sip::Transport;

use crate::{
    fixture,
    world::{World, phone::Manner},
};

/// As [`World::with_carrier`], with a carrier that is reached over TCP.
fn over_tcp() -> (World, usize, usize) {
    let (mut world, caller, _) = World::with_carrier(TrunkInput::default());
    let carrier = world.phone_over(Transport::Tcp, "901", Manner::Answers);
    let mut over_tcp = fixture::trunk(2, world.phones[carrier].flow.local, TrunkInput::default());
    over_tcp.settings.transport = lineside_model::directory::Transport::Tcp;
    world.trunks([over_tcp]);
    (world, caller, carrier)
}

fn alarms(world: &World) -> Vec<&AlarmKind> {
    let alarms = world.reports.iter().filter_map(|report| match report {
        CallReport::Alarm(alarm) => Some(&alarm.kind),
        _ => None,
    });
    alarms.collect()
}
