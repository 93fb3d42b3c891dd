//! People.

pub mod add;
pub mod delete;
pub mod edit;
pub mod list;
pub mod mails;
pub mod mass;
pub mod saved_view;
pub mod security;
pub mod selection;
pub mod show;
pub mod view;

use crate::router::{Access, Route};
use utoipa_axum::routes;

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list::list_users)),
        Route::change(routes!(add::add_user)),
        Route::change(routes!(delete::delete_users)),
        Route::change(routes!(mass::set_users_state)),
        Route::change(routes!(mass::edit_users)),
        Route::change(routes!(mass::send_welcome_to_many)),
        Route::new(Access::Administrator, routes!(mass::export_users)),
        Route::new(Access::Administrator, routes!(saved_view::list_user_views)),
        Route::new(Access::Administrator, routes!(saved_view::save_user_view)),
        Route::new(Access::Administrator, routes!(saved_view::remove_user_view)),
        Route::new(Access::Administrator, routes!(saved_view::show_user_columns)),
        Route::new(Access::Administrator, routes!(saved_view::choose_user_columns)),
        Route::new(Access::Administrator, routes!(show::show_user)),
        Route::change(routes!(edit::edit_user)),
        Route::change(routes!(security::set_user_state)),
        Route::change(routes!(security::set_user_security)),
        Route::change(routes!(mails::send_welcome)),
        Route::new(Access::Administrator, routes!(mails::retry_mail)),
    ]
}
