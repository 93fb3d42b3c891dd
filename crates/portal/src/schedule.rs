//! License changes that wait for their day: the account's list and calendar, and what is done with one of them.

pub mod edit;
pub mod entry;
pub mod list;
pub mod month;
pub mod remove;
pub mod retry;

use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [list::routes(), month::routes(), edit::routes(), remove::routes(), retry::routes()].into_iter().flatten().collect()
}
