//! Who runs Lineside: its accounts, the catalogue of what can be assigned in them, and their own tokens and journal.
//! Everything under `/operator` is for operators alone.

pub mod accounts;
pub mod add_account;
pub mod catalogue;
pub mod journal;
pub mod tokens;

use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [accounts::routes(), add_account::routes(), catalogue::routes(), journal::routes(), tokens::routes()]
        .into_iter()
        .flatten()
        .collect()
}
