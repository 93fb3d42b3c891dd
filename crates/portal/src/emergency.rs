//! Calls for help: who called, from where exactly, whom to call back; that somebody has seen it; and whether help finds each user.

use askama::Template;
use axum::response::{IntoResponse, Redirect};
use lineside_model::emergency::{EmergencyReadiness, SeenCall};
use lineside_model::id::CallId;
use lineside_model::list::{Page, UserFilter};
use lineside_model::readiness::LampKind;

use crate::control::Choice;
use crate::filter::Filter;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::pager::Pager;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/emergency-calls", Access::Administrator, list),
        Route::post("/emergency-calls/{id}", Access::Administrator, see),
        Route::get("/emergency-readiness", Access::Administrator, readiness),
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

#[derive(Template)]
#[template(path = "emergency/readiness.html")]
struct ReadinessPage {
    frame: Frame,
    page: Page<EmergencyReadiness>,
    pager: Pager,
    search: String,
    filters: Vec<Filter>,
    filtered: bool,
}

const NEVER: &str = "never";

async fn readiness(visitor: Visitor, query: FormData) -> Answer {
    let open = LampKind::E911;
    let filter = UserFilter {
        search: query.search(),
        location_id: query.parse("location_id"),
        untested: query.text("test") == NEVER,
        missing: LampKind::parse(query.text("missing")).filter(|lamp| *lamp == open),
        page: query.parse("page").unwrap_or(1).max(1),
        ..UserFilter::default()
    };
    let page = visitor.service.emergency_readiness(&visitor.caller, &filter).await?;
    let locations = visitor.service.locations(&visitor.caller).await?;
    let locations =
        locations.iter().map(|row| Choice::new(row.location.id.to_string(), row.location.site.name.as_str())).collect();
    let location = filter.location_id.map(|id| id.to_string()).unwrap_or_default();
    let addresses = vec![Choice::new(open.as_str(), "not confirmed")];
    page::show(&ReadinessPage {
        frame: visitor.frame("Emergency readiness").await?,
        pager: Pager::new(&page, "/emergency-readiness", query.pairs()),
        page,
        filters: vec![
            Filter::new("missing", "Address", filter.missing.map_or("", LampKind::as_str), addresses),
            Filter::new("test", "933 test", if filter.untested { NEVER } else { "" }, vec![Choice::new(NEVER, NEVER)]),
            Filter::new("location_id", "Location", &location, locations),
        ],
        filtered: filter != UserFilter { page: filter.page, ..UserFilter::default() },
        search: filter.search,
    })
}
