//! Users, devices, numbers and locations from files: upload, columns, plan, apply, result; and files to fill in.

pub mod columns;
pub mod file;
pub mod plan;
pub mod upload;
pub mod view;

use lineside_service::import::upload_max;
use utoipa_axum::routes;

use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(upload::list_imports)),
        Route::new(Access::Administrator, routes!(upload::upload_import)).body_limit(upload_max()),
        Route::new(Access::Administrator, routes!(upload::show_import)),
        Route::new(Access::Administrator, routes!(columns::show_import_columns)),
        Route::new(Access::Administrator, routes!(columns::choose_import_columns)),
        Route::new(Access::Administrator, routes!(plan::show_import_plan)),
        Route::new(Access::Administrator, routes!(plan::plan_import)),
        Route::new(Access::Administrator, routes!(plan::correct_import)),
        Route::new(Access::Administrator, routes!(plan::apply_import)),
        Route::new(Access::Administrator, routes!(file::show_refused_rows)),
        Route::new(Access::Administrator, routes!(file::show_users_file)),
        Route::new(Access::Administrator, routes!(file::show_inventory_file)),
    ]
}
