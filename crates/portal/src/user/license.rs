//! Taking a license of a track from one user. Assigning is under Licensing.

use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::{TrackId, UserId};

use crate::form_data::FormData;
use crate::page::Answer;
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::review::{self, Ways};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::post("/users/{id}/license/remove", Access::Administrator, remove)]
}

async fn remove(visitor: Visitor, RecordPath(user_id): RecordPath<UserId>, data: FormData) -> Answer {
    let track_id: TrackId = data.parse("track_id").ok_or(PageError::NotFound)?;
    let change = Change::RemoveLicense { user_ids: vec![user_id], track_id, date: None };
    let request = ChangeRequest { id: data.change_id()?, change };
    review::submit(&visitor, &request, &Ways::back_to(&format!("/users/{user_id}"))).await
}
