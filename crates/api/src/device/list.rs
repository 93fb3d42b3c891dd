//! Lists of devices, and of the models that there are.

use axum::Json;
use chrono::{DateTime, Utc};
use lineside_model::device::{ConfigurationKind, DeviceModel};
use lineside_model::list::{DeviceFilter, DeviceRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::device::view::UserNameView;
use crate::page::{self, PageView};
use crate::problem::Problem;
use crate::query::{Nothing, Params};
use crate::reading::Reading;

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeviceQuery {
    /// Beginning of the MAC address, the label, the model or its user's name.
    search: Option<String>,
    /// A slug of `GET /device-models`.
    model: Option<String>,
    /// `true`: has a user; `false`: has none.
    assigned: Option<bool>,
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u32>,
}

/// A device as lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceRow)]
pub struct DeviceRowView {
    id: Uuid,
    #[schema(example = "yealink-t54w")]
    model: String,
    #[schema(example = "805ec0aabbcc")]
    mac: Option<String>,
    #[schema(example = "Reception")]
    label: Option<String>,
    locked: bool,
    user: Option<UserNameView>,
    last_fetched_at: Option<DateTime<Utc>>,
    registered_until: Option<DateTime<Utc>>,
}

/// A model that Lineside can configure, or the generic one for everything else.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceModel)]
pub struct DeviceModelView {
    #[schema(example = "yealink-t54w")]
    slug: &'static str,
    #[schema(example = "Yealink T54W")]
    name: &'static str,
    /// Has a MAC address on its label, which is then required.
    has_mac: bool,
    /// Fetches its configuration; without it a person types the credentials.
    fetches_configuration: bool,
}

/// List devices
#[utoipa::path(
    get,
    path = "/devices",
    tag = "Devices",
    params(DeviceQuery),
    responses((status = 200, body = PageView<DeviceRowView>, description = "One page of the devices that match"))
)]
pub async fn list_devices(
    Reading { service, caller, query }: Reading<DeviceQuery>,
) -> Result<Json<PageView<DeviceRowView>>, Problem> {
    let filter = DeviceFilter {
        search: page::search(query.search)?,
        model: query.model.map(|model| page::words("model", Some(model))).transpose()?,
        assigned: query.assigned,
        page: page::page(query.page)?,
    };
    Ok(Json(PageView::of(service.devices(&caller, &filter).await?)))
}

/// List the device models
#[utoipa::path(
    get,
    path = "/device-models",
    tag = "Devices",
    responses((status = 200, body = Vec<DeviceModelView>, description = "What can be added"))
)]
pub async fn list_device_models(Params(Nothing {}): Params<Nothing>) -> Json<Vec<DeviceModelView>> {
    Json(DeviceModel::ALL.iter().map(DeviceModelView::from).collect())
}

impl From<DeviceRow> for DeviceRowView {
    fn from(row: DeviceRow) -> Self {
        Self {
            id: row.id.0,
            model: row.model,
            mac: row.mac,
            label: row.label,
            locked: row.locked,
            user: row.user.map(UserNameView::from),
            last_fetched_at: row.fetched_at,
            registered_until: row.registered_until,
        }
    }
}

impl From<&DeviceModel> for DeviceModelView {
    fn from(model: &DeviceModel) -> Self {
        Self {
            slug: model.slug,
            name: model.name,
            has_mac: model.has_mac,
            fetches_configuration: model.configuration != ConfigurationKind::Generic,
        }
    }
}
