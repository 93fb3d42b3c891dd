//! Giving a user a phone, and how that phone gets its configuration.

use askama::Template;
use askama::filters::HtmlSafe;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::device::{ConfigurationKind, DeviceModel, Mac, NewDevice};
use lineside_model::field::FieldErrors;
use lineside_model::id::{DeviceId, UserId};
use lineside_model::list::{DeviceDetail, DeviceFilter, UserDetail};
use lineside_model::text::Name;
use lineside_service::ServiceError;

use crate::control::Choice;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::record_path::{RecordPath, TextPath};
use crate::review::{self, Attempt, Ways, own_page};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/{id}/device", Access::Administrator, open),
        Route::post("/users/{id}/device", Access::Administrator, save),
        Route::post("/users/{id}/device/{device}/generate", Access::Administrator, generate),
        Route::post("/users/{id}/device/{device}/unassign", Access::Administrator, unassign),
    ]
}

#[derive(Template)]
#[template(path = "user/device.html")]
struct DevicePage {
    frame: Frame,
    user: UserDetail,
    form: Form,
    choices: Choices,
}

/// What can be chosen: a device that nobody has, or a model.
pub(crate) struct Choices {
    pub unassigned: Vec<Choice>,
    pub models: Vec<Choice>,
    pub ways: Vec<Choice>,
}

impl Choices {
    pub async fn load(visitor: &Visitor) -> Result<Self, PageError> {
        let filter = DeviceFilter { assigned: Some(false), page: 1, ..DeviceFilter::default() };
        let free = visitor.service.devices(&visitor.caller, &filter).await?;
        let unassigned = free.rows.into_iter().map(|row| {
            let model = DeviceModel::find(&row.model).map_or(row.model.clone(), |model| model.name.to_owned());
            let mac = row.mac.as_deref().and_then(|mac| Mac::parse(mac).ok()).map(|mac| mac.pretty());
            let parts = [Some(model), row.label, mac].into_iter().flatten().collect::<Vec<_>>();
            Choice::new(row.id.to_string(), parts.join(" · "))
        });
        let unassigned: Vec<Choice> = unassigned.collect();
        let mut ways = vec![Choice::new("new", "A new device").note("by its model and MAC address")];
        if !unassigned.is_empty() {
            let note = format!("{} of {} shown below", unassigned.len(), free.total);
            ways.push(Choice::new("existing", "One that nobody has").note(note));
        }
        Ok(Self { unassigned, models: models(), ways })
    }
}

fn models() -> Vec<Choice> {
    let group = |model: &DeviceModel| match model.configuration {
        ConfigurationKind::Yealink => "Yealink",
        ConfigurationKind::Linphone => "Softphones",
        ConfigurationKind::Generic => "Everything else",
    };
    let models = DeviceModel::ALL.iter().map(|model| Choice::new(model.slug, model.name).group(group(model)));
    std::iter::once(Choice::new("", "Choose a model")).chain(models).collect()
}

/// How one device gets what it needs: an address, a QR code, or credentials to type.
#[derive(Template)]
#[template(path = "user/device_card.html")]
pub(crate) struct DeviceCard {
    user_id: UserId,
    device_id: DeviceId,
    title: String,
    kind: ConfigurationKind,
    url: Option<String>,
    qr: Option<String>,
    has_line: bool,
    change_id: String,
    back: String,
}

impl HtmlSafe for DeviceCard {}

impl DeviceCard {
    pub fn all(visitor: &Visitor, user: &UserDetail) -> Result<Vec<Self>, PageError> {
        user.devices.iter().map(|device| Self::new(visitor, user.user.id, device)).collect()
    }

