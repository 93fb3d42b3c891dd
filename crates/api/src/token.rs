//! API tokens: each acts as the person who made it.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use lineside_service::store::api_token::ApiTokenRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::body::Body;
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::User, routes!(list_tokens)),
        Route::new(Access::User, routes!(add_token)),
        Route::new(Access::User, routes!(revoke_token)),
    ]
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    id: Uuid,
    #[schema(example = "Payroll import")]
    name: String,
    /// What it begins with.
    prefix: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

/// A new token, shown whole this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreatedToken)]
pub struct CreatedTokenView {
    id: Uuid,
    #[schema(example = "Payroll import")]
    name: String,
    /// Keep it where secrets are kept: it is not shown again.
    token: String,
    created_at: DateTime<Utc>,
}

/// What the token is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
pub struct NewTokenBody {
    #[schema(example = "Payroll import")]
    name: String,
}

/// List your tokens
#[utoipa::path(
    get,
    path = "/tokens",
    tag = "Tokens",
    responses((status = 200, body = Vec<TokenView>, description = "Your own tokens"))
)]
async fn list_tokens(reading: Reading) -> Result<Json<Vec<TokenView>>, Problem> {
    listed(reading).await
}

/// Make a token
///
/// Not planned, and not repeated by an Idempotency-Key: the token could not be shown again.
#[utoipa::path(
    post,
    path = "/tokens",
    tag = "Tokens",
    request_body = NewTokenBody,
    responses((status = 201, body = CreatedTokenView, description = "The token, shown this once"))
)]
async fn add_token(reading: Reading, Body(body): Body<NewTokenBody>) -> Result<impl IntoResponse, Problem> {
    added(reading, &body).await
}

/// The caller's, whether they belong to an account or are an operator.
pub(crate) async fn listed(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<TokenView>>, Problem> {
    Ok(Json(service.api_tokens(&caller).await?.into_iter().map(TokenView::from).collect()))
}

/// The only time that it is seen whole.
pub(crate) async fn added(
    Reading { service, caller, .. }: Reading,
    body: &NewTokenBody,
) -> Result<impl IntoResponse + use<>, Problem> {
    let new = service.add_api_token(&caller, &body.name).await?;
    let ApiTokenRow { id, name, created_at, .. } = new.row;
    let created = CreatedTokenView { id, name, token: new.token, created_at };
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(created)))
}

/// Revoke a token of yours
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    tag = "Tokens",
    params(("id" = uuid::Uuid, Path, description = "The token")),
    responses((status = 204, description = "It opens nothing any more"))
)]
async fn revoke_token(Id(id): Id<Uuid>, Reading { service, caller, .. }: Reading) -> Result<StatusCode, Problem> {
    service.revoke_api_token(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<ApiTokenRow> for TokenView {
    fn from(row: ApiTokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}
