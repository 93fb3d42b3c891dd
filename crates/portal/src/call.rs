//! Calls: those that go on, the history, one call with its ladder, and where a call would go.

mod export;
mod hang_up;
mod ladder;
mod list;
mod show;
mod whither;

use lineside_model::call_report::CallEnded;

use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [list::routes(), export::routes(), whither::routes(), hang_up::routes(), show::routes()]
        .into_iter()
        .flatten()
        .collect()
}

/// The lamp's word for how a call ended.
pub(crate) fn tag(call: &CallEnded) -> &'static str {
    use lineside_model::call_report::CallOutcome as Outcome;
    match call.outcome {
        Outcome::Answered => "ok",
        Outcome::Refused | Outcome::Failed | Outcome::NotInService | Outcome::Unreachable => "bad",
        Outcome::Cancelled | Outcome::NoAnswer | Outcome::Busy | Outcome::Declined => "wait",
    }
}

/// `1:05`, or nothing for a call that was not answered.
fn talked(call: &CallEnded) -> String {
    if call.answered.is_some() { lineside_model::call::clock(call.talked()) } else { String::new() }
}
