//! All that is scheduled in the account, and what failed, filtered by its address.

use askama::Template;
use lineside_model::license::Catalogue;
use lineside_model::list::Page;
use lineside_model::schedule::EntryState;
use lineside_model::schedule_list::{ScheduleCounts, ScheduleFilter, ScheduleRow};

use crate::control::Choice;
use crate::filter::Filter;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::pager::Pager;
use crate::router::{Access, Route};
use crate::schedule::entry::Entry;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/schedule", Access::Administrator, list)]
}

#[derive(Template)]
#[template(path = "schedule/list.html")]
struct ListPage {
    frame: Frame,
    page: Page<ScheduleRow>,
    entries: Vec<(Entry, String)>,
    pager: Pager,
    counts: ScheduleCounts,
    search: String,
    filters: Vec<Filter>,
    conflicts: bool,
    from: String,
    until: String,
    filtered: bool,
}

async fn list(visitor: Visitor, query: FormData) -> Answer {
    let catalogue = visitor.service.catalogue().await?;
    let filter = read(&query);
    let page = visitor.service.schedule(&visitor.caller, &filter).await?;
    let day = |name: &str, of: Option<chrono::NaiveDate>| of.map_or("", |_| query.text(name)).to_owned();
    show(&ListPage {
        frame: visitor.frame("Schedule").await?,
        entries: page.rows.iter().map(|row| (Entry::of(&row.entry, &catalogue), row.user.name.clone())).collect(),
        pager: Pager::new(&page, "/schedule", query.pairs()),
        page,
        counts: visitor.service.schedule_counts(&visitor.caller).await?,
        filters: filters(&filter, &catalogue),
        conflicts: filter.conflicts,
        from: day("from", filter.from),
        until: day("until", filter.until),
        filtered: filter != ScheduleFilter { page: filter.page, ..ScheduleFilter::default() },
        search: filter.search,
    })
}

fn read(query: &FormData) -> ScheduleFilter {
    ScheduleFilter {
        search: query.search(),
        user_id: query.parse("user_id"),
        track_id: query.parse("track_id"),
        license_type_id: query.parse("license_type_id"),
        state: EntryState::parse(query.text("state")),
        conflicts: query.text("conflicts") == "true",
        from: query.parse("from"),
        until: query.parse("until"),
        page: query.parse("page").unwrap_or(1).max(1),
    }
}

fn filters(filter: &ScheduleFilter, catalogue: &Catalogue) -> Vec<Filter> {
    let tracks = catalogue.tracks.iter().map(|track| Choice::new(track.id.to_string(), track.name.as_str()));
    let types = catalogue.types.iter().map(|license| Choice::new(license.id.to_string(), license.name.as_str()));
    let states = [EntryState::Scheduled, EntryState::Failed].map(|state| Choice::new(state.as_str(), state.as_str()));
    let track = filter.track_id.map(|id| id.to_string()).unwrap_or_default();
    let license = filter.license_type_id.map(|id| id.to_string()).unwrap_or_default();
    vec![
        Filter::new("track_id", "Track", &track, tracks.collect()),
        Filter::new("license_type_id", "License", &license, types.collect()),
        Filter::new("state", "State", filter.state.map_or("", EntryState::as_str), states.to_vec()),
    ]
}
