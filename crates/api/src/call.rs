//! Calls: the history, those that go on, and one with its SIP messages.

pub mod list;
pub mod live;
pub mod route;
pub mod show;
pub mod view;

use utoipa_axum::routes;

use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list::list_calls)),
        Route::new(Access::Administrator, routes!(list::list_calls_of_user)),
        Route::new(Access::User, routes!(list::list_own_calls)),
        Route::new(Access::Administrator, routes!(live::list_live_calls)),
        Route::new(Access::Administrator, routes!(route::explain_route)),
        Route::new(Access::User, routes!(show::show_call)),
        Route::new(Access::Administrator, routes!(live::hang_up_call)),
        Route::new(Access::Administrator, routes!(show::list_sip_messages)),
    ]
}
