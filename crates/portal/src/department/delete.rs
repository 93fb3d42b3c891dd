//! Delete a department: the plan, and a button that carries it out.

use lineside_model::change::Change;
use lineside_model::id::DepartmentId;

use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::review::{Ways, ask};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/departments/{id}/delete", Access::Administrator, delete)]
}

async fn delete(visitor: Visitor, RecordPath(department_id): RecordPath<DepartmentId>) -> Answer {
    let ways = Ways::new("/departments", format!("/departments/{department_id}"));
    ask(&visitor, Change::DeleteDepartment { department_id }, &ways).await
}
