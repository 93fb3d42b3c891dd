//! Give a device to a user.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
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
use crate::user_picker::UserPicker;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/devices/{id}/assign", Access::Administrator, open),
        Route::post("/devices/{id}/assign", Access::Administrator, assign),
    ]
}

#[derive(Template)]
#[template(path = "device/assign.html")]
struct AssignPage {
    frame: Frame,
    form: Form,
    detail: DeviceDetail,
    picker: UserPicker,
}

impl AssignPage {
    async fn new(visitor: &Visitor, detail: DeviceDetail, search: &str, form: Form) -> Result<Self, PageError> {
        let title = format!("Assign {}", detail.device.title());
        let picker = UserPicker::find(visitor, search).await?;
        Ok(Self { frame: visitor.frame(title).await?, form, detail, picker })
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<DeviceId>, query: FormData) -> Answer {
    let detail = visitor.service.device(&visitor.caller, id).await?;
    let form = Form::empty(visitor.service.new_change_id()).with("search", query.text("search"));
    show(&AssignPage::new(&visitor, detail, query.text("search"), form).await?)
}

async fn assign(visitor: Visitor, RecordPath(device_id): RecordPath<DeviceId>, data: FormData) -> Answer {
    let detail = visitor.service.device(&visitor.caller, device_id).await?;
    let Some(user_id) = data.parse::<UserId>("user_id") else {
        let form = Form::sent(&data).with_errors(FieldErrors::one("user_id", "choose the user who gets this device"));
        return show_again(&AssignPage::new(&visitor, detail, data.text("search"), form).await?);
    };
    let request = ChangeRequest { id: data.change_id()?, change: Change::AssignDevice { device_id, user_id } };
    let ways = Ways::new(format!("/devices/{device_id}"), format!("/devices/{device_id}/assign"));
    match attempt(&visitor, &request, &ways).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let form = Form::sent(&data).with_blockers(&plan);
            show_again(&AssignPage::new(&visitor, detail, data.text("search"), form).await?)
        }
    }
}
