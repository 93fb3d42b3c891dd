//! The configuration of one's own softphone: an address to enter, a code to scan, a file to download.

use askama::Template;
use lineside_model::id::DeviceId;
use lineside_provisioning::qr;

use super::is_softphone;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/me/phones/{id}", Access::User, phone)]
}

#[derive(Template)]
#[template(path = "me/phone.html")]
struct PhonePage {
    frame: Frame,
    url: String,
    qr: Option<String>,
    locked: bool,
}

async fn phone(visitor: Visitor, RecordPath(id): RecordPath<DeviceId>) -> Answer {
    let me = visitor.service.me(&visitor.caller).await?;
    let device = me.devices.iter().find(|device| device.device.id == id).filter(|device| is_softphone(device));
    let device = &device.ok_or(PageError::NotFound)?.device;
    let url = visitor.service.provisioning_url(device)?.ok_or(PageError::NotFound)?;
    let qr = qr::svg(&url, "QR code that sets up Linphone").ok();
    show(&PhonePage { frame: visitor.frame(device.title()).await?, url, qr, locked: device.locked })
}
