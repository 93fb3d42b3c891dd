//! Phones and softphones.

pub mod add;
pub mod change;
pub mod list;
pub mod show;
pub mod view;

use utoipa_axum::routes;

use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list::list_devices)),
        Route::change(routes!(add::add_device)),
        Route::new(Access::Administrator, routes!(show::show_device)),
        Route::change(routes!(change::delete_device)),
        Route::change(routes!(change::assign_device)),
        Route::change(routes!(change::unassign_device)),
        Route::change(routes!(change::lock_device)),
        Route::change(routes!(change::set_lamp_keys)),
        Route::change(routes!(change::generate_secret)),
        Route::change(routes!(change::resync_device)),
        Route::new(Access::Administrator, routes!(list::list_device_models)),
    ]
}
