//! Add user goes on: E911 address, device, greeting, review. Left half way, it is resumed where it was.

use askama::Template;
use axum::extract::Multipart;
use axum::response::{IntoResponse, Redirect, Response};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::{ChangeId, UserId};
use lineside_model::license::Catalogue;
use lineside_model::list::UserDetail;
use lineside_model::user::WizardStep;
use lineside_service::greeting::UPLOAD_MAX;
use lineside_service::{Outcome, ServiceError};

use crate::control::Choice;
use crate::flash;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::user::checklist::Checklist;
use crate::user::device::{self, Choices, DeviceCard};
use crate::user::{e911, greeting};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/{id}/add/profile", Access::Administrator, |v, id| open(v, id, WizardStep::Profile)),
        Route::get("/users/{id}/add/e911", Access::Administrator, |v, id| open(v, id, WizardStep::E911)),
        Route::get("/users/{id}/add/device", Access::Administrator, |v, id| open(v, id, WizardStep::Device)),
        Route::get("/users/{id}/add/greeting", Access::Administrator, |v, id| open(v, id, WizardStep::Greeting)),
        Route::get("/users/{id}/add/review", Access::Administrator, |v, id| open(v, id, WizardStep::Review)),
        Route::post("/users/{id}/add/e911", Access::Administrator, save_e911),
        Route::post("/users/{id}/add/device", Access::Administrator, save_device),
        Route::post("/users/{id}/add/greeting", Access::Administrator, save_greeting).body_limit(UPLOAD_MAX + 65_536),
        Route::post("/users/{id}/add/review", Access::Administrator, finish),
    ]
}

/// What every step shows around its own fields.
struct Step {
    frame: Frame,
    user: UserDetail,
    form: Form,
    checklist: Checklist,
    current: WizardStep,
}

impl Step {
    async fn new(visitor: &Visitor, user: UserDetail, current: WizardStep, form: Form) -> Result<Self, PageError> {
        let frame = visitor.frame("Add user").await?;
        let catalogue = visitor.service.catalogue().await?;
        let checklist = Checklist::new(&user, &catalogue, &frame).before_it_rings();
        Ok(Self { frame, user, form, checklist, current })
    }
}

macro_rules! step_page {
    ($name:ident, $path:literal $(, $field:ident: $type:ty)*) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name {
            frame: Frame,
            user: UserDetail,
            form: Form,
            checklist: Checklist,
            current: WizardStep,
            $($field: $type,)*
        }

        impl $name {
            fn new(step: Step $(, $field: $type)*) -> Self {
                let Step { frame, user, form, checklist, current } = step;
                Self { frame, user, form, checklist, current $(, $field)* }
            }
        }
    };
}

step_page!(E911Page, "user/add_e911.html", location: String);
step_page!(DevicePage, "user/add_device.html", choices: Choices, cards: Vec<DeviceCard>);
step_page!(GreetingPage, "user/add_greeting.html");
step_page!(ReviewPage, "user/add_review.html", catalogue: Catalogue);

async fn open(visitor: Visitor, RecordPath(id): RecordPath<UserId>, step: WizardStep) -> Answer {
    let user = visitor.service.user(&visitor.caller, id).await?;
    if user.user.wizard.is_none() {
        return Ok(Redirect::to(&format!("/users/{id}")).into_response());
    }
    let form = Form::empty(visitor.service.new_change_id());
    match step {
        WizardStep::Profile => Ok(Redirect::to(&format!("/users/{id}/edit?then=/users/{id}/add/e911")).into_response()),
        WizardStep::E911 => {
            let form = e911::filled(&user, visitor.service.new_change_id());
            show_e911(&visitor, user, form, false).await
        }
        WizardStep::Device => {
            let form = form.with("has_device", "yes").with("how", "new");
            show_device(&visitor, user, form, false).await
        }
        WizardStep::Greeting => show_greeting(&visitor, user, form, false).await,
        WizardStep::Review => show_review(&visitor, user, form, false).await,
    }
}

async fn show_e911(visitor: &Visitor, user: UserDetail, form: Form, again: bool) -> Answer {
    let location = user.location.as_ref().map(|location| location.site.name.to_string()).unwrap_or_default();
    let step = Step::new(visitor, user, WizardStep::E911, form).await?;
    answer(&E911Page::new(step, location), again)
}

async fn show_device(visitor: &Visitor, user: UserDetail, form: Form, again: bool) -> Answer {
    let (choices, cards) = (Choices::load(visitor).await?, DeviceCard::all(visitor, &user)?);
    let step = Step::new(visitor, user, WizardStep::Device, form).await?;
    answer(&DevicePage::new(step, choices, cards), again)
}

async fn show_greeting(visitor: &Visitor, user: UserDetail, form: Form, again: bool) -> Answer {
    answer(&GreetingPage::new(Step::new(visitor, user, WizardStep::Greeting, form).await?), again)
}

