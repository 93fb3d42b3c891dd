//! Applies an import's plan, in the background.

use lineside_model::id::ImportId;

use super::PATIENCE;
use super::plan::answer;
use crate::form_data::FormData;
use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::post("/imports/{id}/apply", Access::Administrator, apply)]
}

async fn apply(visitor: Visitor, RecordPath(id): RecordPath<ImportId>, data: FormData) -> Answer {
    let good_rows_only = data.has("good_rows_only");
    let begun = visitor.service.apply_import(&visitor.caller, id, good_rows_only).await;
    if begun.is_ok() {
        let _ = tokio::time::timeout(PATIENCE, visitor.service.import_ended(id)).await;
    }
    answer(&visitor, id, &data, begun).await
}
