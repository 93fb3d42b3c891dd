//! Users: the list, Add user, a user's page and what is done on it.

pub mod add;
pub mod checklist;
pub mod contact;
pub mod delete;
pub mod device;
pub mod e911;
pub mod edit;
pub mod forwarding;
pub mod greeting;
pub mod license;
pub mod list;
pub mod mails;
pub mod mass_edit;
pub mod page;
pub mod profile_form;
pub mod recording;
pub mod security;
pub mod state;
pub mod test_call;
pub mod timeline;
pub mod view;
pub mod voicemail;
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
        voicemail::routes(),
        forwarding::routes(),
        recording::routes(),
        test_call::routes(),
        security::routes(),
        mails::routes(),
        state::routes(),
        delete::routes(),
        mass_edit::routes(),
        view::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
