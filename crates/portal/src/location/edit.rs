//! Add and edit a location.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::LocationId;
use lineside_model::list::LocationRow;
use lineside_model::location::{CONTACTS_MAX, Site, SiteInput};
use lineside_model::time_zone::TimeZone;

use crate::control::{Choice, Control};
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::record_path::RecordPath;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::visitor::Visitor;
use crate::{stale, time_zone};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/locations/add", Access::Administrator, open_new),
        Route::post("/locations/add", Access::Administrator, add),
        Route::get("/locations/{id}", Access::Administrator, open),
        Route::post("/locations/{id}", Access::Administrator, edit),
    ]
}

#[derive(Template)]
#[template(path = "location/edit.html")]
struct EditPage {
    frame: Frame,
    form: Form,
    /// `None`: it is being added.
    location: Option<LocationRow>,
    time_zone: Control,
    contacts: Vec<ContactControls>,
}

struct ContactControls {
    name: Control,
    email: Control,
    phone: Control,
}

/// Empty rows for further contacts, since a row can't be added without a script.
const BLANK_ROWS: usize = 3;

impl EditPage {
    async fn new(
        visitor: &Visitor,
        location: Option<LocationRow>,
        form: Form,
    ) -> Result<Self, crate::page_error::PageError> {
        let title = location.as_ref().map_or("Add location", |row| row.location.site.name.as_str());
        let follow = Choice::new("", "Follow the address");
        let time_zone = form.select("time_zone", "Time zone", time_zone::choices(Some(follow))).hint(zone_hint(&form));
        Ok(Self { frame: visitor.frame(title).await?, time_zone, contacts: contact_controls(&form), location, form })
    }
}

async fn open_new(visitor: Visitor) -> Answer {
    let country = visitor.service.account(&visitor.caller).await?.settings.country;
    let mut input = SiteInput::default();
    country.as_str().clone_into(&mut input.address.country);
    let form = Form::new(visitor.service.new_change_id(), &input);
    show(&EditPage::new(&visitor, None, form).await?)
}

async fn add(visitor: Visitor, data: FormData) -> Answer {
    let site = match read(&data) {
        Ok(site) => site,
        Err(errors) => return again(&visitor, None, Form::sent(&data).with_errors(errors)).await,
    };
    let request = ChangeRequest { id: data.change_id()?, change: Change::AddLocation { site } };
    match attempt(&visitor, &request, &Ways::new("/locations", "/locations/add")).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => again(&visitor, None, Form::sent(&data).with_blockers(&plan)).await,
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<LocationId>) -> Answer {
    let row = visitor.service.location(&visitor.caller, id).await?;
    let form = Form::new(visitor.service.new_change_id(), &SiteInput::from(&row.location.site))
        .with("version", row.location.version.to_string());
    show(&EditPage::new(&visitor, Some(row), form).await?)
}

async fn edit(visitor: Visitor, RecordPath(id): RecordPath<LocationId>, data: FormData) -> Answer {
    let row = visitor.service.location(&visitor.caller, id).await?;
    let site = match read(&data) {
        Ok(site) => site,
        Err(errors) => return again(&visitor, Some(row), Form::sent(&data).with_errors(errors)).await,
    };
    let change = Change::EditLocation { location_id: id, version: data.version(), site };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::new("/locations", format!("/locations/{id}"))).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let current = SiteInput::from(&row.location.site);
            let form = Form::sent(&data).with_blockers(&plan);
            let form = stale::show_current(form, &plan, row.location.version, &current);
            again(&visitor, Some(row), form).await
        }
    }
}

async fn again(visitor: &Visitor, location: Option<LocationRow>, form: Form) -> Answer {
    show_again(&EditPage::new(visitor, location, form).await?)
}

fn read(data: &FormData) -> Result<Site, FieldErrors> {
    // What can't be read as text fields has no fields to blame; an empty form names all that is missing.
    data.input::<SiteInput>().unwrap_or_default().parse()
}

/// What following the address would mean for the address as it stands in the form.
fn zone_hint(form: &Form) -> String {
    match TimeZone::suggest(form.value("country"), form.value("region")) {
        Some(zone) if form.value("time_zone") == zone.name() => format!("As the address suggests: {zone}"),
        Some(zone) => format!("The address suggests {zone}; choose “Follow the address” to take it"),
        None => "Left at “Follow the address”, it is the one that most of the state keeps".to_owned(),
    }
}

fn contact_controls(form: &Form) -> Vec<ContactControls> {
    let value = |at: usize, part: &str| form.value(&format!("emergency_contacts.{at}.{part}"));
    let filled = |at: &usize| ["name", "email", "phone"].iter().any(|part| !value(*at, part).is_empty());
    let last = (0..CONTACTS_MAX).rev().find(filled).map_or(0, |at| at + 1);
    (0..(last + BLANK_ROWS).min(CONTACTS_MAX))
        .map(|at| {
            let text = |part: &str, label: &str| form.text(&format!("emergency_contacts.{at}.{part}"), label);
            ContactControls {
                name: text("name", "Name"),
                email: text("email", "Email").email(),
                phone: text("phone", "Phone").tel(),
            }
        })
        .collect()
}
