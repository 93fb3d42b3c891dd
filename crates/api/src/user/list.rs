//! Lists of users.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::id::{DepartmentId, LicenseTypeId, LocationId};
use lineside_model::list::{UserFilter, UserRow, UserSort};
use lineside_model::readiness::LampKind;
use lineside_model::user::UserState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::page::{self, PageView};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::user::view::{LampsView, RoleName, SortName, StateName};

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Beginnings of words: names, username, extension, email, digits of a number. Every word must match.
    search: Option<String>,
    location_id: Option<Uuid>,
    department_id: Option<Uuid>,
    /// The Voice license held.
    license_type_id: Option<Uuid>,
    /// Only users without a Voice license.
    no_license: bool,
    /// Holds this license type, of whatever track.
    holds: Option<Uuid>,
    /// Does not hold it.
    lacks: Option<Uuid>,
    #[param(inline)]
    state: Option<StateName>,
    /// `true`: every lamp is ready; `false`: some lamp is not.
    ready: Option<bool>,
    /// Only users whose lamp of this name is needed and not ready.
    #[param(value_type = Option<String>, pattern = "^(license|number|e911|device|registered)$")]
    missing: Option<LampKind>,
    /// Only users whose Add user was left half way.
    unfinished: bool,
    #[param(inline)]
    sort: Option<SortName>,
    descending: bool,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u32>,
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
        Ok(UserFilter {
            search: page::search(self.search)?,
            location_id: self.location_id.map(LocationId),
            department_id: self.department_id.map(DepartmentId),
            license_type_id: self.license_type_id.map(LicenseTypeId),
            no_license: self.no_license,
            holds: self.holds.map(LicenseTypeId),
            lacks: self.lacks.map(LicenseTypeId),
            state: self.state.map(UserState::from),
            ready: self.ready,
            missing: self.missing,
            unfinished: self.unfinished,
            untested: false,
            sort: self.sort.map(UserSort::from).unwrap_or_default(),
            descending: self.descending,
            page: page::page(self.page)?,
        })
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
