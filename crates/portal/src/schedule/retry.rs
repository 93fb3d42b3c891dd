//! Carry an entry out now, one that failed or one that need not wait: the plan, with repairs where something is in the way.

use lineside_model::change::Change;
use lineside_model::id::ScheduleEntryId;

use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::review::{Ways, ask};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/schedule/{id}/retry", Access::Administrator, retry)]
}

async fn retry(visitor: Visitor, RecordPath(entry_id): RecordPath<ScheduleEntryId>) -> Answer {
    let row = visitor.service.schedule_entry(&visitor.caller, entry_id).await?;
    let ways = Ways::back_to(&format!("/users/{}", row.entry.user_id));
    ask(&visitor, Change::RetryScheduleEntry { entry_id }, &ways).await
}
