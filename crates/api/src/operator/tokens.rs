//! API tokens of operators: each acts as the operator who made it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::body::Body;
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};
use crate::token::{CreatedTokenView, NewTokenBody, TokenView, added, listed};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Operator, routes!(list_operator_tokens)),
        Route::new(Access::Operator, routes!(add_operator_token)),
        Route::new(Access::Operator, routes!(revoke_operator_token)),
    ]
}

/// List the operator's own tokens
#[utoipa::path(
    get,
    path = "/operator/tokens",
    tag = "Operator: tokens",
    responses((status = 200, body = Vec<TokenView>, description = "Your own tokens"))
)]
async fn list_operator_tokens(reading: Reading) -> Result<Json<Vec<TokenView>>, Problem> {
    listed(reading).await
}

/// Make a token of the operator
///
/// Not planned, and not repeated by an Idempotency-Key: the token could not be shown again.
#[utoipa::path(
    post,
    path = "/operator/tokens",
    tag = "Operator: tokens",
    request_body = NewTokenBody,
    responses((status = 201, body = CreatedTokenView, description = "The token, shown this once"))
)]
async fn add_operator_token(reading: Reading, Body(body): Body<NewTokenBody>) -> Result<impl IntoResponse, Problem> {
    added(reading, &body).await
}

/// Revoke a token of the operator
#[utoipa::path(
    delete,
    path = "/operator/tokens/{id}",
    tag = "Operator: tokens",
    params(("id" = uuid::Uuid, Path, description = "The token")),
    responses((status = 204, description = "It opens nothing any more"))
)]
async fn revoke_operator_token(
    Id(id): Id<Uuid>,
    Reading { service, caller, .. }: Reading,
) -> Result<StatusCode, Problem> {
    service.revoke_api_token(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
