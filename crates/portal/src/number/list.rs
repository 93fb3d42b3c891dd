//! The inventory, filtered by its address.

use askama::Template;
use lineside_model::list::{LocationRow, NumberFilter, NumberRow, Page};
use lineside_model::phone_number::{NumberKind, NumberState};

use super::state_label;
use crate::control::Choice;
use crate::filter::Filter;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::pager::Pager;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/numbers", Access::Administrator, list)]
}

#[derive(Template)]
#[template(path = "number/list.html")]
struct ListPage {
    frame: Frame,
    page: Page<NumberRow>,
    pager: Pager,
    search: String,
    filters: Vec<Filter>,
    filtered: bool,
}

async fn list(visitor: Visitor, query: FormData) -> Answer {
    let filter = read(&query);
    let page = visitor.service.numbers(&visitor.caller, &filter).await?;
    let locations = visitor.service.locations(&visitor.caller).await?;
    show(&ListPage {
        frame: visitor.frame("Numbers").await?,
        pager: Pager::new(&page, "/numbers", query.pairs()),
        page,
        filters: filters(&filter, &locations),
        filtered: filter != NumberFilter { page: filter.page, ..NumberFilter::default() },
        search: filter.search,
    })
}

fn read(query: &FormData) -> NumberFilter {
    NumberFilter {
        search: query.search(),
        state: NumberState::parse(query.text("state")),
        kind: NumberKind::parse(query.text("kind")),
        location_id: query.parse("location_id"),
        page: query.parse("page").unwrap_or(1).max(1),
    }
}

fn filters(filter: &NumberFilter, locations: &[LocationRow]) -> Vec<Filter> {
    let states = NumberState::ALL.map(|state| Choice::new(state.as_str(), state_label(state)));
    let kinds = NumberKind::ALL.map(|kind| Choice::new(kind.as_str(), kind.as_str()));
    let locations =
        locations.iter().map(|row| Choice::new(row.location.id.to_string(), row.location.site.name.as_str()));
    let location = filter.location_id.map(|id| id.to_string()).unwrap_or_default();
    vec![
        Filter::new("state", "State", filter.state.map_or("", NumberState::as_str), states.to_vec()),
        Filter::new("kind", "Kind", filter.kind.map_or("", NumberKind::as_str), kinds.to_vec()),
        Filter::new("location_id", "Location", &location, locations.collect()),
    ]
}
