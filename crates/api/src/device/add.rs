//! A new device, for a user or for later.

use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::{DeviceModel, Mac, NewDevice};
use lineside_model::field::FieldErrors;
use lineside_model::id::UserId;
use lineside_model::text::Name;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::apply::{Answer, Ask};
use crate::body::Body;
use crate::device::show::shown;
use crate::device::view::DeviceView;
use crate::router::ROOT;

/// A new device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDevice)]
pub struct NewDeviceBody {
    /// A slug of `GET /device-models`.
    #[schema(example = "yealink-t54w")]
    model: String,
    /// As it is printed on the device's label, where the model has one.
    #[schema(example = "80:5e:c0:aa:bb:cc")]
    mac: Option<String>,
    #[schema(example = "Reception")]
    label: Option<String>,
    user_id: Option<Uuid>,
}

/// Add a device
#[utoipa::path(
    post,
    path = "/devices",
    tag = "Devices",
    request_body = NewDeviceBody,
    responses((status = 201, body = DeviceView, description = "The new device"))
)]
pub async fn add_device(ask: Ask, Body(body): Body<NewDeviceBody>) -> Answer {
    let request = ChangeRequest { id: ask.id, change: Change::AddDevice { device: body.parse()? } };
    let id = request.new_device_id();
    ask.create(request.change, format!("{ROOT}/devices/{id}"), shown(&ask.service, &ask.caller, id)).await
}

impl NewDeviceBody {
    fn parse(self) -> Result<NewDevice, FieldErrors> {
        let mut errors = FieldErrors::default();
        let known = DeviceModel::find(&self.model).map(|model| model.slug.to_owned());
        let model = errors.take("model", known.ok_or("choose a model of GET /api/v1/device-models by its slug"));
        let mac = errors.take_optional("mac", self.mac.as_deref().unwrap_or_default(), Mac::parse);
        let label = errors.take_optional("label", self.label.as_deref().unwrap_or_default(), Name::parse);
        let device = model.map(|model| NewDevice { model, mac, label, user_id: self.user_id.map(UserId) });
        errors.into_result(device)
    }
}
