//! Calls between phones, in virtual time.

mod early;
mod hang_up;
mod leak;
mod place;
mod record;
mod replace;
mod ring;
mod session;
mod sign;
mod story;
mod talk;
mod transfer;
mod voicemail;

use crate::world::{World, phone::Manner};

/// A world in which 201 and 202 talk.
fn talking() -> (World, usize, usize) {
    let mut world = World::new();
    let (caller, callee) = (world.registered("201", Manner::Rings), world.registered("202", Manner::Answers));
    assert_eq!(world.call_result(caller, "202"), 200);
    world.run(|world| !world.phones[callee].acks.is_empty());
    (world, caller, callee)
}

fn is_over(world: &World) -> bool {
    world.core.open_calls() == 0
}
