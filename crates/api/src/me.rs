//! Who I am and what I set myself: the token's person, whatever their role. One's own forwarding, voicemail, greeting and
//! emergency address stand beside those of others, in their files.

pub mod device;
pub mod password;

use utoipa_axum::routes;

use crate::etag::Shown;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};
use crate::user::view::UserView;

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::User, routes!(me)),
        Route::new(Access::User, routes!(device::list_own_devices)),
        Route::new(Access::User, routes!(password::change_own_password)),
    ]
}

/// The person whom the token acts for
#[utoipa::path(get, path = "/me", tag = "Me", responses((status = 200, body = UserView, description = "The user")))]
async fn me(Reading { service, caller, .. }: Reading) -> Result<Shown<UserView>, Problem> {
    let user = service.me(&caller).await?;
    Ok(Shown(UserView::of(&service, &user)?))
}
