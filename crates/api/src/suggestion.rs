//! What a new user could be called, and reached by.

use axum::Json;
use lineside_model::field::FieldErrors;
use lineside_model::text::Name;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(suggest_username)),
        Route::new(Access::Administrator, routes!(suggest_extension)),
    ]
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct NameQuery {
    #[param(required, example = "Ana")]
    first_name: String,
    #[param(required, example = "Duarte")]
    last_name: String,
}

/// A username that is free.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsernameSuggestion {
    #[schema(example = "ana.duarte")]
    username: String,
}

/// An extension that is free.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExtensionSuggestion {
    /// `null`: all of that length are taken.
    #[schema(example = "203")]
    extension: Option<String>,
}

/// Suggest a username
#[utoipa::path(
    get,
    path = "/suggestions/username",
    tag = "Users",
    params(NameQuery),
    responses((status = 200, body = UsernameSuggestion, description = "A free one"))
)]
async fn suggest_username(
    Reading { service, caller, query }: Reading<NameQuery>,
) -> Result<Json<UsernameSuggestion>, Problem> {
    let mut errors = FieldErrors::default();
    let first = errors.take("first_name", Name::parse(&query.first_name));
    let last = errors.take("last_name", Name::parse(&query.last_name));
    let (first, last) = errors.into_result(first.zip(last))?;
    let username = service.suggest_username(&caller, &first, &last).await?.to_string();
    Ok(Json(UsernameSuggestion { username }))
}

/// Suggest an extension
#[utoipa::path(
    get,
    path = "/suggestions/extension",
    tag = "Users",
    responses((status = 200, body = ExtensionSuggestion, description = "The next free one"))
)]
async fn suggest_extension(Reading { service, caller, .. }: Reading) -> Result<Json<ExtensionSuggestion>, Problem> {
    let extension = service.suggest_extension(&caller).await?.map(|extension| extension.to_string());
    Ok(Json(ExtensionSuggestion { extension }))
}
