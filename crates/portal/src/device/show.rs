//! One device: what it is, who has it, and what was seen of it.

use askama::Template;
use lineside_model::device::{ConfigurationKind, DeviceModel};
use lineside_model::id::DeviceId;
use lineside_model::list::{DeviceDetail, UserRow};
use lineside_model::readiness::Lamp;
use lineside_model::resync::ResyncState;
use lineside_provisioning::qr;

use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/devices/{id}", Access::Administrator, show_device)]
}

#[derive(Template)]
#[template(path = "device/show.html")]
struct DevicePage {
    frame: Frame,
    detail: DeviceDetail,
    model: &'static DeviceModel,
    url: Option<String>,
    /// The address as a picture, for softphones that scan it.
    qr: Option<String>,
    obstacle: Option<Obstacle>,
    /// Its user, whose lamps follow.
    row: Option<UserRow>,
    /// Whose calls light its keys.
    colleagues: Vec<UserRow>,
    /// For the button that asks it to fetch its configuration.
    change_id: String,
    /// It fetched after it was last asked.
    fetched_since: bool,
}

/// Why the device gets no configuration and can't register, and what removes it.
struct Obstacle {
    message: String,
    href: String,
    repair: &'static str,
}

async fn show_device(visitor: Visitor, RecordPath(id): RecordPath<DeviceId>) -> Answer {
    let detail = visitor.service.device(&visitor.caller, id).await?;
    // A model that left the list is treated as the generic one.
    let model = DeviceModel::find(&detail.device.model).unwrap_or(&DeviceModel::ALL[DeviceModel::ALL.len() - 1]);
    let url = visitor.service.provisioning_url(&detail.device)?;
    let scanned = url.as_ref().filter(|_| model.configuration == ConfigurationKind::Linphone);
    let qr = scanned.and_then(|url| qr::svg(url, "Configuration address as a QR code").ok());
    let row = match detail.device.user_id {
        Some(user) => visitor.service.user_rows(&visitor.caller, &[user]).await?.pop(),
        None => None,
    };
    let obstacle = obstacle(&detail, row.as_ref());
    let colleagues = visitor.service.colleagues(&visitor.caller, &detail.device).await?;
    let change_id = visitor.service.new_change_id().to_string();
    let asked = detail.resync.as_ref().map(|resync| resync.ordered_at);
    let fetched_since = detail.fetch.as_ref().is_some_and(|fetch| asked.is_none_or(|asked| fetch.at >= asked));
    let frame = visitor.frame(detail.device.title()).await?;
    show(&DevicePage { frame, detail, model, url, qr, obstacle, row, colleagues, change_id, fetched_since })
}

fn obstacle(detail: &DeviceDetail, row: Option<&UserRow>) -> Option<Obstacle> {
    let id = detail.device.id;
    if detail.device.locked {
        let message = "It is locked: it gets no configuration and can't register.".to_owned();
        return Some(Obstacle { message, href: format!("/devices/{id}/unlock"), repair: "Unlock…" });
    }
    let Some(row) = row else {
        let message = "Nobody has it: it gets no configuration until it is assigned to a user.".to_owned();
        return Some(Obstacle { message, href: format!("/devices/{id}/assign"), repair: "Assign…" });
    };
    if row.lamps.license != Lamp::Ready {
        let name = row.name();
        let message = format!("{name} has no active Voice license: it gets no configuration and can't register.");
        let href = format!("/licensing/assign?user_ids={}", row.id);
        return Some(Obstacle { message, href, repair: "Assign a license…" });
    }
    if let Some(limit) = &detail.beyond {
        let words = limit.words();
        let message = format!("{words}, and this one was assigned later: it gets no configuration and can't register.");
        let href = format!("/licensing/assign?user_ids={}", row.id);
        return Some(Obstacle { message, href, repair: "Change the license…" });
    }
    if detail.line.is_none() {
        let message = "It has no SIP credentials yet: generate them, and type them into the phone.".to_owned();
        return Some(Obstacle { message, href: format!("/devices/{id}/generate"), repair: "Generate…" });
    }
    None
}
