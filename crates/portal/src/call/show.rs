//! One call: who, when, why it ended, how it sounded, its recordings and its SIP messages.

use askama::Template;
use axum::http::HeaderMap;
use chrono::TimeDelta;
use lineside_model::call::{CallRecord, clock};
use lineside_model::call_report::LegQuality;
use lineside_model::id::{CallId, RecordingId};
use lineside_model::recording::Recording;
use lineside_web::audio;

use super::ladder::LadderDrawing;
use super::{tag, talked};
use crate::flash;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/calls/{id}", Access::User, show),
        Route::get("/recordings/{id}/audio.wav", Access::User, listen),
        Route::post("/recordings/{id}/delete", Access::Administrator, delete),
    ]
}

#[derive(Template)]
#[template(path = "call/show.html")]
struct CallPage {
    frame: Frame,
    call: CallRecord,
    recordings: Vec<Recording>,
    ladder: Option<LadderDrawing>,
    administers: bool,
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
    let administers = visitor.caller.administers();
    let ladder = administers.then(|| LadderDrawing::of(&call.ended, frame.zone())).flatten();
    page::show(&CallPage { frame, call, recordings, ladder, administers })
}

async fn listen(visitor: Visitor, RecordPath(id): RecordPath<RecordingId>, headers: HeaderMap) -> Answer {
    let sound = visitor.service.recording_sound(&visitor.caller, id, audio::range(&headers)).await?;
    Ok(audio::respond(sound))
}

async fn delete(visitor: Visitor, RecordPath(id): RecordPath<RecordingId>) -> Answer {
    let recording = visitor.service.delete_recording(&visitor.caller, id).await?;
    Ok(flash::done(&format!("/calls/{}", recording.call_id), "The recording is deleted; the journal proves it."))
}
