//! The account's inventory of phone numbers.

mod add;
mod assign;
mod list;
mod port;
mod take_back;

use lineside_model::phone_number::NumberState;

use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [list::routes(), add::routes(), assign::routes(), port::routes(), take_back::routes()]
        .into_iter()
        .flatten()
        .collect()
}

/// The state as a tag says it.
fn state_label(state: NumberState) -> &'static str {
    match state {
        NumberState::Free => "free",
        NumberState::Assigned => "assigned",
        NumberState::Reserved => "reserved",
        NumberState::PortingIn => "porting in",
        NumberState::Quarantined => "quarantined",
    }
}

/// The tag's colour, beside its word.
fn state_class(state: NumberState) -> &'static str {
    match state {
        NumberState::Free => "ok",
        NumberState::Assigned => "",
        NumberState::Reserved | NumberState::PortingIn | NumberState::Quarantined => "wait",
    }
}
