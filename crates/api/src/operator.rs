//! Who runs Lineside: its accounts, the catalogue of what can be assigned in them, and their own tokens and journal.
//! Everything under `/operator` is for operators alone.

pub mod accounts;
pub mod add_account;
pub mod catalogue;
pub mod incident;
pub mod journal;
pub mod tokens;
pub mod trunk;

use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [
        accounts::routes(),
        add_account::routes(),
        catalogue::routes(),
        incident::routes(),
        journal::routes(),
        tokens::routes(),
        trunk::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
