//! Saved views of the list of users, and the columns that the caller chose.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use lineside_model::field::FieldErrors;
use lineside_model::id::ViewId;
use lineside_model::list::UserSort;
use lineside_model::user_view::{UserColumn, UserView, Viewed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::body::Body;
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::user::selection::Matching;
use crate::user::view::SortName;

/// A saved view: what `GET /users` is asked for, and the columns that pages show.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserView)]
pub struct SavedView {
    id: Uuid,
    #[schema(example = "Phoenix without a number")]
    name: String,
    /// Everybody who administers the account sees it.
    shared: bool,
    /// Who saved it.
    user_id: Uuid,
    filter: Matching,
    #[schema(inline)]
    sort: SortName,
    descending: bool,
    #[schema(example = json!(["extension", "ready"]))]
    columns: Vec<&'static str>,
    created_at: DateTime<Utc>,
}

/// A view to save. Under a name that you have already, it takes that view's place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUserView)]
pub struct NewView {
    #[schema(example = "Phoenix without a number")]
    name: String,
    /// Everybody who administers the account sees it.
    #[serde(default)]
    shared: bool,
    #[serde(default)]
    filter: Matching,
    #[schema(inline)]
    sort: Option<SortName>,
    #[serde(default)]
    descending: bool,
    /// Of `extension`, `number`, `email`, `location`, `department`, `license`, `role`, `state`, `created`, `ready`; without
    /// any: your own.
    #[schema(example = json!(["extension", "ready"]))]
    columns: Option<Vec<String>>,
}

/// Columns of the list of users.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserColumns)]
pub struct Columns {
    /// Of `extension`, `number`, `email`, `location`, `department`, `license`, `role`, `state`, `created`, `ready`.
    #[schema(example = json!(["extension", "ready"]))]
    columns: Vec<String>,
}

/// List saved views of the list of users
#[utoipa::path(
    get,
    path = "/user-views",
    tag = "Users",
    responses((status = 200, body = Vec<SavedView>, description = "Your own, and those that others share, by name"))
)]
pub async fn list_user_views(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<SavedView>>, Problem> {
    Ok(Json(service.user_views(&caller).await?.into_iter().map(SavedView::from).collect()))
}

/// Save a view of the list of users
#[utoipa::path(
    post,
    path = "/user-views",
    tag = "Users",
    request_body = NewView,
    responses((status = 201, body = SavedView, description = "The view"))
)]
pub async fn save_user_view(
    Reading { service, caller, .. }: Reading,
    Body(body): Body<NewView>,
) -> Result<impl IntoResponse, Problem> {
    let columns = match body.columns {
        Some(columns) => parse(&columns)?,
        None => service.user_columns(&caller).await?,
    };
    let mut filter = body.filter.filter("filter")?;
    filter.sort = body.sort.map(UserSort::from).unwrap_or_default();
    filter.descending = body.descending;
    let view = service.save_user_view(&caller, &body.name, body.shared, Viewed { filter, columns }).await?;
    Ok((StatusCode::CREATED, Json(SavedView::from(view))))
}

/// Remove a saved view
#[utoipa::path(
    delete,
    path = "/user-views/{id}",
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The view: yours, or a shared one")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn remove_user_view(
    Id(id): Id<ViewId>,
    Reading { service, caller, .. }: Reading,
) -> Result<StatusCode, Problem> {
    service.remove_user_view(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show your columns of the list of users
#[utoipa::path(
    get,
    path = "/user-columns",
    tag = "Users",
    responses((status = 200, body = Columns, description = "Those that pages show you beside the name"))
)]
pub async fn show_user_columns(Reading { service, caller, .. }: Reading) -> Result<Json<Columns>, Problem> {
    Ok(Json(Columns { columns: words(&service.user_columns(&caller).await?) }))
}

/// Choose your columns of the list of users
#[utoipa::path(
    put,
    path = "/user-columns",
    tag = "Users",
    request_body = Columns,
    responses((status = 200, body = Columns, description = "Those that pages show you from now on"))
)]
pub async fn choose_user_columns(
    Reading { service, caller, .. }: Reading,
    Body(body): Body<Columns>,
) -> Result<Json<Columns>, Problem> {
    let columns = parse(&body.columns)?;
    service.choose_user_columns(&caller, &columns).await?;
    Ok(Json(Columns { columns: words(&columns) }))
}

fn parse(columns: &[String]) -> Result<Vec<UserColumn>, Problem> {
    UserColumn::parse_all(columns.iter().map(String::as_str)).ok_or_else(|| {
        let known = UserColumn::ALL.map(UserColumn::as_str).join(", ");
        FieldErrors::one("columns", format!("choose of {known}")).into()
    })
}

fn words(columns: &[UserColumn]) -> Vec<String> {
    columns.iter().map(|column| column.as_str().to_owned()).collect()
}

impl From<UserView> for SavedView {
    fn from(view: UserView) -> Self {
        let Viewed { filter, columns } = view.viewed;
        Self {
            id: view.id.0,
            name: view.name.to_string(),
            shared: view.shared,
            user_id: view.user_id.0,
            sort: filter.sort.into(),
            descending: filter.descending,
            filter: filter.into(),
            columns: columns.into_iter().map(UserColumn::as_str).collect(),
            created_at: view.created_at,
        }
    }
}
