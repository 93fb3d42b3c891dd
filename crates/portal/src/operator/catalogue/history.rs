//! Who changed the catalogue, when, and what.

use askama::Template;
use lineside_model::catalogue::CatalogueChange;
use lineside_model::time_zone::TimeZone;

use crate::frame::Frame;
use crate::moment::Moment;
use crate::page::{Answer, show};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/operator/catalogue/history", Access::Operator, list)]
}

#[derive(Template)]
#[template(path = "operator/catalogue/history.html")]
struct HistoryPage {
    frame: Frame,
    changes: Vec<(CatalogueChange, Option<Moment>)>,
}

async fn list(visitor: Visitor) -> Answer {
    let now = visitor.service.now();
    // The operator has no account, and so no zone of their own.
    let zone = TimeZone::parse("UTC").ok();
    let with_time = |change: CatalogueChange| {
        let moment = zone.map(|zone| Moment::new(change.at, zone, now));
        (change, moment)
    };
    let changes = visitor.service.catalogue_history(&visitor.caller).await?;
    let changes = changes.into_iter().map(with_time).collect();
    show(&HistoryPage { frame: visitor.frame("History of the catalogue").await?, changes })
}
