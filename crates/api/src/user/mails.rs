//! A user's mails: send the welcome mail, try a failed one again.

use axum::extract::State;
use axum::http::StatusCode;
use lineside_model::change::Change;
use lineside_model::id::{MailId, UserId};
use lineside_service::Service;

use crate::apply::{Answer, Ask};
use crate::gate::SignedIn;
use crate::id::{Id, Ids};
use crate::problem::Problem;
use crate::query::{Nothing, Params};
use crate::user::show::shown;
use crate::user::view::UserView;

/// Send the welcome mail
#[utoipa::path(
    post,
    path = "/users/{id}/welcome",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The user")),
    responses((status = 200, body = UserView, description = "The user; the mail is the first of `mails`"))
)]
pub async fn send_welcome(Id(user_id): Id<UserId>, ask: Ask) -> Answer {
    let change = Change::SendWelcome { user_ids: vec![user_id] };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, user_id)).await
}

/// Try a delayed or failed mail again at once
#[utoipa::path(
    post,
    path = "/users/{id}/mails/{mail_id}/retry",
    tag = "Users",
    params(
        ("id" = uuid::Uuid, Path, description = "The user"),
        ("mail_id" = uuid::Uuid, Path, description = "The mail"),
    ),
    responses((status = 204, description = "It is tried again now"))
)]
pub async fn retry_mail(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Ids(user, mail): Ids<UserId, MailId>,
    Params(Nothing {}): Params<Nothing>,
) -> Result<StatusCode, Problem> {
    service.retry_mail(&caller, user, mail).await?;
    Ok(StatusCode::NO_CONTENT)
}
