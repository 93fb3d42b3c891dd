//! Add and rename a department.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::DepartmentId;
use lineside_model::list::DepartmentRow;
use lineside_model::text::Name;
use lineside_service::ServiceError;
use serde_json::json;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::stale;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/departments/add", Access::Administrator, open_new),
        Route::post("/departments/add", Access::Administrator, add),
        Route::get("/departments/{id}", Access::Administrator, open),
        Route::post("/departments/{id}", Access::Administrator, rename),
    ]
}

#[derive(Template)]
#[template(path = "department/edit.html")]
struct EditPage {
    frame: Frame,
    form: Form,
    /// `None`: it is being added.
    department: Option<DepartmentRow>,
}

impl EditPage {
    async fn new(visitor: &Visitor, department: Option<DepartmentRow>, form: Form) -> Result<Self, PageError> {
        let title = department.as_ref().map_or("Add department", |row| row.name.as_str());
        Ok(Self { frame: visitor.frame(title).await?, form, department })
    }
}

async fn open_new(visitor: Visitor) -> Answer {
    let form = Form::empty(visitor.service.new_change_id());
    show(&EditPage::new(&visitor, None, form).await?)
}

async fn add(visitor: Visitor, data: FormData) -> Answer {
    let name = match Name::parse(data.text("name")) {
        Ok(name) => name,
        Err(error) => return again(&visitor, None, wrong_name(&data, error)).await,
    };
    let request = ChangeRequest { id: data.change_id()?, change: Change::AddDepartment { name } };
    match attempt(&visitor, &request, &Ways::new("/departments", "/departments/add")).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => again(&visitor, None, Form::sent(&data).with_blockers(&plan)).await,
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<DepartmentId>) -> Answer {
    let row = find(&visitor, id).await?;
    let form = Form::empty(visitor.service.new_change_id())
        .with("name", row.name.as_str())
        .with("version", row.version.to_string());
    show(&EditPage::new(&visitor, Some(row), form).await?)
}

async fn rename(visitor: Visitor, RecordPath(id): RecordPath<DepartmentId>, data: FormData) -> Answer {
    let row = find(&visitor, id).await?;
    let name = match Name::parse(data.text("name")) {
        Ok(name) => name,
        Err(error) => return again(&visitor, Some(row), wrong_name(&data, error)).await,
    };
    let change = Change::EditDepartment { department_id: id, version: data.version(), name };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::new("/departments", format!("/departments/{id}"))).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let form = Form::sent(&data).with_blockers(&plan);
            let form = stale::show_current(form, &plan, row.version, &json!({ "name": row.name }));
            again(&visitor, Some(row), form).await
        }
    }
}

async fn again(visitor: &Visitor, department: Option<DepartmentRow>, form: Form) -> Answer {
    show_again(&EditPage::new(visitor, department, form).await?)
}

fn wrong_name(data: &FormData, error: impl std::fmt::Display) -> Form {
    Form::sent(data).with_errors(FieldErrors::one("name", error))
}

/// Departments are few: the list holds the one that is looked for.
async fn find(visitor: &Visitor, id: DepartmentId) -> Result<DepartmentRow, ServiceError> {
    let rows = visitor.service.departments(&visitor.caller).await?;
    rows.into_iter().find(|row| row.id == id).ok_or(ServiceError::NotFound)
}
