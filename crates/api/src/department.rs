//! Groups of users.

use axum::Json;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::DepartmentId;
use lineside_model::list::DepartmentRow;
use lineside_model::text::Name;
use lineside_service::{Caller, Service};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::etag::{Seen, Shown, Versioned};
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;
use crate::router::{Access, ROOT, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list_departments)),
        Route::change(routes!(add_department)),
        Route::new(Access::Administrator, routes!(show_department)),
        Route::change(routes!(edit_department)),
        Route::change(routes!(delete_department)),
    ]
}

/// A department.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Department)]
pub struct DepartmentView {
    id: Uuid,
    version: i64,
    #[schema(example = "Sales")]
    name: String,
    /// How many users are in it.
    users: i64,
}

impl Versioned for DepartmentView {
    fn seen(&self) -> Option<Seen> {
        Some(Seen { id: self.id, version: self.version })
    }
}

/// A new department.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDepartment)]
pub struct NewDepartmentBody {
    #[schema(example = "Sales")]
    name: String,
}

/// A department's new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepartmentPatch {
    /// As it was read: refused when somebody changed the department since.
    version: Option<i64>,
    #[schema(example = "Sales")]
    name: Option<String>,
}

/// List the departments
#[utoipa::path(
    get,
    path = "/departments",
    tag = "Departments",
    responses((status = 200, body = Vec<DepartmentView>, description = "All of them, by name"))
)]
async fn list_departments(Reading { service, caller, .. }: Reading) -> Result<Json<Vec<DepartmentView>>, Problem> {
    Ok(Json(service.departments(&caller).await?.into_iter().map(DepartmentView::from).collect()))
}

/// Add a department
#[utoipa::path(
    post,
    path = "/departments",
    tag = "Departments",
    request_body = NewDepartmentBody,
    responses((status = 201, body = DepartmentView, description = "The new department"))
)]
async fn add_department(ask: Ask, Body(body): Body<NewDepartmentBody>) -> Answer {
    let request = ChangeRequest { id: ask.id, change: Change::AddDepartment { name: name(&body.name)? } };
    let id = request.new_department_id();
    ask.create(request.change, format!("{ROOT}/departments/{id}"), shown(&ask.service, &ask.caller, id)).await
}

/// Show a department
#[utoipa::path(
    get,
    path = "/departments/{id}",
    tag = "Departments",
    params(("id" = uuid::Uuid, Path, description = "The department")),
    responses((status = 200, body = DepartmentView, description = "The department"))
)]
async fn show_department(
    Id(id): Id<DepartmentId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<DepartmentView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

/// Change a department
#[utoipa::path(
    patch,
    path = "/departments/{id}",
    tag = "Departments",
    params(("id" = uuid::Uuid, Path, description = "The department")),
    request_body = DepartmentPatch,
    responses((status = 200, body = DepartmentView, description = "The department"))
)]
async fn edit_department(Id(department_id): Id<DepartmentId>, ask: Ask, Body(patch): Body<DepartmentPatch>) -> Answer {
    let merged = async || {
        let now = shown(&ask.service, &ask.caller, department_id).await?;
        let name = name(patch.name.as_ref().unwrap_or(&now.name))?;
        Ok(Change::EditDepartment { department_id, version: patch.version.or(Some(now.version)), name })
    };
    ask.merge(patch.version, merged, || shown(&ask.service, &ask.caller, department_id)).await
}

/// Delete a department
#[utoipa::path(
    delete,
    path = "/departments/{id}",
    tag = "Departments",
    params(("id" = uuid::Uuid, Path, description = "The department")),
    responses((status = 204, description = "It is gone"))
)]
async fn delete_department(Id(department_id): Id<DepartmentId>, ask: Ask) -> Answer {
    let shown = || shown(&ask.service, &ask.caller, department_id);
    ask.remove(Change::DeleteDepartment { department_id }, shown).await
}

/// Departments are few, so that the list serves for one too.
async fn shown(service: &Service, caller: &Caller, id: DepartmentId) -> Result<DepartmentView, Problem> {
    let found = service.departments(caller).await?.into_iter().find(|department| department.id == id);
    found.map(DepartmentView::from).ok_or_else(Problem::not_found)
}

fn name(text: &str) -> Result<Name, FieldErrors> {
    Name::parse(text).map_err(|error| FieldErrors::one("name", error))
}

impl From<DepartmentRow> for DepartmentView {
    fn from(row: DepartmentRow) -> Self {
        Self { id: row.id.0, version: row.version, name: row.name, users: row.users }
    }
}
