//! What was uploaded, and the form to upload more.

use askama::Template;
use axum::extract::Multipart;
use axum::response::{IntoResponse, Redirect};
use lineside_model::field::FieldErrors;
use lineside_model::id::{ChangeId, ImportId};
use lineside_model::import::{ImportJob, ImportKind, ImportState};
use lineside_service::ServiceError;
use lineside_service::import::upload_max;

use crate::control::Choice;
use crate::form::Form;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::page_error::PageError;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/imports", Access::Administrator, open),
        // Room for the parts' headers beside the file.
        Route::post("/imports", Access::Administrator, upload).body_limit(upload_max() + 65_536),
    ]
}

fn kinds() -> Vec<Choice> {
    ImportKind::ALL.into_iter().map(|kind| Choice::new(kind.as_str(), kind.label())).collect()
}

#[derive(Template)]
#[template(path = "import/history.html")]
struct HistoryPage {
    frame: Frame,
    form: Form,
    jobs: Vec<ImportJob>,
}

impl HistoryPage {
    async fn new(visitor: &Visitor, form: Form) -> Result<Self, PageError> {
        let jobs = visitor.service.imports(&visitor.caller).await?;
        Ok(Self { frame: visitor.frame("Import and export").await?, form, jobs })
    }
}

async fn open(visitor: Visitor) -> Answer {
    page::show(&HistoryPage::new(&visitor, Form::empty(visitor.service.new_change_id())).await?)
}

async fn upload(visitor: Visitor, parts: Multipart) -> Answer {
    let form = Form::empty(visitor.service.new_change_id());
    let Upload { change_id, kind, name, file } = receive(parts, upload_max()).await?;
    let form = form.with("lists", kind.as_str());
    let id = ImportId(change_id.unwrap_or_else(|| visitor.service.new_change_id()).0);
    let errors = match file {
        None => {
            let megabytes = upload_max() >> 20;
            FieldErrors::one("file", format!("this file is larger than {megabytes} MB; split it"))
        }
        Some(file) if file.is_empty() => FieldErrors::one("file", "choose a file first"),
        Some(file) => match visitor.service.upload_import_once(&visitor.caller, id, kind, &name, file).await {
            Ok(job) => return Ok(Redirect::to(&format!("/imports/{}", job.id)).into_response()),
            Err(ServiceError::Invalid(errors)) => errors,
            Err(error) => return Err(error.into()),
        },
    };
    page::show_again(&HistoryPage::new(&visitor, form.with_errors(errors)).await?)
}

/// What the form sent.
pub(crate) struct Upload {
    pub change_id: Option<ChangeId>,
    pub kind: ImportKind,
    pub name: String,
    /// `None`: larger than is taken in.
    pub file: Option<Vec<u8>>,
}

/// `most`: bytes of the file.
pub(crate) async fn receive(mut parts: Multipart, most: usize) -> Result<Upload, PageError> {
    let unreadable = |error: axum::extract::multipart::MultipartError| PageError::Unreadable(error.body_text());
    let mut upload = Upload { change_id: None, kind: ImportKind::Users, name: String::new(), file: Some(Vec::new()) };
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        match part.name() {
            Some("change_id") => upload.change_id = part.text().await.map_err(unreadable)?.parse().ok(),
            Some("lists") => {
                upload.kind = ImportKind::parse(&part.text().await.map_err(unreadable)?).unwrap_or_default();
            }
            Some("file") => {
                part.file_name().unwrap_or_default().clone_into(&mut upload.name);
                // The form sends its fields before the file; one that is too large ends the reading here.
                upload.file = part.bytes().await.ok().filter(|bytes| bytes.len() <= most).map(|b| b.to_vec());
                break;
            }
            _ => {}
        }
    }
    Ok(upload)
}
