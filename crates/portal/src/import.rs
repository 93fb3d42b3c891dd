//! Users from files: upload, columns, the plan with every row's effect, apply, history, and files to fill in.

mod apply;
mod columns;
pub(crate) mod file;
pub(crate) mod history;
mod plan;

use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [history::routes(), columns::routes(), plan::routes(), apply::routes(), file::routes()]
        .into_iter()
        .flatten()
        .collect()
}
