//! Delete a location: the plan, and a button that carries it out.

use lineside_model::change::Change;
use lineside_model::id::LocationId;

use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::review::{Ways, ask};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/locations/{id}/delete", Access::Administrator, delete)]
}

async fn delete(visitor: Visitor, RecordPath(location_id): RecordPath<LocationId>) -> Answer {
    let ways = Ways::new("/locations", format!("/locations/{location_id}"));
    ask(&visitor, Change::DeleteLocation { location_id }, &ways).await
}
