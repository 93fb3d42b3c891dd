//! A user's mails: send the welcome mail, try a failed one again.

use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::{MailId, UserId};
use lineside_model::mail::MailState;

use crate::flash;
use crate::form_data::FormData;
use crate::page::Answer;
use crate::page_error::PageError;
use crate::record_path::{RecordPath, TextPath};
use crate::review::{self, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/users/{id}/welcome", Access::Administrator, welcome),
        Route::post("/users/{id}/mails/{mail}/retry", Access::Administrator, retry),
    ]
}

async fn welcome(visitor: Visitor, RecordPath(user_id): RecordPath<UserId>, data: FormData) -> Answer {
    let request = ChangeRequest { id: data.change_id()?, change: Change::SendWelcome { user_ids: vec![user_id] } };
    review::submit(&visitor, &request, &Ways::back_to(&format!("/users/{user_id}"))).await
}

async fn retry(visitor: Visitor, TextPath((id, mail)): TextPath<(String, String)>) -> Answer {
    let user_id: UserId = id.parse().map_err(|_| PageError::NotFound)?;
    let mail: MailId = mail.parse().map_err(|_| PageError::NotFound)?;
    visitor.service.retry_mail(&visitor.caller, user_id, mail).await?;
    Ok(flash::done(&format!("/users/{user_id}#mails"), "The mail is tried again now."))
}

/// The tag that a mail's state is shown as.
pub fn tag(state: &MailState) -> &'static str {
    match state {
        MailState::Accepted => "ok",
        MailState::Queued | MailState::Delayed => "wait",
        MailState::Failed => "bad",
    }
}

pub fn may_retry(state: &MailState) -> bool {
    matches!(state, MailState::Failed | MailState::Delayed)
}
