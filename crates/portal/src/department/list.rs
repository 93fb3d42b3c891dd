//! Every department of the account.

use askama::Template;
use lineside_model::list::DepartmentRow;

use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/departments", Access::Administrator, list)]
}

#[derive(Template)]
#[template(path = "department/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<DepartmentRow>,
}

async fn list(visitor: Visitor) -> Answer {
    let rows = visitor.service.departments(&visitor.caller).await?;
    show(&ListPage { frame: visitor.frame("Departments").await?, rows })
}