    fn new(visitor: &Visitor, user_id: UserId, detail: &DeviceDetail) -> Result<Self, PageError> {
        let device = &detail.device;
        let kind = DeviceModel::find(&device.model).map_or(ConfigurationKind::Generic, |model| model.configuration);
        let url = visitor.service.provisioning_url(device)?;
        let qr = url.as_deref().filter(|_| kind == ConfigurationKind::Linphone);
        let qr = qr.and_then(|url| lineside_provisioning::qr::svg(url, "QR code that sets up Linphone").ok());
        Ok(Self {
            user_id,
            device_id: device.id,
            title: device.title(),
            kind,
            url,
            qr,
            has_line: detail.line.is_some(),
            change_id: visitor.service.new_change_id().to_string(),
            back: visitor.path.clone(),
        })
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    let user = find(&visitor, id).await?;
    let form = Form::empty(visitor.service.new_change_id()).with("how", "new");
    page::show(&DevicePage {
        frame: visitor.frame("Add a device").await?,
        user,
        form,
        choices: Choices::load(&visitor).await?,
    })
}

async fn save(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    let form = Form::sent(&data);
    let form = match read(user.user.id, &data) {
        Ok(change) => {
            let request = ChangeRequest { id: data.change_id()?, change };
            let device = match &request.change {
                Change::AssignDevice { device_id, .. } => *device_id,
                _ => request.new_device_id(),
            };
            let back = format!("/users/{id}");
            match review::attempt(&visitor, &request, &Ways::new(format!("/devices/{device}"), back)).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Blocked(plan) => form.with_blockers(&plan),
            }
        }
        Err(errors) => form.with_errors(errors),
    };
    let choices = Choices::load(&visitor).await?;
    page::show_again(&DevicePage { frame: visitor.frame("Add a device").await?, user, form, choices })
}

/// A device that is there, or a new one of the model and MAC.
pub(crate) fn read(user_id: UserId, data: &FormData) -> Result<Change, FieldErrors> {
    if data.text("how") == "existing" {
        let device_id =
            data.parse("device_id").ok_or_else(|| FieldErrors::one("device_id", "choose a device from the list"))?;
        return Ok(Change::AssignDevice { device_id, user_id });
    }
    let mut errors = FieldErrors::default();
    let model = DeviceModel::find(data.text("model"));
    if model.is_none() {
        errors.push("model", "choose a model from the list");
    }
    let takes_mac = model.is_none_or(|model| model.has_mac);
    let mac = errors.take_optional("mac", if takes_mac { data.text("mac") } else { "" }, Mac::parse);
    let label = errors.take_optional("label", data.text("label"), Name::parse);
    let device = model.map(|model| NewDevice { model: model.slug.to_owned(), mac, label, user_id: Some(user_id) });
    Ok(Change::AddDevice { device: errors.into_result(device)? })
}

async fn generate(visitor: Visitor, TextPath((id, device)): TextPath<(String, String)>, data: FormData) -> Answer {
    let device_id = held(&visitor, &id, &device).await?;
    let request = ChangeRequest { id: data.change_id()?, change: Change::Generate { device_id } };
    review::submit(&visitor, &request, &Ways::back_to(&own_page(data.text("back")))).await
}

async fn unassign(visitor: Visitor, TextPath((id, device)): TextPath<(String, String)>, data: FormData) -> Answer {
    let device_id = held(&visitor, &id, &device).await?;
    let request = ChangeRequest { id: data.change_id()?, change: Change::UnassignDevice { device_id } };
    review::submit(&visitor, &request, &Ways::back_to(&format!("/users/{id}"))).await
}

/// The device, when this user holds it.
async fn held(visitor: &Visitor, user: &str, device: &str) -> Result<DeviceId, PageError> {
    let user = find(visitor, user.parse().map_err(|_| PageError::NotFound)?).await?;
    let device: DeviceId = device.parse().map_err(|_| PageError::NotFound)?;
    let held = user.devices.iter().any(|held| held.device.id == device);
    if held { Ok(device) } else { Err(PageError::NotFound) }
}

async fn find(visitor: &Visitor, id: UserId) -> Result<UserDetail, ServiceError> {
    visitor.service.user(&visitor.caller, id).await
}
