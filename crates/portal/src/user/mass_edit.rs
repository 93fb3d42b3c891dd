//! "These users, these fields": one form for those that were picked on the list; what it leaves stays as each has it.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::mass_edit::{CLEAR, MassEditInput};
use lineside_model::recording::RecordingMode;

use crate::control::Choice;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::selection::Selected;
use crate::user::list;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/mass-edit", Access::Administrator, open),
        Route::post("/users/mass-edit", Access::Administrator, save),
    ]
}

#[derive(Template)]
#[template(path = "user/mass_edit.html")]
struct MassEditPage {
    frame: Frame,
    form: Form,
    selected: Selected,
    title: String,
    /// The only field that is asked for: `location` or `department`.
    field: String,
    locations: Vec<Choice>,
    departments: Vec<Choice>,
    time_zones: Vec<Choice>,
    modes: Vec<Choice>,
    switch: Vec<Choice>,
}

impl MassEditPage {
    async fn new(visitor: &Visitor, selected: Selected, form: Form, field: &str) -> Result<Self, PageError> {
        let field = if matches!(field, "location" | "department") { field } else { "" };
        let what = if field.is_empty() { "Edit" } else { &format!("Set the {field} of") };
        let title = format!("{what} {}", selected.whom());
        let leave = || Choice::new("", "Leave as it is");
        let none = |label: &str| vec![leave(), Choice::new(CLEAR, label)];
        let modes = RecordingMode::ALL.map(|mode| Choice::new(mode.as_str(), mode.label()));
        Ok(Self {
            frame: visitor.frame(title.as_str()).await?,
            locations: [none("None"), list::locations(visitor).await?].concat(),
            departments: [none("None"), list::departments(visitor).await?].concat(),
            time_zones: [none("Follows the location"), crate::time_zone::choices(None)].concat(),
            modes: std::iter::once(leave()).chain(modes).collect(),
            switch: vec![leave(), Choice::new("on", "On"), Choice::new("off", "Off")],
            form,
            selected,
            title,
            field: field.to_owned(),
        })
    }

    fn asks(&self, field: &str) -> bool {
        self.field.is_empty() || self.field == field
    }
}

async fn open(visitor: Visitor, data: FormData) -> Answer {
    let selected = match Selected::find(&visitor, &data).await? {
        Ok(selected) => selected,
        Err(nobody) => return Ok(nobody),
    };
    let form = Form::empty(visitor.service.new_change_id());
    show(&MassEditPage::new(&visitor, selected, form, data.text("field")).await?)
}

async fn save(visitor: Visitor, data: FormData) -> Answer {
    let selected = match Selected::find(&visitor, &data).await? {
        Ok(selected) => selected,
        Err(nobody) => return Ok(nobody),
    };
    let input: MassEditInput = data.input()?;
    let form = match input.parse() {
        Err(errors) => Form::sent(&data).with_errors(errors),
        Ok(edit) => {
            let change = Change::EditUsers { user_ids: selected.user_ids.clone(), edit: Box::new(edit) };
            let request = ChangeRequest { id: data.change_id()?, change };
            match attempt(&visitor, &request, &Ways::back_to(&selected.back())).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Blocked(plan) => Form::sent(&data).with_blockers(&plan),
            }
        }
    };
    show_again(&MassEditPage::new(&visitor, selected, form, data.text("field")).await?)
}
