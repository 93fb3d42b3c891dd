//! Licenses given to users and taken back, many at once: now, or on a date, and with what they need beside them.

use chrono::NaiveDate;
use lineside_model::change::{Change, USERS_MAX};
use lineside_model::field::FieldErrors;
use lineside_model::id::UserId;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::license::repair::Repairs;
use crate::license::{find_track, find_type};
use crate::plan::PlanView;
use crate::problem::Problem;
use crate::user::selection::{self, Matching};

/// Users, and what they get.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssignLicense)]
pub struct AssignBody {
    /// At most 10,000.
    #[serde(default)]
    user_ids: Vec<Uuid>,
    /// These too.
    matching: Option<Matching>,
    /// By its slug or id. It replaces what the users hold of the same track.
    #[schema(example = "business")]
    license_type: String,
    /// At 00:00 of this date in the account's time zone, from tomorrow on; without one: now. What would make it fail on its
    /// date is in the plan's `conflicts` and does not keep it from being scheduled.
    #[schema(example = "2027-03-01")]
    date: Option<NaiveDate>,
    /// What is missing, done in the same change.
    repairs: Option<Repairs>,
}

/// Users, and what they lose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RemoveLicense)]
pub struct RemoveBody {
    /// At most 10,000.
    #[serde(default)]
    user_ids: Vec<Uuid>,
    /// These too.
    matching: Option<Matching>,
    /// By its slug or id.
    #[schema(example = "voice")]
    track: String,
    /// At 00:00 of this date in the account's time zone, from tomorrow on; without one: now.
    #[schema(example = "2027-03-01")]
    date: Option<NaiveDate>,
}

/// Assign a license to users
///
/// All of them or, when one can't have it, none. With `repairs`, these and the assignment are one change: planned, applied and
/// in the journal as one.
#[utoipa::path(
    post,
    path = "/licenses/assign",
    tag = "Licenses",
    request_body = AssignBody,
    responses((status = 200, body = PlanView, description = "What was done"))
)]
pub async fn assign_license(ask: Ask, Body(body): Body<AssignBody>) -> Answer {
    let user_ids = selected(&ask, body.user_ids, body.matching).await?;
    let mut errors = FieldErrors::default();
    let users = errors.take("user_ids", users(&user_ids));
    let license = errors.take("license_type", find_type(&ask.service, &body.license_type).await?);
    let mut changes = match body.repairs {
        Some(repairs) => repairs.read(&ask.service, &user_ids, license, body.date, &mut errors).await?,
        None => Vec::new(),
    };
    let (user_ids, license_type_id) = errors.into_result(users.zip(license))?;
    changes.push(Change::AssignLicense { user_ids, license_type_id, date: body.date });
    ask.carry_out_many(Change::together(changes)).await
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
    let user_ids = selected(&ask, body.user_ids, body.matching).await?;
    let mut errors = FieldErrors::default();
    let users = errors.take("user_ids", users(&user_ids));
    let track = errors.take("track", find_track(&ask.service, &body.track).await?);
    let (user_ids, track_id) = errors.into_result(users.zip(track))?;
    ask.carry_out_many(Change::RemoveLicense { user_ids, track_id, date: body.date }).await
}

/// Those named, in their order, and those that match, each once.
async fn selected(ask: &Ask, named: Vec<Uuid>, matching: Option<Matching>) -> Result<Vec<Uuid>, Problem> {
    if matching.is_none() {
        return Ok(named);
    }
    let users = selection::users(&ask.service, &ask.caller, named, matching).await?;
    Ok(users.into_iter().map(Uuid::from).collect())
}

pub(super) fn users(ids: &[Uuid]) -> Result<Vec<UserId>, String> {
    match ids.len() {
        0 => Err("name at least one user".to_owned()),
        1..=USERS_MAX => Ok(ids.iter().copied().map(UserId).collect()),
        _ => Err(format!("one request names at most {USERS_MAX} users; send the rest afterwards")),
    }
}
