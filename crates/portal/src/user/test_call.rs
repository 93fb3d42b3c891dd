//! Test calls: a button, how far the test is, and what the last ones found with what to do about it.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect};
use chrono::{DateTime, Utc};
use lineside_model::id::{CallId, UserId};
use lineside_model::test_call::{TestPhase, TestResult};
use lineside_model::time_zone::TimeZone;
use lineside_web::audio;

use crate::frame::Frame;
use crate::moment::Moment;
use crate::page::Answer;
use crate::page_error::PageError;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/users/{id}/test-call", Access::User, start),
        Route::get("/test-calls/{id}/audio.wav", Access::User, listen),
    ]
}

/// A section of the user's page, and of their own.
#[derive(Template)]
#[template(path = "user/test_call.html")]
pub struct TestCalls {
    user_id: UserId,
    zone: TimeZone,
    now: DateTime<Utc>,
    phase: Option<TestPhase>,
    newest: Option<TestResult>,
    before: Vec<TestResult>,
}

impl HtmlSafe for TestCalls {}

impl TestCalls {
    pub async fn of(visitor: &Visitor, user_id: UserId, frame: &Frame) -> Result<Self, PageError> {
        let (phase, results) = visitor.service.test_calls(&visitor.caller, user_id).await?;
        let mut results = results.into_iter();
        let (zone, now) = (frame.zone(), frame.now());
        Ok(Self { user_id, zone, now, phase, newest: results.next(), before: results.collect() })
    }

    fn time(&self, result: &TestResult) -> Moment {
        Moment::new(result.at, self.zone, self.now)
    }
}

fn tag(result: &TestResult) -> &'static str {
    if result.is_good() { "ok" } else { "bad" }
}

/// `0.4 % lost, jitter 2.5 ms, 14 ms there and back, PCMU`, or nothing when no sound came.
fn numbers(result: &TestResult) -> String {
    let quality = &result.quality;
    if quality.packets == 0 {
        return String::new();
    }
    let loss = quality.loss_permille();
    let way = result.round_trip_ms.map(|ms| format!(", {ms} ms there and back")).unwrap_or_default();
    let codec = if quality.codec.is_empty() { String::new() } else { format!(", {}", quality.codec) };
    format!("{}.{} % lost, jitter {:.1} ms{way}{codec}", loss / 10, loss % 10, quality.jitter_ms)
}

async fn start(visitor: Visitor, RecordPath(id): RecordPath<UserId>) -> Answer {
    visitor.service.start_test_call(&visitor.caller, id).await?;
    let page = if visitor.caller.administers() { format!("/users/{id}#test-call") } else { "/me#test-call".to_owned() };
    Ok(Redirect::to(&page).into_response())
}

async fn listen(visitor: Visitor, RecordPath(id): RecordPath<CallId>, headers: HeaderMap) -> Answer {
    let sound = visitor.service.test_sound(&visitor.caller, id, audio::range(&headers)).await?;
    Ok(audio::respond(sound))
}
