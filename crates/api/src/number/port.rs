//! Numbers that port in: expected on another day, and arrived.

use chrono::NaiveDate;
use lineside_model::change::Change;
use lineside_model::id::NumberId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::id::Id;
use crate::number::list::{NumberView, shown};

/// When a number is expected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Port {
    #[schema(example = "2027-03-01")]
    ports_on: NaiveDate,
}

/// Expect a number on another day
///
/// What is scheduled for the user that it is promised to is rehearsed anew.
#[utoipa::path(
    put,
    path = "/numbers/{id}/port",
    tag = "Numbers",
    params(("id" = uuid::Uuid, Path, description = "A number that is porting in")),
    request_body = Port,
    responses((status = 200, body = NumberView, description = "The number"))
)]
pub async fn move_port(Id(number_id): Id<NumberId>, ask: Ask, Body(body): Body<Port>) -> Answer {
    let change = Change::MovePort { number_id, version: None, date: body.ports_on };
    ask.carry_out(change, || shown(&ask.service, &ask.caller, number_id)).await
}

/// Complete a port
///
/// The number is used from now on: by the user that it was promised to, or it is free. Scheduled licenses that failed only
/// because it was late go on by themselves.
#[utoipa::path(
    post,
    path = "/numbers/{id}/port/complete",
    tag = "Numbers",
    params(("id" = uuid::Uuid, Path, description = "A number that is porting in")),
    responses((status = 200, body = NumberView, description = "The number"))
)]
pub async fn complete_port(Id(number_id): Id<NumberId>, ask: Ask) -> Answer {
    ask.carry_out(Change::CompletePort { number_id }, || shown(&ask.service, &ask.caller, number_id)).await
}
