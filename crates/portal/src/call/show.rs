//! One call: who, when, why it ended, how it sounded, its recordings and its SIP messages.

use askama::Template;
use axum::http::header;
use axum::response::IntoResponse;
use chrono::TimeDelta;
use lineside_model::call::{CallRecord, clock};
use lineside_model::call_report::LegQuality;
use lineside_model::id::{CallId, RecordingId};
use lineside_model::recording::Recording;

use super::ladder::LadderDrawing;
use super::{tag, talked};
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/calls/{id}", Access::User, show), Route::get("/recordings/{id}/audio.wav", Access::User, listen)]
}

#[derive(Template)]
#[template(path = "call/show.html")]
struct CallPage {
    frame: Frame,
    call: CallRecord,
    recordings: Vec<Recording>,
    ladder: Option<LadderDrawing>,
}

impl CallPage {
    fn legs(&self) -> Vec<(&'static str, &LegQuality)> {
        let ended = &self.call.ended;
        let legs = [("From the caller", &ended.from_caller), ("From the called side", &ended.from_callee)];
        legs.into_iter().filter_map(|(name, leg)| Some((name, leg.as_ref()?))).collect()
    }
}

fn loss(leg: &LegQuality) -> String {
    format!("{}.{} %", leg.loss_permille() / 10, leg.loss_permille() % 10)
}

fn length(recording: &Recording) -> String {
    clock(TimeDelta::milliseconds(recording.duration_ms.into()))
}

async fn show(visitor: Visitor, RecordPath(id): RecordPath<CallId>) -> Answer {
    let (call, recordings) = visitor.service.call(&visitor.caller, id).await?;
    let frame = visitor.frame("Call").await?;
    // Messages are for who looks after phones.
    let ladder = visitor.caller.administers().then(|| LadderDrawing::of(&call.ended, frame.zone())).flatten();
    page::show(&CallPage { frame, call, recordings, ladder })
}

async fn listen(visitor: Visitor, RecordPath(id): RecordPath<RecordingId>) -> Answer {
    let audio = visitor.service.recording_audio(&visitor.caller, id).await?;
    Ok(([(header::CONTENT_TYPE, "audio/wav")], audio).into_response())
}
