//! The colleagues whose calls light a phone's keys, named by their extensions.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::DeviceModel;
use lineside_model::extension::Extension;
use lineside_model::field::FieldErrors;
use lineside_model::id::{DeviceId, UserId};
use lineside_model::list::DeviceDetail;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

const PAGE: &str = "/devices/{id}/lamp-keys";
const FIELD: &str = "lamp_keys";

pub fn routes() -> Vec<Route> {
    vec![Route::get(PAGE, Access::Administrator, open), Route::post(PAGE, Access::Administrator, save)]
}

#[derive(Template)]
#[template(path = "device/lamp_keys.html")]
struct KeysPage {
    frame: Frame,
    form: Form,
    detail: DeviceDetail,
    /// How many keys the model has for colleagues.
    holds: usize,
}

impl KeysPage {
    async fn new(visitor: &Visitor, detail: DeviceDetail, form: Form) -> Result<Self, PageError> {
        let holds = DeviceModel::find(&detail.device.model).map_or(0, DeviceModel::lamp_keys);
        let title = format!("Lamp keys of {}", detail.device.title());
        Ok(Self { frame: visitor.frame(title).await?, form, detail, holds })
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<DeviceId>) -> Answer {
    let detail = visitor.service.device(&visitor.caller, id).await?;
    let colleagues = visitor.service.colleagues(&visitor.caller, &detail.device).await?;
    let extensions: Vec<String> = colleagues.into_iter().filter_map(|row| row.extension).collect();
    let form = Form::empty(visitor.service.new_change_id())
        .with(FIELD, extensions.join(", "))
        .with("version", detail.device.version.to_string());
    show(&KeysPage::new(&visitor, detail, form).await?)
}

async fn save(visitor: Visitor, RecordPath(device_id): RecordPath<DeviceId>, data: FormData) -> Answer {
    let detail = visitor.service.device(&visitor.caller, device_id).await?;
    let colleagues = match read(&visitor, data.text(FIELD)).await? {
        Ok(colleagues) => colleagues,
        Err(errors) => {
            let form = Form::sent(&data).with_errors(errors);
            return show_again(&KeysPage::new(&visitor, detail, form).await?);
        }
    };
    let change = Change::SetLampKeys { device_id, version: data.version(), colleagues };
    let request = ChangeRequest { id: data.change_id()?, change };
    let ways = Ways::new(format!("/devices/{device_id}"), format!("/devices/{device_id}/lamp-keys"));
    match attempt(&visitor, &request, &ways).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let form = Form::sent(&data).with_blockers(&plan);
            show_again(&KeysPage::new(&visitor, detail, form).await?)
        }
    }
}

/// Whose extensions these are, in their order.
async fn read(visitor: &Visitor, text: &str) -> Result<Result<Vec<UserId>, FieldErrors>, PageError> {
    let mut extensions = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|word| !word.is_empty()) {
        match Extension::parse(word) {
            Ok(extension) => extensions.push(extension),
            Err(error) => return Ok(Err(FieldErrors::one(FIELD, format!("{word}: {error}")))),
        }
    }
    let holders = visitor.service.holders_of(&visitor.caller, &extensions).await?;
    let holder = |extension: Extension| match holders.get(&extension) {
        Some(user) => Ok(*user),
        None => Err(FieldErrors::one(FIELD, format!("nobody has extension {extension}; look it up under Users"))),
    };
    Ok(extensions.into_iter().map(holder).collect())
}
