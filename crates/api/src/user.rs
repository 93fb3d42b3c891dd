//! People.

pub mod add;
pub mod list;
pub mod show;
pub mod view;

use crate::router::{Access, Route};
use utoipa_axum::routes;

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list::list_users)),
        Route::change(routes!(add::add_user)),
        Route::new(Access::Administrator, routes!(show::show_user)),
    ]
}
