//! People.

pub mod add;
pub mod delete;
pub mod edit;
pub mod list;
pub mod mails;
pub mod security;
pub mod show;
pub mod view;

use crate::router::{Access, Route};
use utoipa_axum::routes;

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list::list_users)),
        Route::change(routes!(add::add_user)),
        Route::change(routes!(delete::delete_users)),
        Route::new(Access::Administrator, routes!(show::show_user)),
        Route::change(routes!(edit::edit_user)),
        Route::change(routes!(security::set_user_state)),
        Route::change(routes!(security::set_user_security)),
        Route::change(routes!(mails::send_welcome)),
        Route::new(Access::Administrator, routes!(mails::retry_mail)),
    ]
}
