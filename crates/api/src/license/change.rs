//! Licenses given to users and taken back, many at once.

use lineside_model::change::{Change, USERS_MAX};
use lineside_model::field::FieldErrors;
use lineside_model::id::UserId;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::license::{find_track, find_type};
use crate::plan::PlanView;

/// Users, and what they get.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssignLicense)]
pub struct AssignBody {
    /// At most 10,000.
    user_ids: Vec<Uuid>,
    /// By its slug or id. It replaces what the users hold of the same track.
    #[schema(example = "business")]
    license_type: String,
}

/// Users, and what they lose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RemoveLicense)]
pub struct RemoveBody {
    /// At most 10,000.
    user_ids: Vec<Uuid>,
    /// By its slug or id.
    #[schema(example = "voice")]
    track: String,
}

/// Assign a license to users
///
/// All of them or, when one can't have it, none.
#[utoipa::path(
    post,
    path = "/licenses/assign",
    tag = "Licenses",
    request_body = AssignBody,
    responses((status = 200, body = PlanView, description = "What was done"))
)]
pub async fn assign_license(ask: Ask, Body(body): Body<AssignBody>) -> Answer {
    let mut errors = FieldErrors::default();
    let users = errors.take("user_ids", users(&body.user_ids));
    let license = errors.take("license_type", find_type(&ask, &body.license_type).await?);
    let (user_ids, license_type_id) = errors.into_result(users.zip(license))?;
    ask.carry_out_many(Change::AssignLicense { user_ids, license_type_id, date: None }).await
}

/// Remove users' licenses of a track
#[utoipa::path(
    post,
    path = "/licenses/remove",
    tag = "Licenses",
    request_body = RemoveBody,
    responses((status = 200, body = PlanView, description = "What was done"))
)]
pub async fn remove_license(ask: Ask, Body(body): Body<RemoveBody>) -> Answer {
    let mut errors = FieldErrors::default();
    let users = errors.take("user_ids", users(&body.user_ids));
    let track = errors.take("track", find_track(&ask, &body.track).await?);
    let (user_ids, track_id) = errors.into_result(users.zip(track))?;
    ask.carry_out_many(Change::RemoveLicense { user_ids, track_id, date: None }).await
}

fn users(ids: &[Uuid]) -> Result<Vec<UserId>, String> {
    match ids.len() {
        0 => Err("name at least one user".to_owned()),
        1..=USERS_MAX => Ok(ids.iter().copied().map(UserId).collect()),
        _ => Err(format!("one request names at most {USERS_MAX} users; send the rest afterwards")),
    }
}
