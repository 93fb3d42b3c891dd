//! Every device, filtered by its address.

use askama::Template;
use lineside_model::device::{DeviceModel, Mac};
use lineside_model::list::{DeviceFilter, DeviceRow, Page};

use super::models;
use crate::control::Choice;
use crate::filter::Filter;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::pager::Pager;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/devices", Access::Administrator, list)]
}

#[derive(Template)]
#[template(path = "device/list.html")]
struct ListPage {
    frame: Frame,
    page: Page<DeviceRow>,
    pager: Pager,
    search: String,
    filters: Vec<Filter>,
    filtered: bool,
}

async fn list(visitor: Visitor, query: FormData) -> Answer {
    let filter = read(&query);
    let page = visitor.service.devices(&visitor.caller, &filter).await?;
    show(&ListPage {
        frame: visitor.frame("Devices").await?,
        pager: Pager::new(&page, "/devices", query.pairs()),
        page,
        filters: filters(&filter),
        filtered: filter != DeviceFilter { page: filter.page, ..DeviceFilter::default() },
        search: filter.search,
    })
}

fn read(query: &FormData) -> DeviceFilter {
    DeviceFilter {
        search: query.search(),
        model: DeviceModel::find(query.text("model")).map(|model| model.slug.to_owned()),
        assigned: match query.text("assigned") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        page: query.parse("page").unwrap_or(1).max(1),
    }
}

fn filters(filter: &DeviceFilter) -> Vec<Filter> {
    let assigned = filter.assigned.map_or("", |assigned| if assigned { "yes" } else { "no" });
    let choices = vec![Choice::new("yes", "to a user"), Choice::new("no", "to nobody")];
    vec![
        Filter::new("model", "Model", filter.model.as_deref().unwrap_or_default(), models()),
        Filter::new("assigned", "Assigned", assigned, choices),
    ]
}

/// The list's rows hold the model's slug.
fn model_name(slug: &str) -> &str {
    DeviceModel::find(slug).map_or(slug, |model| model.name)
}

fn pretty_mac(mac: &str) -> String {
    Mac::parse(mac).map_or_else(|_| mac.to_owned(), |mac| mac.pretty())
}
