//! Suspend and resume.

use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::UserId;
use lineside_model::user::UserState;

use crate::form_data::FormData;
use crate::page::Answer;
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{self, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::post("/users/{id}/state", Access::Administrator, set)]
}

async fn set(visitor: Visitor, RecordPath(user_id): RecordPath<UserId>, data: FormData) -> Answer {
    let state = UserState::parse(data.text("state"))
        .ok_or_else(|| PageError::Unreadable("a user is active or suspended".to_owned()))?;
    let request = ChangeRequest { id: data.change_id()?, change: Change::SetUserState { user_id, state } };
    review::submit(&visitor, &request, &Ways::back_to(&format!("/users/{user_id}"))).await
}
