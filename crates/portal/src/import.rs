//! Users from files: upload, columns, the plan with every row's effect, apply, history, and files to fill in.

mod apply;
mod columns;
pub(crate) mod file;
pub(crate) mod history;
mod plan;

use std::time::Duration;

use crate::router::Route;

/// Most of what goes on in the background is done before anybody has to look twice.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

pub fn routes() -> Vec<Route> {
    [history::routes(), columns::routes(), plan::routes(), apply::routes(), file::routes()]
        .into_iter()
        .flatten()
        .collect()
}
