//! Take a number back into the inventory: the plan, and a button that carries it out.

use lineside_model::change::Change;
use lineside_model::id::NumberId;

use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::review::{Ways, ask};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/numbers/{id}/take-back", Access::Administrator, take_back)]
}

async fn take_back(visitor: Visitor, RecordPath(number_id): RecordPath<NumberId>) -> Answer {
    let ways = Ways::back_to("/numbers");
    ask(&visitor, Change::AssignNumber { number_id, user_id: None }, &ways).await
}
