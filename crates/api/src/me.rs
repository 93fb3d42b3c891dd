//! Who I am: the token's person, whatever their role.

use utoipa_axum::routes;

use crate::etag::Shown;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};
use crate::user::view::UserView;

pub fn routes() -> Vec<Route> {
    vec![Route::new(Access::User, routes!(me))]
}

/// The person whom the token acts for
#[utoipa::path(get, path = "/me", tag = "Me", responses((status = 200, body = UserView, description = "The user")))]
async fn me(Reading { service, caller, .. }: Reading) -> Result<Shown<UserView>, Problem> {
    let user = service.me(&caller).await?;
    Ok(Shown(UserView::of(&service, &user)?))
}
