//! One entry with every field's before and after.

use askama::Template;
use lineside_model::id::{ChangeId, UserId};
use lineside_model::journal::{JournalEntry, Steps};
use lineside_model::list::Page;

use super::{action_label, way};
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::pager::Pager;
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
    undone_by: Option<JournalEntry>,
    /// Of a change to many, the steps about this user alone.
    about: Option<UserId>,
    /// Of all steps, when they have several pages.
    pager: Pager,
}

impl EntryPage {
    fn may_be_undone(&self) -> bool {
        self.entry.step_count != 0 && self.entry.action != "open_account"
    }
}

async fn show_entry(visitor: Visitor, RecordPath(id): RecordPath<ChangeId>, query: FormData) -> Answer {
    let about: Option<UserId> = query.parse("user_id");
    let page = query.parse("page").unwrap_or(1_u32).max(1);
    let steps = about.map_or(Steps::Page(page as usize), Steps::Of);
    let entry = visitor.service.journal_entry(&visitor.caller, id, steps).await?;
    let undone_by = visitor.service.undone_by(&visitor.caller, id).await?;
    let frame = visitor.frame(entry.summary.as_str()).await?;
    let total = i64::try_from(entry.step_count).unwrap_or(i64::MAX);
    let listed = Page::<()> { rows: Vec::new(), page: page.into(), total, more_than: false };
    let pager = Pager::new(&listed, &format!("/journal/{id}"), &[]);
    let (action, way) = (action_label(&entry.action), way(&entry.actor));
    show(&EntryPage { frame, entry, action, way, undone_by, about, pager })
}
