//! One's own phones. The configuration's address is shown of softphones alone, which their user sets up: desk phones are the
//! administrator's.

use axum::Json;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use lineside_model::device::{ConfigurationKind, DeviceModel};
use lineside_model::list::DeviceDetail;
use lineside_service::Service;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;
use crate::reading::Reading;

/// A phone of mine.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnDevice)]
pub struct OwnDeviceView {
    id: Uuid,
    /// A slug of `GET /device-models`.
    #[schema(example = "linphone")]
    model: String,
    #[schema(example = "80:5e:c0:aa:bb:cc")]
    mac: Option<String>,
    #[schema(example = "Reception")]
    label: Option<String>,
    /// Gets no configuration until an administrator unlocks it.
    locked: bool,
    registered: bool,
    last_registered_at: Option<DateTime<Utc>>,
    configuration_fetched_at: Option<DateTime<Utc>>,
    /// A softphone's secret address for its configuration, to be entered there; `null` for every other phone.
    #[schema(example = "https://phones.example.com/p/secret/")]
    configuration_url: Option<String>,
}

/// List my phones
#[utoipa::path(
    get,
    path = "/me/devices",
    tag = "Me",
    responses((status = 200, body = Vec<OwnDeviceView>, description = "The phones"))
)]
pub async fn list_own_devices(Reading { service, caller, .. }: Reading) -> Result<impl IntoResponse, Problem> {
    let me = service.me(&caller).await?;
    let devices = me.devices.iter().map(|device| OwnDeviceView::of(&service, device));
    let devices = devices.collect::<Result<Vec<_>, _>>()?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(devices)))
}

impl OwnDeviceView {
    fn of(service: &Service, detail: &DeviceDetail) -> Result<Self, Problem> {
        let device = &detail.device;
        let is_softphone =
            DeviceModel::find(&device.model).is_some_and(|model| model.configuration == ConfigurationKind::Linphone);
        let configuration_url = if is_softphone { service.provisioning_url(device)? } else { None };
        Ok(Self {
            id: device.id.0,
            model: device.model.clone(),
            mac: device.mac.as_ref().map(lineside_model::device::Mac::pretty),
            label: device.label.as_ref().map(ToString::to_string),
            locked: device.locked,
            registered: !detail.registrations.is_empty(),
            last_registered_at: detail.last_registered_at,
            configuration_fetched_at: detail.fetch.as_ref().map(|fetch| fetch.at),
            configuration_url,
        })
    }
}
