//! Mailboxes: what is set, and the messages in them.

pub mod message;
pub mod settings;

use utoipa_axum::routes;

use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(message::list_messages)),
        Route::new(Access::User, routes!(message::list_own_messages)),
        Route::new(Access::User, routes!(message::show_message)),
        Route::new(Access::User, routes!(message::mark_message)),
        Route::change_by(Access::User, routes!(message::delete_message)),
        Route::new(Access::User, routes!(message::play_message)),
        Route::new(Access::User, routes!(message::forward_message)),
        Route::new(Access::Administrator, routes!(settings::show_voicemail)),
        Route::change(routes!(settings::set_voicemail)),
        Route::new(Access::User, routes!(settings::show_own_voicemail)),
        Route::change_by(Access::User, routes!(settings::set_own_voicemail)),
    ]
}
