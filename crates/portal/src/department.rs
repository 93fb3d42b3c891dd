//! Groups of users.

mod delete;
mod edit;
mod list;

use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [list::routes(), edit::routes(), delete::routes()].into_iter().flatten().collect()
}
