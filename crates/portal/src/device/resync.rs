//! The button that asks a phone to fetch its configuration.

use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::DeviceId;

use crate::form_data::FormData;
use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::review::{self, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::post("/devices/{id}/resync", Access::Administrator, resync)]
}

async fn resync(visitor: Visitor, RecordPath(device_id): RecordPath<DeviceId>, data: FormData) -> Answer {
    let request = ChangeRequest { id: data.change_id()?, change: Change::Resync { device_id } };
    review::submit(&visitor, &request, &Ways::back_to(&format!("/devices/{device_id}"))).await
}
