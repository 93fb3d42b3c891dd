//! Another date for one entry.

use askama::Template;
use chrono::{Days, NaiveDate};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::ScheduleEntryId;
use lineside_model::schedule_list::ScheduleRow;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::schedule::entry::Entry;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/schedule/{id}/edit", Access::Administrator, open),
        Route::post("/schedule/{id}/edit", Access::Administrator, save),
    ]
}

#[derive(Template)]
#[template(path = "schedule/edit.html")]
struct EditPage {
    frame: Frame,
    form: Form,
    entry: Entry,
    name: String,
    earliest: String,
}

impl EditPage {
    async fn new(visitor: &Visitor, row: ScheduleRow, form: Form) -> Result<Self, PageError> {
        let catalogue = visitor.service.catalogue().await?;
        let entry = Entry::of(&row.entry, &catalogue);
        let frame = visitor.frame(format!("Edit the date of {}", entry.what)).await?;
        let today = frame.zone().date(frame.now());
        Ok(Self { earliest: (today + Days::new(1)).to_string(), frame, form, entry, name: row.user.name })
    }
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<ScheduleEntryId>) -> Answer {
    let row = visitor.service.schedule_entry(&visitor.caller, id).await?;
    let form = Form::empty(visitor.service.new_change_id())
        .with("date", row.entry.date.to_string())
        .with("version", row.entry.version.to_string());
    show(&EditPage::new(&visitor, row, form).await?)
}

async fn save(visitor: Visitor, RecordPath(id): RecordPath<ScheduleEntryId>, data: FormData) -> Answer {
    let row = visitor.service.schedule_entry(&visitor.caller, id).await?;
    let Some(to) = data.parse::<NaiveDate>("date") else {
        let errors = FieldErrors::one("date", "choose a date, such as 2027-03-01");
        return show_again(&EditPage::new(&visitor, row, Form::sent(&data).with_errors(errors)).await?);
    };
    let change = Change::EditScheduleEntry { entry_id: id, version: data.version(), date: to };
    let request = ChangeRequest { id: data.change_id()?, change };
    let ways = Ways::new(format!("/users/{}", row.entry.user_id), format!("/schedule/{id}/edit"));
    match attempt(&visitor, &request, &ways).await? {
        Attempt::Answer(answer) => Ok(answer),
        Attempt::Blocked(plan) => {
            // Saving once more goes on from the entry as it is now.
            let form = Form::sent(&data).with_blockers(&plan).with("version", row.entry.version.to_string());
            show_again(&EditPage::new(&visitor, row, form).await?)
        }
    }
}
