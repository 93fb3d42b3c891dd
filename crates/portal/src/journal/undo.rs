//! Taking a change back: its plan says what changed since.

use lineside_model::change::Change;
use lineside_model::id::ChangeId;
use lineside_model::journal::Steps;
use lineside_model::undo::Since;

use crate::form_data::FormData;
use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::review::{self, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/journal/{id}/undo", Access::Administrator, ask)]
}

async fn ask(visitor: Visitor, RecordPath(undone): RecordPath<ChangeId>, query: FormData) -> Answer {
    visitor.service.journal_entry(&visitor.caller, undone, Steps::Page(1)).await?;
    let since = Since::parse(query.text("since")).unwrap_or_default();
    review::ask(&visitor, Change::Undo { undone, since }, &Ways::back_to(&format!("/journal/{undone}"))).await
}
