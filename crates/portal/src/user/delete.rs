//! Users who leave: what becomes of what they hold, then the plan.

use askama::Template;
use chrono::NaiveDate;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::leaving::{Leaving, LeavingInput};

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::selection::Selected;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/delete", Access::Administrator, open),
        Route::post("/users/delete", Access::Administrator, delete),
    ]
}

#[derive(Template)]
#[template(path = "user/delete.html")]
struct DeletePage {
    frame: Frame,
    form: Form,
    selected: Selected,
}

impl DeletePage {
    async fn new(visitor: &Visitor, selected: Selected, form: Form) -> Result<Self, PageError> {
        let frame = visitor.frame(format!("Delete {}", selected.whom())).await?;
        Ok(Self { frame, form, selected })
    }

    fn is(&self, field: &str, value: &str) -> bool {
        self.form.value(field) == value
    }
}

async fn open(visitor: Visitor, data: FormData) -> Answer {
    let selected = match Selected::find(&visitor, &data).await? {
        Ok(selected) => selected,
        Err(nobody) => return Ok(nobody),
    };
    let form = Form::new(visitor.service.new_change_id(), &LeavingInput::from(&Leaving::default()));
    show(&DeletePage::new(&visitor, selected, form).await?)
}

async fn delete(visitor: Visitor, data: FormData) -> Answer {
    let selected = match Selected::find(&visitor, &data).await? {
        Ok(selected) => selected,
        Err(nobody) => return Ok(nobody),
    };
    let (leaving, on) = match read(&data) {
        Ok(read) => read,
        Err(errors) => {
            let form = Form::sent(&data).with_errors(errors);
            return show_again(&DeletePage::new(&visitor, selected, form).await?);
        }
    };
    let change = Change::DeleteUsers { user_ids: selected.user_ids.clone(), leaving, date: on };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::new(if on.is_some() { "/schedule" } else { "/users" }, selected.back()))
        .await?
    {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let form = Form::sent(&data).with_blockers(&plan);
            show_again(&DeletePage::new(&visitor, selected, form).await?)
        }
    }
}

fn read(data: &FormData) -> Result<(Leaving, Option<NaiveDate>), FieldErrors> {
    let mut errors = FieldErrors::default();
    let input: LeavingInput = data.input().unwrap_or_default();
    let leaving = input.parse().map_err(|wrong| errors.0.extend(wrong.0)).ok();
    let on = errors.take_optional("date", data.text("date"), date);
    errors.into_result(leaving.map(|leaving| (leaving, on)))
}

/// Blank is now.
pub(super) fn date(text: &str) -> Result<NaiveDate, &'static str> {
    text.parse().map_err(|_| "choose a date, such as 2027-03-01, or leave it blank for now")
}
