//! A number that ports in: when it is expected, and that it has arrived.

use askama::Template;
use chrono::NaiveDate;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::NumberId;
use lineside_model::list::NumberRow;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{Attempt, Ways, ask, attempt};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/numbers/{id}/port", Access::Administrator, open),
        Route::post("/numbers/{id}/port", Access::Administrator, save),
        Route::get("/numbers/{id}/complete-port", Access::Administrator, complete),
    ]
}

#[derive(Template)]
#[template(path = "number/port.html")]
struct PortPage {
    frame: Frame,
    form: Form,
    row: NumberRow,
}

impl PortPage {
    async fn new(visitor: &Visitor, row: NumberRow, form: Form) -> Result<Self, PageError> {
        let title = format!("Port of {}", row.number.number.pretty());
        Ok(Self { frame: visitor.frame(title).await?, form, row })
    }
}

/// A number that is there already has no such page.
async fn porting(visitor: &Visitor, id: NumberId) -> Result<(NumberRow, NaiveDate), PageError> {
    let row = visitor.service.number(&visitor.caller, id).await?;
    let date = row.number.ports_on.ok_or(lineside_service::ServiceError::NotFound)?;
    Ok((row, date))
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<NumberId>) -> Answer {
    let (row, date) = porting(&visitor, id).await?;
    let form = Form::empty(visitor.service.new_change_id())
        .with("version", row.number.version.to_string())
        .with("ports_on", date.to_string());
    show(&PortPage::new(&visitor, row, form).await?)
}

async fn save(visitor: Visitor, RecordPath(number_id): RecordPath<NumberId>, data: FormData) -> Answer {
    let Some(expected) = data.parse::<NaiveDate>("ports_on") else {
        let (row, _) = porting(&visitor, number_id).await?;
        let errors = FieldErrors::one("ports_on", "choose a date, such as 2027-03-01");
        return show_again(&PortPage::new(&visitor, row, Form::sent(&data).with_errors(errors)).await?);
    };
    let change = Change::MovePort { number_id, version: data.parse("version"), date: expected };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::new("/numbers", format!("/numbers/{number_id}/port"))).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let (row, _) = porting(&visitor, number_id).await?;
            show_again(&PortPage::new(&visitor, row, Form::sent(&data).with_blockers(&plan)).await?)
        }
    }
}

async fn complete(visitor: Visitor, RecordPath(number_id): RecordPath<NumberId>) -> Answer {
    let ways = Ways::new("/numbers", format!("/numbers/{number_id}/port"));
    ask(&visitor, Change::CompletePort { number_id }, &ways).await
}
