//! Ends a call that goes on.

use lineside_model::id::CallId;
use lineside_service::ServiceError;

use crate::flash;
use crate::page::Answer;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::post("/calls/{id}/hang-up", Access::Administrator, hang_up)]
}

async fn hang_up(visitor: Visitor, RecordPath(id): RecordPath<CallId>) -> Answer {
    let said = match visitor.service.hang_up(&visitor.caller, id).await {
        Ok(()) => "The call is hung up.",
        Err(ServiceError::NotFound) => {
            // It may have ended while somebody looked at the page.
            visitor.service.call(&visitor.caller, id).await?;
            "The call had ended already."
        }
        Err(error) => return Err(error.into()),
    };
    Ok(flash::done("/calls", said))
}
