//! Every location of the account.

use askama::Template;
use lineside_model::list::LocationRow;

use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/locations", Access::Administrator, list)]
}

#[derive(Template)]
#[template(path = "location/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<LocationRow>,
}

async fn list(visitor: Visitor) -> Answer {
    let rows = visitor.service.locations(&visitor.caller).await?;
    show(&ListPage { frame: visitor.frame("Locations").await?, rows })
}
