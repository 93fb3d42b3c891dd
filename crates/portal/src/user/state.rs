//! Suspend and resume, now or on a date: one user from their page, many from the list.

use askama::Template;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::UserId;
use lineside_model::user::UserState;

use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{self, Attempt, Ways, attempt};
use crate::router::{Access, Route};
use crate::selection::Selected;
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/users/{id}/state", Access::Administrator, set),
        Route::get("/users/suspend", Access::Administrator, open_suspend),
        Route::post("/users/suspend", Access::Administrator, suspend),
        Route::get("/users/resume", Access::Administrator, open_resume),
        Route::post("/users/resume", Access::Administrator, resume),
    ]
}

#[derive(Template)]
#[template(path = "user/state.html")]
struct StatePage {
    frame: Frame,
    form: Form,
    selected: Selected,
    suspend: bool,
}

impl StatePage {
    async fn new(visitor: &Visitor, selected: Selected, form: Form, state: UserState) -> Result<Self, PageError> {
        let suspend = state == UserState::Suspended;
        let title = format!("{} {}", if suspend { "Suspend" } else { "Resume" }, selected.whom());
        Ok(Self { frame: visitor.frame(title).await?, form, selected, suspend })
    }
}

/// At once, from the user's page.
async fn set(visitor: Visitor, RecordPath(user_id): RecordPath<UserId>, data: FormData) -> Answer {
    let state = UserState::parse(data.text("state"))
        .ok_or_else(|| PageError::Unreadable("a user is active or suspended".to_owned()))?;
    let change = Change::SetUserState { user_ids: vec![user_id], state, date: None };
    let request = ChangeRequest { id: data.change_id()?, change };
    review::submit(&visitor, &request, &Ways::back_to(&format!("/users/{user_id}"))).await
}

async fn open_suspend(visitor: Visitor, data: FormData) -> Answer {
    open(&visitor, &data, UserState::Suspended).await
}

async fn open_resume(visitor: Visitor, data: FormData) -> Answer {
    open(&visitor, &data, UserState::Active).await
}

async fn suspend(visitor: Visitor, data: FormData) -> Answer {
    save(&visitor, &data, UserState::Suspended).await
}

async fn resume(visitor: Visitor, data: FormData) -> Answer {
    save(&visitor, &data, UserState::Active).await
}

async fn open(visitor: &Visitor, data: &FormData, state: UserState) -> Answer {
    match Selected::find(visitor, data).await? {
        Ok(selected) => {
            let form = Form::empty(visitor.service.new_change_id());
            show(&StatePage::new(visitor, selected, form, state).await?)
        }
        Err(nobody) => Ok(nobody),
    }
}

async fn save(visitor: &Visitor, data: &FormData, state: UserState) -> Answer {
    let selected = match Selected::find(visitor, data).await? {
        Ok(selected) => selected,
        Err(nobody) => return Ok(nobody),
    };
    let mut errors = FieldErrors::default();
    let on = errors.take_optional("date", data.text("date"), super::delete::date);
    let form = if errors.is_empty() {
        let change = Change::SetUserState { user_ids: selected.user_ids.clone(), state, date: on };
        let request = ChangeRequest { id: data.change_id()?, change };
        let ways = Ways::new(if on.is_some() { "/schedule".to_owned() } else { selected.back() }, selected.back());
        match attempt(visitor, &request, &ways).await? {
            Attempt::Answer(answer) => return Ok(answer),
            Attempt::Blocked(plan) => Form::sent(data).with_blockers(&plan),
        }
    } else {
        Form::sent(data).with_errors(errors)
    };
    show_again(&StatePage::new(visitor, selected, form, state).await?)
}
