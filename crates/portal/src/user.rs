//! Users: the list, Add user, a user's page and what is done on it.

pub mod add;
pub mod checklist;
pub mod contact;
pub mod device;
pub mod e911;
pub mod edit;
pub mod greeting;
pub mod license;
pub mod list;
pub mod mails;
pub mod page;
pub mod profile_form;
pub mod security;
pub mod state;
pub mod timeline;
pub mod why;
pub mod wizard;

use crate::router::Route;

pub fn routes() -> Vec<Route> {
    [
        list::routes(),
        add::routes(),
        wizard::routes(),
        page::routes(),
        edit::routes(),
        contact::routes(),
        license::routes(),
        why::routes(),
        e911::routes(),
        device::routes(),
        greeting::routes(),
        security::routes(),
        mails::routes(),
        state::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
