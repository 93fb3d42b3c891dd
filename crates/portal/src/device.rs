//! Phones and softphones, and the line that ties each to its user.

mod add;
mod assign;
mod delete;
mod generate;
mod lamp_keys;
mod list;
mod lock;
mod resync;
mod show;
mod unassign;

use lineside_model::device::DeviceModel;

use crate::control::Choice;
use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [
        lamp_keys::routes(),
        list::routes(),
        add::routes(),
        show::routes(),
        assign::routes(),
        unassign::routes(),
        lock::routes(),
        generate::routes(),
        resync::routes(),
        delete::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn models() -> Vec<Choice> {
    DeviceModel::ALL.iter().map(|model| Choice::new(model.slug, model.name)).collect()
}
