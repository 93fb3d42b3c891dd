//! Who I am: the token's person, whatever their role.

use axum::Json;
use axum::extract::State;
use lineside_service::Service;
use utoipa_axum::routes;

use crate::gate::SignedIn;
use crate::problem::Problem;
use crate::query::{Nothing, Params};
use crate::router::{Access, Route};
use crate::user::view::UserView;

pub fn routes() -> Vec<Route> {
    vec![Route::new(Access::User, routes!(me))]
}

/// The person whom the token acts for
#[utoipa::path(get, path = "/me", tag = "Me", responses((status = 200, body = UserView, description = "The user")))]
async fn me(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Params(Nothing {}): Params<Nothing>,
) -> Result<Json<UserView>, Problem> {
    let user = service.me(&caller).await?;
    Ok(Json(UserView::of(&service, &user)?))
}
