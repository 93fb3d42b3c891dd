//! A user's forwarding. Its user and administrators set it.

use askama::Template;
use axum::response::{IntoResponse, Redirect};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::extension::Destination;
use lineside_model::field::FieldErrors;
use lineside_model::forwarding::ForwardingInput;
use lineside_model::id::UserId;
use lineside_model::list::UserDetail;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{self, Attempt, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/forwarding", Access::User, own),
        Route::get("/users/{id}/forwarding", Access::User, open),
        Route::post("/users/{id}/forwarding", Access::User, save),
    ]
}

#[derive(Template)]
#[template(path = "user/forwarding.html")]
struct ForwardingPage {
    frame: Frame,
    user: UserDetail,
    form: Form,
    administers: bool,
}

async fn own(visitor: Visitor) -> Answer {
    let id = visitor.caller.user_id().ok_or(PageError::NotFound)?;
    Ok(Redirect::to(&format!("/users/{id}/forwarding")).into_response())
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    let user = visitor.service.user(&visitor.caller, id).await?;
    let forwarding = visitor.service.forwarding(&visitor.caller, id).await?;
    let version = forwarding.as_ref().map_or(0, |forwarding| forwarding.version);
    let rules = forwarding.map(|forwarding| forwarding.rules).unwrap_or_default();
    let unreachable = user.user.profile.unreachable.as_ref().map_or("", Destination::as_str).to_owned();
    let form = Form::new(visitor.service.new_change_id(), &ForwardingInput::from(&rules))
        .with("unreachable", unreachable)
        .with("version", version.to_string());
    let administers = visitor.caller.administers();
    page::show(&ForwardingPage { frame: visitor.frame("Forwarding").await?, user, form, administers })
}

async fn save(visitor: Visitor, RecordPath(id): RecordPath<UserId>, data: FormData) -> Answer {
    let user = visitor.service.user(&visitor.caller, id).await?;
    let form = Form::sent(&data);
    let form = match read(id, &data) {
        Ok(change) => {
            let request = ChangeRequest { id: data.change_id()?, change };
            let ways = Ways::back_to(&format!("/users/{id}/forwarding"));
            match review::apply(&visitor, &request, &ways).await? {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Blocked(plan) => form.with_blockers(&plan),
            }
        }
        Err(errors) => form.with_errors(errors),
    };
    let administers = visitor.caller.administers();
    page::show_again(&ForwardingPage { frame: visitor.frame("Forwarding").await?, user, form, administers })
}

fn read(user_id: UserId, data: &FormData) -> Result<Change, FieldErrors> {
    let input = ForwardingInput {
        always: data.text("always").to_owned(),
        busy: data.text("busy").to_owned(),
        no_answer: data.text("no_answer").to_owned(),
        ring_seconds: data.text("ring_seconds").to_owned(),
    };
    let mut errors = FieldErrors::default();
    let rules = input.parse().map_err(|wrong| errors.0.extend(wrong.0)).ok();
    let unreachable = errors.take_optional("unreachable", data.text("unreachable"), Destination::parse);
    let rules = errors.into_result(rules)?;
    Ok(Change::SetForwarding { user_id, version: data.version(), rules, unreachable })
}
