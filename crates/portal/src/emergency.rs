//! Calls for help: who called, from where exactly, whom to call back; and that somebody has seen it.

use askama::Template;
use axum::response::{IntoResponse, Redirect};
use lineside_model::emergency::SeenCall;
use lineside_model::id::CallId;

use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/emergency-calls", Access::Administrator, list),
        Route::post("/emergency-calls/{id}", Access::Administrator, see),
    ]
}

#[derive(Template)]
#[template(path = "emergency/list.html")]
struct ListPage {
    frame: Frame,
    calls: Vec<SeenCall>,
}

async fn list(visitor: Visitor) -> Answer {
    let calls = visitor.service.emergency_calls(&visitor.caller).await?;
    page::show(&ListPage { frame: visitor.frame("Emergency calls").await?, calls })
}

async fn see(visitor: Visitor, RecordPath(id): RecordPath<CallId>) -> Answer {
    visitor.service.see_emergency_call(&visitor.caller, id).await?;
    Ok(Redirect::to("/emergency-calls").into_response())
}
