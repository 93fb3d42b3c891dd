//! A user's greeting: upload, listen, go back to the default one.

use askama::Template;
use axum::extract::Multipart;
use axum::http::header;
use axum::response::IntoResponse;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::field::FieldErrors;
use lineside_model::id::{ChangeId, UserId};
use lineside_model::list::UserDetail;
use lineside_service::greeting::UPLOAD_MAX;
use lineside_service::{Outcome, ServiceError};

use crate::flash;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{self, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/users/{id}/greeting", Access::User, open),
        // Room for the fields and the parts' headers beside the file.
        Route::post("/users/{id}/greeting", Access::User, save).body_limit(UPLOAD_MAX + 65_536),
        Route::get("/users/{id}/greeting.wav", Access::User, listen),
        Route::post("/users/{id}/greeting/remove", Access::User, remove),
    ]
}

#[derive(Template)]
#[template(path = "user/greeting.html")]
struct GreetingPage {
    frame: Frame,
    user: UserDetail,
    form: Form,
    administers: bool,
}

impl GreetingPage {
    async fn new(visitor: &Visitor, user: UserDetail, form: Form) -> Result<Self, PageError> {
        let administers = visitor.caller.administers();
        Ok(Self { frame: visitor.frame("Greeting").await?, user, form, administers })
    }

    fn change_id(&self) -> &str {
        self.form.change_id()
    }
}

/// What a form with a file sent.
pub(crate) struct Upload {
    pub change_id: ChangeId,
    file_name: String,
    /// `None`: larger than is taken in.
    file: Option<Vec<u8>>,
}

impl Upload {
    pub fn is_empty(&self) -> bool {
        self.file.as_ref().is_some_and(Vec::is_empty)
    }

    pub fn refused(&self) -> Option<String> {
        let megabytes = UPLOAD_MAX / (1024 * 1024);
        self.file.is_none().then(|| format!("this file is larger than {megabytes} MB; shorten it or save it as MP3"))
    }
}

pub(crate) async fn receive(mut parts: Multipart) -> Result<Upload, PageError> {
    let unreadable = |error: axum::extract::multipart::MultipartError| PageError::Unreadable(error.body_text());
    let (mut change_id, mut file_name, mut file) = (None, String::new(), Some(Vec::new()));
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        match part.name() {
            Some("change_id") => change_id = part.text().await.map_err(unreadable)?.parse().ok(),
            Some("greeting") => {
                part.file_name().unwrap_or_default().clone_into(&mut file_name);
                // The form sends its fields before the file; a file that is too large ends the reading here.
                match part.bytes().await {
                    Ok(bytes) if bytes.len() <= UPLOAD_MAX => file = Some(bytes.to_vec()),
                    _ => {
                        file = None;
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    let change_id =
        change_id.ok_or_else(|| PageError::Unreadable("the form has no change_id; open it again".to_owned()))?;
    Ok(Upload { change_id, file_name, file })
}

pub(crate) async fn set(visitor: &Visitor, user_id: UserId, upload: &Upload) -> Result<Outcome, ServiceError> {
    let file = upload.file.clone().unwrap_or_default();
    let (service, caller) = (&visitor.service, &visitor.caller);
    let request = service.prepare_greeting(caller, upload.change_id, user_id, &upload.file_name, file).await?;
    service.apply(caller, &request, None).await
}

async fn open(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    let user = find(&visitor, id).await?;
    let form = Form::empty(visitor.service.new_change_id());
    page::show(&GreetingPage::new(&visitor, user, form).await?)
}

async fn save(visitor: Visitor, RecordPath(id): RecordPath<UserId>, upload: Multipart) -> Answer {
    let user = find(&visitor, id).await?;
    let upload = receive(upload).await?;
    let form = Form::empty(upload.change_id);
    let wrong = if upload.is_empty() { Some("choose a file first".to_owned()) } else { upload.refused() };
    let form = match wrong {
        Some(wrong) => form.with_errors(FieldErrors::one("greeting", wrong)),
        None => match set(&visitor, user.user.id, &upload).await {
            Ok(Outcome::Blocked(plan) | Outcome::Moved(plan)) => form.with_blockers(&plan),
            Ok(_) => return Ok(flash::done(&back(&visitor, user.user.id), "The greeting is set.")),
            Err(ServiceError::Invalid(errors)) => form.with_errors(errors),
            Err(error) => return Err(error.into()),
        },
    };
    page::show_again(&GreetingPage::new(&visitor, user, form).await?)
}

async fn listen(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    let audio = visitor.service.greeting_audio(&visitor.caller, id).await?;
    Ok(([(header::CONTENT_TYPE, "audio/wav")], audio).into_response())
}

async fn remove(visitor: Visitor, RecordPath(user_id): RecordPath<UserId>, data: FormData) -> Answer {
    let request = ChangeRequest { id: data.change_id()?, change: Change::RemoveGreeting { user_id } };
    review::submit(&visitor, &request, &Ways::back_to(&back(&visitor, user_id))).await
}

/// Administrators came from the user's page, users from their own.
fn back(visitor: &Visitor, user: UserId) -> String {
    if visitor.caller.administers() { format!("/users/{user}#voicemail") } else { format!("/users/{user}/greeting") }
}

async fn find(visitor: &Visitor, id: UserId) -> Result<UserDetail, ServiceError> {
    visitor.service.user(&visitor.caller, id).await
}

/// `0:42`.
pub fn length(milliseconds: &u32) -> String {
    let seconds = milliseconds.div_ceil(1000);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
