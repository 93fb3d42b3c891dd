//! Add user, first step: the profile, with number and package.

use askama::Template;
use axum::response::{Html, IntoResponse, Redirect};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::LicenseTypeId;
use lineside_model::license::VOICE;
use lineside_model::phone_number::NumberKind;
use lineside_model::plan::{BlockerKind, Plan};
use lineside_model::text::Name;
use lineside_model::user::{NewUser, Profile, ProfileInput, Role, WizardStep};
use lineside_service::{Outcome, ServiceError};

use crate::control::Choice;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::router::{Access, Route};
use crate::user::checklist::Checklist;
use crate::user::profile_form::{self, Lists, NUMBERS_SHOWN};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/add", Access::Administrator, open),
        Route::post("/users/add", Access::Administrator, add),
        Route::get("/users/suggest-username", Access::Administrator, suggest_username),
        Route::get("/users/free-numbers", Access::Administrator, free_numbers),
    ]
}

#[derive(Template)]
#[template(path = "user/add.html")]
struct AddPage {
    frame: Frame,
    form: Form,
    lists: Lists,
    packages: Vec<Choice>,
    numbers: Numbers,
    checklist: Checklist,
    /// Saving without a package was tried once.
    confirm_without: bool,
}

impl AddPage {
    async fn new(visitor: &Visitor, form: Form) -> Result<Self, PageError> {
        Ok(Self {
            frame: visitor.frame("Add user").await?,
            lists: Lists::load(visitor).await?,
            packages: packages(visitor).await?,
            numbers: Numbers::find(visitor, form.value("location_id"), form.value("number_search")).await?,
            checklist: Checklist::of_nobody(),
            confirm_without: form.ticked("without_license"),
            form,
        })
    }
}

/// Free numbers to choose from: a landline, and a mobile number beside it.
struct Numbers {
    landlines: Vec<Choice>,
    mobiles: Vec<Choice>,
}

impl Numbers {
    async fn find(visitor: &Visitor, location: &str, search: &str) -> Result<Self, ServiceError> {
        let digits: String = search.chars().filter(char::is_ascii_digit).take(15).collect();
        let free = visitor.service.free_numbers(&visitor.caller, location.parse().ok(), &digits, NUMBERS_SHOWN).await?;
        Ok(Self {
            landlines: profile_form::numbers(&free, NumberKind::Landline, "No landline number"),
            mobiles: profile_form::numbers(&free, NumberKind::Mobile, "No mobile number"),
        })
    }
}

async fn open(visitor: Visitor) -> Answer {
    let extension = visitor.service.suggest_extension(&visitor.caller).await?;
    let locations = visitor.service.locations(&visitor.caller).await?;
    let mut form = Form::empty(visitor.service.new_change_id())
        .with("extension", extension.map(|extension| extension.to_string()).unwrap_or_default())
        .with("email_voicemails", "on")
        .with("attach_recording", "on")
        .with("welcome", "on");
    if let [only] = locations.as_slice() {
        form = form.with("location_id", only.location.id.to_string());
    }
    page::show(&AddPage::new(&visitor, form).await?)
}

async fn add(visitor: Visitor, mut data: FormData) -> Answer {
    fill_username(&visitor, &mut data).await?;
    if data.text("action") == "numbers" {
        return page::show(&AddPage::new(&visitor, Form::sent(&data)).await?);
    }
    let new = match new_user(&visitor, &data).await {
        Ok(new) => new,
        Err(ServiceError::Invalid(errors)) => {
            return page::show_again(&AddPage::new(&visitor, Form::sent(&data).with_errors(errors)).await?);
        }
        Err(error) => return Err(error.into()),
    };
    let request = ChangeRequest { id: data.change_id()?, change: Change::AddUser { user: Box::new(new) } };
    match visitor.service.apply(&visitor.caller, &request, None).await? {
        Outcome::Done { .. } | Outcome::Before => {
            let next = format!("/users/{}/add/{}", request.new_user_id(), WizardStep::E911);
            Ok(Redirect::to(&next).into_response())
        }
        Outcome::Blocked(plan) | Outcome::Moved(plan) => {
            let mut page = AddPage::new(&visitor, Form::sent(&data).with_blockers(&plan)).await?;
            page.confirm_without |= needs_confirmation(&plan);
            page::show_again(&page)
        }
    }
}

