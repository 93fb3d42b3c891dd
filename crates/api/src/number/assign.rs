//! Numbers given to users and taken back.

use lineside_model::change::Change;
use lineside_model::id::{NumberId, UserId};

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::device::change::UserRef;
use crate::id::Id;
use crate::number::list::{NumberView, shown};

/// Give a number to a user
#[utoipa::path(
    put,
    path = "/numbers/{id}/user",
    tag = "Numbers",
    params(("id" = uuid::Uuid, Path, description = "The number")),
    request_body = UserRef,
    responses((status = 200, body = NumberView, description = "The number"))
)]
pub async fn assign_number(Id(number_id): Id<NumberId>, ask: Ask, Body(body): Body<UserRef>) -> Answer {
    let change = Change::AssignNumber { number_id, user_id: Some(UserId(body.user_id)) };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, number_id)).await
}

/// Take a number from its user
#[utoipa::path(
    delete,
    path = "/numbers/{id}/user",
    tag = "Numbers",
    params(("id" = uuid::Uuid, Path, description = "The number")),
    responses((status = 200, body = NumberView, description = "The number"))
)]
pub async fn unassign_number(Id(number_id): Id<NumberId>, ask: Ask) -> Answer {
    let change = Change::AssignNumber { number_id, user_id: None };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, number_id)).await
}
