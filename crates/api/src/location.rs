//! Sites.

pub mod change;
pub mod list;

use utoipa_axum::routes;

use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list::list_locations)),
        Route::change(routes!(change::add_location)),
        Route::new(Access::Administrator, routes!(list::show_location)),
        Route::change(routes!(change::edit_location)),
        Route::change(routes!(change::delete_location)),
    ]
}
