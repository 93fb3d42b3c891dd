//! Set how many seats of a type the account holds.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::license::LicenseType;

use super::{bought_and_used, find};
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
}

impl SeatsPage {
    async fn new(visitor: &Visitor, license: LicenseType, form: Form) -> Result<Self, PageError> {
        let seats = visitor.service.seats(&visitor.caller).await?;
        let (bought, used) = bought_and_used(&seats, license.id);
        let form = if form.value("bought").is_empty() { form.with("bought", bought.to_string()) } else { form };
        Ok(Self { frame: visitor.frame(format!("Seats of {}", license.name)).await?, form, license, bought, used })
    }
}

async fn open(visitor: Visitor, TextPath(name): TextPath<String>) -> Answer {
    let (_, license) = find(&visitor, &name).await?;
    let form = Form::empty(visitor.service.new_change_id());
    show(&SeatsPage::new(&visitor, license, form).await?)
}

async fn set(visitor: Visitor, TextPath(name): TextPath<String>, data: FormData) -> Answer {
    let (_, license) = find(&visitor, &name).await?;
    let Some(bought) = data.parse("bought") else {
        let errors = FieldErrors::one("bought", "write a whole number of seats, such as 50");
        return show_again(&SeatsPage::new(&visitor, license, Form::sent(&data).with_errors(errors)).await?);
    };
    let change = Change::SetSeats { license_type_id: license.id, bought, bound: None };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::back_to("/licensing")).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            show_again(&SeatsPage::new(&visitor, license, Form::sent(&data).with_blockers(&plan)).await?)
        }
    }
}
