//! Lists of users.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::list::{UserFilter, UserRow, UserSort};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::page::{self, PageView};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::user::selection::user_filter;
use crate::user::view::{LampsView, RoleName, SortName, StateName};

user_filter! {
    #[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
    #[serde(deny_unknown_fields, default)]
    #[into_params(parameter_in = Query)]
    UserQuery, param {
        #[param(inline)]
        sort: Option<SortName>,
        descending: bool,
        /// From 1.
        #[param(minimum = 1)]
        page: Option<u32>,
    }
}

/// A user as lists show them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserRow)]
pub struct UserRowView {
    id: Uuid,
    #[schema(example = "Ana")]
    first_name: String,
    #[schema(example = "Duarte")]
    last_name: String,
    #[schema(example = "ana.duarte")]
    username: String,
    #[schema(example = "203")]
    extension: Option<String>,
    /// The landline, or else the mobile number.
    #[schema(example = "+14805550143")]
    number: Option<String>,
    #[schema(example = "Phoenix HQ")]
    location: Option<String>,
    #[schema(example = "Sales")]
    department: Option<String>,
    /// The Voice license.
    #[schema(example = "Business")]
    license: Option<String>,
    #[schema(example = "ana@harbor.example")]
    email: Option<String>,
    #[schema(inline)]
    role: RoleName,
    created_at: DateTime<Utc>,
    #[schema(inline)]
    state: StateName,
    /// The step at which Add user was left.
    wizard: Option<String>,
    lamps: LampsView,
    /// Every lamp is ready.
    ready: bool,
}

/// List users
#[utoipa::path(
    get,
    path = "/users",
    tag = "Users",
    params(UserQuery),
    responses((status = 200, body = PageView<UserRowView>, description = "One page of the users that match"))
)]
pub async fn list_users(
    Reading { service, caller, query }: Reading<UserQuery>,
) -> Result<Json<PageView<UserRowView>>, Problem> {
    let users = service.users(&caller, &query.filter()?).await?;
    Ok(Json(PageView::of(users)))
}

impl UserQuery {
    fn filter(self) -> Result<UserFilter, Problem> {
        let sort = self.sort.map(UserSort::from).unwrap_or_default();
        let (descending, page) = (self.descending, page::page(self.page)?);
        Ok(UserFilter { sort, descending, page, ..self.fields("search")? })
    }
}

impl From<UserRow> for UserRowView {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id.0,
            first_name: row.first_name,
            last_name: row.last_name,
            username: row.username,
            extension: row.extension,
            number: row.number.map(String::from),
            location: row.location,
            department: row.department,
            license: row.license,
            email: row.email,
            role: row.role.into(),
            created_at: row.created_at,
            state: row.state.into(),
            wizard: row.wizard.map(|step| step.to_string()),
            lamps: row.lamps.into(),
            ready: row.lamps.ready(),
        }
    }
}
