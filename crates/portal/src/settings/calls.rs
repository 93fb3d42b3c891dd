//! What holds for the calls of the account: recording, guards against fraud, how long things are kept.

use askama::Template;
use lineside_model::call_settings::CallRulesInput;
use lineside_model::change::{Change, ChangeRequest};

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::review::{Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/settings/calls", Access::Administrator, open),
        Route::post("/settings/calls", Access::Administrator, save),
    ]
}

#[derive(Template)]
#[template(path = "settings/calls.html")]
struct CallsPage {
    frame: Frame,
    form: Form,
}

async fn open(visitor: Visitor) -> Answer {
    let settings = visitor.service.call_settings(&visitor.caller).await?;
    let version = settings.as_ref().map_or(0, |settings| settings.version);
    let rules = settings.map(|settings| settings.rules).unwrap_or_default();
    let form =
        Form::new(visitor.service.new_change_id(), &CallRulesInput::from(&rules)).with("version", version.to_string());
    show(&CallsPage { frame: visitor.frame("Settings for calls").await?, form })
}

async fn save(visitor: Visitor, data: FormData) -> Answer {
    let form = Form::sent(&data);
    let form = match data.input::<CallRulesInput>()?.parse() {
        Ok(rules) => {
            let change = Change::SetCallRules { version: data.version(), rules: Box::new(rules) };
            let request = ChangeRequest { id: data.change_id()?, change };
            match attempt(&visitor, &request, &Ways::back_to("/settings/calls")).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Blocked(plan) => form.with_blockers(&plan),
            }
        }
        Err(errors) => form.with_errors(errors),
    };
    show_again(&CallsPage { frame: visitor.frame("Settings for calls").await?, form })
}
