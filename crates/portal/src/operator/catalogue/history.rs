//! Who changed the catalogue, when, and what.

use askama::Template;
use lineside_model::catalogue::CatalogueChange;

use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::pager::Pager;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/operator/catalogue/history", Access::Operator, list)]
}

#[derive(Template)]
#[template(path = "operator/catalogue/history.html")]
struct HistoryPage {
    frame: Frame,
    changes: Vec<CatalogueChange>,
    pager: Pager,
}

async fn list(visitor: Visitor, query: FormData) -> Answer {
    let page = visitor.service.catalogue_history(&visitor.caller, query.parse("page").unwrap_or(1)).await?;
    show(&HistoryPage {
        frame: visitor.frame("History of the catalogue").await?,
        pager: Pager::new(&page, "/operator/catalogue/history", query.pairs()),
        changes: page.rows,
    })
}
