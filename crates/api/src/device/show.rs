//! One device.

use lineside_model::id::DeviceId;
use lineside_service::{Caller, Service};

use crate::device::view::DeviceView;
use crate::etag::Shown;
use crate::id::Id;
use crate::problem::Problem;
use crate::reading::Reading;

/// Show a device
#[utoipa::path(
    get,
    path = "/devices/{id}",
    tag = "Devices",
    params(("id" = uuid::Uuid, Path, description = "The device")),
    responses((status = 200, body = DeviceView, description = "The device"))
)]
pub async fn show_device(
    Id(id): Id<DeviceId>,
    Reading { service, caller, .. }: Reading,
) -> Result<Shown<DeviceView>, Problem> {
    shown(&service, &caller, id).await.map(Shown)
}

pub(crate) async fn shown(service: &Service, caller: &Caller, id: DeviceId) -> Result<DeviceView, Problem> {
    let device = service.device(caller, id).await?;
    DeviceView::of(service, &device)
}