fn needs_confirmation(plan: &Plan) -> bool {
    plan.blockers.iter().any(|blocker| blocker.kind == BlockerKind::NeedsConfirmation)
}

/// Without scripts a blank username is filled in here; it can be changed until it is saved.
async fn fill_username(visitor: &Visitor, data: &mut FormData) -> Result<(), ServiceError> {
    if data.text("username").trim().is_empty()
        && let (Ok(first), Ok(last)) = (Name::parse(data.text("first_name")), Name::parse(data.text("last_name")))
    {
        let username = visitor.service.suggest_username(&visitor.caller, &first, &last).await?;
        data.set("username", username.to_string());
    }
    Ok(())
}

/// Every field's error at once.
async fn new_user(visitor: &Visitor, data: &FormData) -> Result<NewUser, ServiceError> {
    let input: ProfileInput = data.input().map_err(|error| ServiceError::field("first_name", error))?;
    let mut errors = FieldErrors::default();
    let profile = input.parse().map_err(|wrong| errors.0.extend(wrong.0)).ok();
    let authorized = data.has("authorized_user");
    let pin_hash = match pin(visitor, data, authorized, profile.as_ref()).await {
        Err(ServiceError::Invalid(wrong)) => {
            errors.0.extend(wrong.0);
            None
        }
        other => other?,
    };
    let profile = errors.into_result(profile)?;
    Ok(NewUser {
        profile,
        number_id: data.parse("number_id"),
        mobile_number_id: data.parse("mobile_number_id"),
        package: data.parse::<LicenseTypeId>("package"),
        without_license: data.has("without_license"),
        role: if authorized { Role::AuthorizedUser } else { Role::User },
        pin_hash,
        welcome_wanted: data.has("welcome"),
        wizard: Some(WizardStep::E911),
    })
}

async fn pin(
    visitor: &Visitor,
    data: &FormData,
    authorized: bool,
    profile: Option<&Profile>,
) -> Result<Option<lineside_model::secret::Opaque>, ServiceError> {
    if !authorized || data.text("pin").is_empty() {
        return Ok(None);
    }
    let extension = profile.and_then(|profile| profile.extension.as_ref());
    visitor.service.hash_pin(data.text("pin"), extension).await.map(Some)
}

/// The Voice licenses, each with its free seats.
async fn packages(visitor: &Visitor) -> Result<Vec<Choice>, PageError> {
    let catalogue = visitor.service.catalogue().await?;
    let seats = visitor.service.seats(&visitor.caller).await?;
    let voice = catalogue.track_by_slug(VOICE).map(|track| track.id);
    let types = catalogue.types.iter().filter(|license| Some(license.track_id) == voice && !license.retired);
    let packages = types.map(|license| {
        let seats = seats.iter().find(|seats| seats.license_type_id == license.id);
        let (free, bought) = seats.map_or((0, 0), |seats| (seats.free(), seats.bought));
        Choice::new(license.id.to_string(), format!("{}: {free} of {bought} seats free", license.name))
    });
    Ok(std::iter::once(Choice::new("", "No package")).chain(packages).collect())
}

/// For the script: plain text.
async fn suggest_username(visitor: Visitor, data: FormData) -> Answer {
    let names = (Name::parse(data.text("first_name")), Name::parse(data.text("last_name")));
    let (Ok(first), Ok(last)) = names else { return Ok(String::new().into_response()) };
    Ok(visitor.service.suggest_username(&visitor.caller, &first, &last).await?.to_string().into_response())
}

#[derive(Template)]
#[template(path = "user/free_numbers.html")]
struct FreeNumbers {
    form: Form,
    numbers: Numbers,
}

/// For the script: both lists anew, for a location and some digits.
async fn free_numbers(visitor: Visitor, data: FormData) -> Answer {
    let numbers = Numbers::find(&visitor, data.text("location_id"), data.text("number_search")).await?;
    Ok(Html(FreeNumbers { form: Form::sent(&data), numbers }.render()?).into_response())
}
