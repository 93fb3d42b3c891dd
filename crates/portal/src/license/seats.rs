//! Set how many seats of a type the account holds.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::license::{BINDINGS_MAX, LicenseType, SeatBinding};

use super::{bought_and_used, find};
use crate::control::Control;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::TextPath;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/licensing/{type}/seats", Access::Administrator, open),
        Route::post("/licensing/{type}/seats", Access::Administrator, set),
    ]
}

#[derive(Template)]
#[template(path = "license/seats.html")]
struct SeatsPage {
    frame: Frame,
    form: Form,
    license: LicenseType,
    bought: i64,
    used: i64,
    /// Rows of bindings, with some to fill in.
    rows: Vec<BindingRow>,
}

struct BindingRow {
    seats: Control,
    name: String,
    label: String,
    until: String,
    error: Option<String>,
}

/// Rows that wait for further bindings.
const EMPTY_ROWS: usize = 2;

impl SeatsPage {
    async fn new(visitor: &Visitor, license: LicenseType, form: Form) -> Result<Self, PageError> {
        let seats = visitor.service.seats(&visitor.caller).await?;
        let (bought, used) = bought_and_used(&seats, license.id);
        let held = seats.iter().find(|seats| seats.license_type_id == license.id);
        let bound = held.map(|seats| seats.bound.clone()).unwrap_or_default();
        let form = if form.value("bought").is_empty() { filled(form, bought, &bound) } else { form };
        let rows = (0..(bound.len() + EMPTY_ROWS).min(BINDINGS_MAX)).map(|at| BindingRow::of(&form, at)).collect();
        Ok(Self {
            frame: visitor.frame(format!("Seats of {}", license.name)).await?,
            form,
            license,
            bought,
            used,
            rows,
        })
    }
}

async fn open(visitor: Visitor, TextPath(name): TextPath<String>) -> Answer {
    let (_, license) = find(&visitor, &name).await?;
    let form = Form::empty(visitor.service.new_change_id());
    show(&SeatsPage::new(&visitor, license, form).await?)
}

async fn set(visitor: Visitor, TextPath(name): TextPath<String>, data: FormData) -> Answer {
    let (_, license) = find(&visitor, &name).await?;
    let (bought, bound) = match read(&data) {
        Ok(read) => read,
        Err(errors) => {
            return show_again(&SeatsPage::new(&visitor, license, Form::sent(&data).with_errors(errors)).await?);
        }
    };
    let change = Change::SetSeats { license_type_id: license.id, bought, bound };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::back_to("/licensing")).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            show_again(&SeatsPage::new(&visitor, license, Form::sent(&data).with_blockers(&plan)).await?)
        }
    }
}

impl BindingRow {
    fn of(form: &Form, at: usize) -> Self {
        let (seats, name) = (format!("bound.{at}.seats"), format!("bound.{at}.until"));
        Self {
            seats: form.text(&seats, &format!("Seats of binding {}", at + 1)).digits().max(9),
            label: format!("Bound until (binding {})", at + 1),
            until: form.value(&name).to_owned(),
            error: form.error(&name).map(str::to_owned),
            name,
        }
    }
}

fn filled(form: Form, bought: i64, bound: &[SeatBinding]) -> Form {
    let form = form.with("bought", bought.to_string());
    bound.iter().enumerate().fold(form, |form, (at, bound)| {
        form.with(&format!("bound.{at}.seats"), bound.seats.to_string())
            .with(&format!("bound.{at}.until"), bound.until.to_string())
    })
}

/// Seats and their bindings; a form without bindings leaves them as they are.
fn read(data: &FormData) -> Result<(i64, Option<Vec<SeatBinding>>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let bought = data.parse("bought");
    if bought.is_none() {
        errors.push("bought", "write a whole number of seats, such as 50");
    }
    let mut bound = Vec::new();
    for at in 0..BINDINGS_MAX {
        let (seats, until) = (format!("bound.{at}.seats"), format!("bound.{at}.until"));
        if data.text(&seats).trim().is_empty() && data.text(&until).trim().is_empty() {
            continue;
        }
        match (data.parse(&seats), data.parse(&until)) {
            (Some(seats), Some(until)) => bound.push(SeatBinding { seats, until }),
            (None, _) => errors.push(&seats, "write how many seats are bound until then, such as 20"),
            (_, None) => errors.push(&until, "choose the date until which they are bound"),
        }
    }
    let bound = data.has("bound.0.until").then_some(bound);
    errors.into_result(bought.map(|bought| (bought, bound)))
}
