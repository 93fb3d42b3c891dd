//! One user.

use lineside_model::id::UserId;
use lineside_service::{Caller, Service};

use crate::etag::Shown;
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;
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
    Id(id): Id<UserId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<UserView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

pub(crate) async fn shown(service: &Service, caller: &Caller, id: UserId) -> Result<UserView, Problem> {
    let user = service.user(caller, id).await?;
    UserView::of(service, &user)
}
