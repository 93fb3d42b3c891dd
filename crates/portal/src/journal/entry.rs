//! One entry with every field's before and after.

use askama::Template;
use lineside_model::id::ChangeId;
use lineside_model::journal::JournalEntry;

use super::{action_label, way};
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/journal/{id}", Access::Administrator, show_entry)]
}

#[derive(Template)]
#[template(path = "journal/entry.html")]
struct EntryPage {
    frame: Frame,
    entry: JournalEntry,
    action: String,
    way: String,
}

async fn show_entry(visitor: Visitor, RecordPath(id): RecordPath<ChangeId>) -> Answer {
    let entry = visitor.service.journal_entry(&visitor.caller, id).await?;
    let frame = visitor.frame(entry.summary.as_str()).await?;
    show(&EntryPage { frame, action: action_label(&entry.action), way: way(&entry.actor), entry })
}
