//! Take an entry out of the schedule: the plan, and a button that carries it out.

use lineside_model::change::Change;
use lineside_model::id::ScheduleEntryId;

use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::review::{Ways, ask};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/schedule/{id}/remove", Access::Administrator, remove)]
}

async fn remove(visitor: Visitor, RecordPath(entry_id): RecordPath<ScheduleEntryId>) -> Answer {
    let row = visitor.service.schedule_entry(&visitor.caller, entry_id).await?;
    let ways = Ways::back_to(&format!("/users/{}", row.entry.user_id));
    ask(&visitor, Change::RemoveScheduleEntry { entry_id }, &ways).await
}
