//! Who runs Lineside: its accounts, and what can be assigned in them.

mod accounts;
mod add_account;
mod catalogue;
mod edit_account;
mod incidents;
mod journal;

use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [
        accounts::routes(),
        add_account::routes(),
        edit_account::routes(),
        catalogue::routes(),
        incidents::routes(),
        journal::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
