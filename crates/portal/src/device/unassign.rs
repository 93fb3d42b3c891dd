//! Take a device from its user: the plan, and a button that carries it out.

use lineside_model::change::Change;
use lineside_model::id::DeviceId;

use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::review::{Ways, ask};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/devices/{id}/unassign", Access::Administrator, unassign)]
}

async fn unassign(visitor: Visitor, RecordPath(device_id): RecordPath<DeviceId>) -> Answer {
    let ways = Ways::back_to(&format!("/devices/{device_id}"));
    ask(&visitor, Change::UnassignDevice { device_id }, &ways).await
}
