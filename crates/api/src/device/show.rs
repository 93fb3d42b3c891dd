//! One device.

use axum::Json;
use axum::extract::State;
use lineside_model::id::DeviceId;
use lineside_service::{Caller, Service};

use crate::device::view::DeviceView;
use crate::gate::SignedIn;
use crate::id::Id;
use crate::problem::Problem;
use crate::query::{Nothing, Params};

/// Show a device
#[utoipa::path(
    get,
    path = "/devices/{id}",
    tag = "Devices",
    params(("id" = uuid::Uuid, Path, description = "The device")),
    responses((status = 200, body = DeviceView, description = "The device"))
)]
pub async fn show_device(
    State(service): State<Service>,
    SignedIn(caller): SignedIn,
    Id(id): Id<DeviceId>,
    Params(Nothing {}): Params<Nothing>,
) -> Result<Json<DeviceView>, Problem> {
    shown(&service, &caller, id).await.map(Json)
}

pub(crate) async fn shown(service: &Service, caller: &Caller, id: DeviceId) -> Result<DeviceView, Problem> {
    let device = service.device(caller, id).await?;
    DeviceView::of(service, &device)
}
