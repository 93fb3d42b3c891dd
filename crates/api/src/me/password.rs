//! One's own password, changed by whoever knows it.

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::body::Body;
use crate::problem::Problem;
use crate::reading::Reading;

/// The password that holds, and the one that shall.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPassword)]
pub struct NewPasswordBody {
    /// Wrong ones are counted as at sign-in: after ten, nobody gets in for 15 minutes.
    #[schema(format = Password, example = "a long walk in the rain")]
    current: String,
    #[schema(format = Password, example = "another walk in the snow")]
    password: String,
}

/// Change your password
///
/// Wherever you are signed in, you are signed out. Tokens stay. Not planned, and not repeated by an Idempotency-Key: with the new
/// password in place, the current one is wrong.
#[utoipa::path(
    put,
    path = "/me/password",
    tag = "Me",
    request_body = NewPasswordBody,
    responses((status = 204, description = "The new one holds"))
)]
pub async fn change_own_password(
    Reading { service, caller, .. }: Reading,
    Body(body): Body<NewPasswordBody>,
) -> Result<StatusCode, Problem> {
    service.change_password(&caller, &body.current, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
