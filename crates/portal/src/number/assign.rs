//! Give a number to a user, whoever held it before.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::{NumberId, UserId};
use lineside_model::list::NumberRow;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::user_picker::UserPicker;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/numbers/{id}/assign", Access::Administrator, open),
        Route::post("/numbers/{id}/assign", Access::Administrator, assign),
    ]
}

#[derive(Template)]
#[template(path = "number/assign.html")]
struct AssignPage {
    frame: Frame,
    form: Form,
    row: NumberRow,
    picker: UserPicker,
}

impl AssignPage {
    async fn new(visitor: &Visitor, row: NumberRow, search: &str, form: Form) -> Result<Self, PageError> {
        let title = format!("Assign {}", row.number.number.pretty());
        let picker = UserPicker::find(visitor, search).await?;
        Ok(Self { frame: visitor.frame(title).await?, form, row, picker })
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<NumberId>, query: FormData) -> Answer {
    let row = visitor.service.number(&visitor.caller, id).await?;
    let form = Form::empty(visitor.service.new_change_id()).with("search", query.text("search"));
    show(&AssignPage::new(&visitor, row, query.text("search"), form).await?)
}

async fn assign(visitor: Visitor, RecordPath(number_id): RecordPath<NumberId>, data: FormData) -> Answer {
    let row = visitor.service.number(&visitor.caller, number_id).await?;
    let Some(user_id) = data.parse::<UserId>("user_id") else {
        let form = Form::sent(&data).with_errors(FieldErrors::one("user_id", "choose the user who gets this number"));
        return show_again(&AssignPage::new(&visitor, row, data.text("search"), form).await?);
    };
    let change = Change::AssignNumber { number_id, user_id: Some(user_id) };
    let request = ChangeRequest { id: data.change_id()?, change };
    match attempt(&visitor, &request, &Ways::new("/numbers", format!("/numbers/{number_id}/assign"))).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            let form = Form::sent(&data).with_blockers(&plan);
            show_again(&AssignPage::new(&visitor, row, data.text("search"), form).await?)
        }
    }
}
