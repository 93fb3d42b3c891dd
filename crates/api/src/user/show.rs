//! One user.

use axum::Json;
use axum::extract::State;
use lineside_model::id::UserId;
use lineside_service::{Caller, Service};

use crate::gate::SignedIn;
use crate::id::Id;
use crate::problem::Problem;
use crate::query::{Nothing, Params};
use crate::user::view::UserView;

/// Show a user
#[utoipa::path(
    get,
    path = "/users/{id}",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 200, body = UserView, description = "The user"))
)]
pub async fn show_user(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Id(id): Id<UserId>,
    Params(Nothing {}): Params<Nothing>,
) -> Result<Json<UserView>, Problem> {
    shown(&service, &caller, id).await.map(Json)
}

pub(crate) async fn shown(service: &Service, caller: &Caller, id: UserId) -> Result<UserView, Problem> {
    let user = service.user(caller, id).await?;
    UserView::of(service, &user)
}
