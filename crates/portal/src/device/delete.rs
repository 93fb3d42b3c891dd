//! Delete a device: the plan, and a button that carries it out.

use lineside_model::change::Change;
use lineside_model::id::DeviceId;

use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::review::{Ways, ask};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/devices/{id}/delete", Access::Administrator, delete)]
}

async fn delete(visitor: Visitor, RecordPath(device_id): RecordPath<DeviceId>) -> Answer {
    let ways = Ways::new("/devices", format!("/devices/{device_id}"));
    ask(&visitor, Change::DeleteDevice { device_id }, &ways).await
}
