//! What is and was wrong with calls, in any account and on the operator's own trunks, filtered by its address.

use askama::Template;
use lineside_model::incident::{AccountIncident, IncidentFilter, IncidentKind};
use lineside_model::list::Page;

use crate::control::Choice;
use crate::days::Days;
use crate::filter::Filter;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::pager::Pager;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/operator/incidents", Access::Operator, list)]
}

#[derive(Template)]
#[template(path = "operator/incidents.html")]
struct IncidentsPage {
    frame: Frame,
    page: Page<AccountIncident>,
    pager: Pager,
    /// How many go on, whatever the page shows.
    going_on: i64,
    search: String,
    from: String,
    until: String,
    filters: Vec<Filter>,
    filtered: bool,
}

async fn list(visitor: Visitor, query: FormData) -> Answer {
    let frame = visitor.frame("Incidents").await?;
    let days = Days::read(&query, frame.zone());
    let state = query.text("state");
    let filter = IncidentFilter {
        search: query.search(),
        account_id: query.parse("account_id"),
        kind: IncidentKind::parse(query.text("kind")),
        goes_on: [("open", true), ("over", false)].into_iter().find(|(word, _)| *word == state).map(|(_, open)| open),
        from: days.from,
        until: days.until,
        page: query.parse("page").unwrap_or(1).max(1),
    };
    let page = visitor.service.problems_of_all(&visitor.caller, &filter).await?;
    let going_on = visitor.service.problems_going_on(&visitor.caller).await?;
    let kinds = IncidentKind::ALL.map(|kind| Choice::new(kind.as_str(), kind.label()));
    let states = vec![Choice::new("open", "goes on"), Choice::new("over", "over")];
    show(&IncidentsPage {
        frame,
        pager: Pager::new(&page, "/operator/incidents", query.pairs()),
        page,
        going_on,
        from: query.text("from").to_owned(),
        until: query.text("until").to_owned(),
        filters: vec![
            Filter::new("kind", "What", filter.kind.map_or("", IncidentKind::as_str), kinds.to_vec()),
            Filter::new("state", "State", state, states),
        ],
        filtered: filter != IncidentFilter { page: filter.page, ..IncidentFilter::default() },
        search: filter.search,
    })
}
