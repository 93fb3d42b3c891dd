//! Carriers as the world has them: a phone that plays one, in virtual time.

mod emergency;
mod guard;
mod inbound;
mod out;
mod watch;

use std::net::SocketAddr;

use lineside_model::{
    call_report::{AlarmKind, CallReport},
    directory::{DirectoryAccount, DirectoryTrunk},
    id::TrunkId,
    trunk::TrunkInput,
};
use lineside_sip::Transport;

use crate::{
    fixture,
    world::{World, phone::Manner},
};

fn trunk(n: u128, address: SocketAddr, input: TrunkInput) -> DirectoryTrunk {
    let input = TrunkInput {
        name: "Carrier".into(),
        enabled: true,
        host: address.ip().to_string(),
        port: address.port().to_string(),
        transport: "UDP".into(),
        ..input
    };
    DirectoryTrunk {
        trunk_id: TrunkId(uuid::Uuid::from_u128(n)),
        account_id: None,
        serves: None,
        settings: input.parse().unwrap(),
        password: (!input.username.is_empty()).then(|| "hush".to_owned()),
    }
}

/// 201 has a number and a phone; the carrier is a phone that nobody registered.
fn house(input: TrunkInput) -> (World, usize, usize) {
    let mut world = World::new();
    world.put(fixture::user_with_number(1, "201"));
    world.directory.put_account(DirectoryAccount::new(fixture::account_id(), fixture::DOMAIN));
    let caller = world.registered("201", Manner::Answers);
    let carrier = world.phone("900", Manner::Answers);
    let address = world.phones[carrier].flow.local;
    world.trunks([trunk(1, address, input)]);
    (world, caller, carrier)
}

fn over_tcp() -> (World, usize, usize) {
    let (mut world, caller, _) = house(TrunkInput::default());
    let carrier = world.phone_over(Transport::Tcp, "901", Manner::Answers);
    let mut over_tcp = trunk(2, world.phones[carrier].flow.local, TrunkInput::default());
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