async fn show_review(visitor: &Visitor, user: UserDetail, form: Form, again: bool) -> Answer {
    let catalogue = visitor.service.catalogue().await?;
    answer(&ReviewPage::new(Step::new(visitor, user, WizardStep::Review, form).await?, catalogue), again)
}

fn answer(page: &impl Template, again: bool) -> Answer {
    if again { page::show_again(page) } else { page::show(page) }
}

async fn save_e911(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    let change = match e911::read(&user, &data) {
        Ok(change) => change,
        Err(errors) => return show_e911(&visitor, user, Form::sent(&data).with_errors(errors), true).await,
    };
    let request = ChangeRequest { id: data.change_id()?, change };
    match visitor.service.apply(&visitor.caller, &request, None).await? {
        Outcome::Blocked(plan) | Outcome::Moved(plan) => {
            show_e911(&visitor, user, Form::sent(&data).with_blockers(&plan), true).await
        }
        _ => go_on(&visitor, &user, request.id, WizardStep::E911).await,
    }
}

async fn save_device(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    if data.text("action") == "continue" || data.text("has_device") == "no" {
        return go_on(&visitor, &user, data.change_id()?, WizardStep::Device).await;
    }
    let change = match device::read(user.user.id, &data) {
        Ok(change) => change,
        Err(errors) => return show_device(&visitor, user, Form::sent(&data).with_errors(errors), true).await,
    };
    let request = ChangeRequest { id: data.change_id()?, change };
    match visitor.service.apply(&visitor.caller, &request, None).await? {
        Outcome::Blocked(plan) | Outcome::Moved(plan) => {
            show_device(&visitor, user, Form::sent(&data).with_blockers(&plan), true).await
        }
        // The same step again: it shows how the phone gets its configuration.
        _ => Ok(flash::done(&format!("/users/{}/add/device", user.user.id), "The device is assigned.")),
    }
}

async fn save_greeting(visitor: Visitor, RecordPath(id): RecordPath<UserId>, upload: Multipart) -> Answer {
    let user = find(&visitor, id).await?;
    let upload = greeting::receive(upload).await?;
    let form = Form::empty(upload.change_id);
    if let Some(too_large) = upload.refused() {
        return show_greeting(&visitor, user, form.with_errors(FieldErrors::one("greeting", too_large)), true).await;
    }
    if upload.is_empty() {
        return go_on(&visitor, &user, upload.change_id, WizardStep::Greeting).await;
    }
    match greeting::set(&visitor, user.user.id, &upload).await {
        Ok(Outcome::Blocked(plan) | Outcome::Moved(plan)) => {
            show_greeting(&visitor, user, form.with_blockers(&plan), true).await
        }
        Ok(_) => go_on(&visitor, &user, upload.change_id, WizardStep::Greeting).await,
        Err(ServiceError::Invalid(errors)) => show_greeting(&visitor, user, form.with_errors(errors), true).await,
        Err(error) => Err(error.into()),
    }
}

/// The last step: the wizard ends, and the welcome mail goes out if it was wanted.
async fn finish(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = find(&visitor, id).await?;
    let change = Change::SetWizard { user_id: user.user.id, wizard: None };
    let request = ChangeRequest { id: data.change_id()?, change };
    match visitor.service.apply(&visitor.caller, &request, None).await? {
        Outcome::Blocked(plan) | Outcome::Moved(plan) => {
            show_review(&visitor, user, Form::sent(&data).with_blockers(&plan), true).await
        }
        _ => {
            let name = user.user.profile.full_name();
            let mail = if user.user.welcome_wanted { " The welcome mail is on its way." } else { "" };
            Ok(flash::done(&format!("/users/{}", user.user.id), format!("{name} is added.{mail}")))
        }
    }
}

async fn find(visitor: &Visitor, id: UserId) -> Result<UserDetail, ServiceError> {
    visitor.service.user(&visitor.caller, id).await
}

/// Notes where to resume, unless the person went back and saved an earlier step again.
async fn go_on(visitor: &Visitor, user: &UserDetail, saved: ChangeId, from: WizardStep) -> Result<Response, PageError> {
    let id = user.user.id;
    let Some(next) = from.next() else { return Ok(Redirect::to(&format!("/users/{id}")).into_response()) };
    if user.user.wizard.is_some_and(|reached| reached < next) {
        let change = Change::SetWizard { user_id: id, wizard: Some(next) };
        let request = ChangeRequest { id: ChangeId(saved.derive("wizard", id.0)), change };
        visitor.service.apply(&visitor.caller, &request, None).await?;
    }
    Ok(Redirect::to(&format!("/users/{id}/add/{next}")).into_response())
}

/// Whether there is a phone to set up now.
pub fn yes_no() -> Vec<Choice> {
    vec![
        Choice::new("yes", "Yes").note("a desk phone, a softphone, anything that speaks SIP"),
        Choice::new("no", "No, later").note("everything else can be finished without one"),
    ]
}
