//! Greetings of many users in one archive: upload, plan, apply, history.

use askama::Template;
use axum::extract::Multipart;
use axum::response::{IntoResponse, Redirect};
use lineside_model::field::FieldErrors;
use lineside_model::greeting_archive::{ARCHIVE_MAX, ArchiveState, ArchivedFile, FileEffect, GreetingArchive};
use lineside_model::id::ArchiveId;
use lineside_service::ServiceError;

use crate::flash;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::import::PATIENCE;
use crate::import::history::receive;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/greetings", Access::Administrator, open),
        // Room for the parts' headers beside the file.
        Route::post("/greetings", Access::Administrator, upload).body_limit(ARCHIVE_MAX + 65_536),
        Route::get("/greetings/{id}", Access::Administrator, show_archive),
        Route::post("/greetings/{id}/apply", Access::Administrator, apply),
    ]
}

/// Files that the page shows of each effect; past that it says how many more.
const FILES_SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "greeting_archive/list.html")]
struct ListPage {
    frame: Frame,
    form: Form,
    archives: Vec<GreetingArchive>,
}

impl ListPage {
    async fn new(visitor: &Visitor, form: Form) -> Result<Self, PageError> {
        let archives = visitor.service.greeting_archives(&visitor.caller).await?;
        Ok(Self { frame: visitor.frame("Greetings of many users").await?, form, archives })
    }
}

#[derive(Template)]
#[template(path = "greeting_archive/show.html")]
struct ArchivePage {
    frame: Frame,
    archive: GreetingArchive,
    form: Form,
}

impl ArchivePage {
    /// What needs a person's look first.
    fn groups(&self) -> Vec<(FileEffect, Vec<&ArchivedFile>, usize)> {
        let order =
            [FileEffect::Refused, FileEffect::Unknown, FileEffect::Replace, FileEffect::Set, FileEffect::Unchanged];
        let group = |effect: FileEffect| {
            let files: Vec<&ArchivedFile> = self.archive.files.iter().filter(|file| file.effect == effect).collect();
            let more = files.len().saturating_sub(FILES_SHOWN);
            (effect, files.into_iter().take(FILES_SHOWN).collect::<Vec<_>>(), more)
        };
        order.map(group).into_iter().filter(|(_, files, _)| !files.is_empty()).collect()
    }

    fn to_set(&self) -> usize {
        self.archive.count(FileEffect::Set) + self.archive.count(FileEffect::Replace)
    }

    fn is_reading(&self) -> bool {
        self.archive.state == ArchiveState::Reading
    }

    fn is_applying(&self) -> bool {
        self.archive.state == ArchiveState::Applying
    }

    fn is_done(&self) -> bool {
        self.archive.state == ArchiveState::Done
    }
}

fn heading(effect: FileEffect) -> &'static str {
    match effect {
        FileEffect::Set => "Get their first greeting",
        FileEffect::Replace => "Replace the greeting there is",
        FileEffect::Unchanged => "Have just this greeting",
        FileEffect::Unknown => "Nobody has this username",
        FileEffect::Refused => "Can't be taken",
    }
}

async fn open(visitor: Visitor) -> Answer {
    show(&ListPage::new(&visitor, Form::empty(visitor.service.new_change_id())).await?)
}

async fn upload(visitor: Visitor, parts: Multipart) -> Answer {
    let form = Form::empty(visitor.service.new_change_id());
    let sent = receive(parts, ARCHIVE_MAX).await?;
    let id = ArchiveId(sent.change_id.unwrap_or_else(|| visitor.service.new_change_id()).0);
    let errors = match sent.file {
        None => FieldErrors::one("file", format!("this archive is larger than {} MB; split it", ARCHIVE_MAX >> 20)),
        Some(file) if file.is_empty() => FieldErrors::one("file", "choose an archive first"),
        Some(file) => match visitor.service.upload_greeting_archive(&visitor.caller, id, &sent.name, file).await {
            Ok(archive) => return Ok(Redirect::to(&format!("/greetings/{}", archive.id)).into_response()),
            Err(ServiceError::Invalid(errors)) => errors,
            Err(error) => return Err(error.into()),
        },
    };
    show_again(&ListPage::new(&visitor, form.with_errors(errors)).await?)
}

async fn show_archive(visitor: Visitor, RecordPath(id): RecordPath<ArchiveId>) -> Answer {
    let archive = visitor.service.greeting_archive(&visitor.caller, id).await?;
    let form = Form::empty(visitor.service.new_change_id());
    let frame = visitor.frame(archive.file_name.as_str()).await?;
    show(&ArchivePage { frame, archive, form })
}

async fn apply(visitor: Visitor, RecordPath(id): RecordPath<ArchiveId>, _: FormData) -> Answer {
    let page = format!("/greetings/{id}");
    let begun = visitor.service.apply_greeting_archive(&visitor.caller, id).await;
    if begun.is_ok() {
        let _ = tokio::time::timeout(PATIENCE, visitor.service.greeting_archive_ended(id)).await;
    }
    let ended = match begun {
        Ok(_) => visitor.service.greeting_archive(&visitor.caller, id).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(archive) if archive.state == ArchiveState::Done => Ok(flash::done(&page, "The greetings are set.")),
        Ok(_) => Ok(Redirect::to(&page).into_response()),
        Err(ServiceError::Invalid(errors)) => {
            let message = errors.0.into_iter().next().map(|error| error.message).unwrap_or_default();
            Ok(flash::done(&page, message))
        }
        Err(error) => Err(error.into()),
    }
}
