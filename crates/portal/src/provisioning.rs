//! Phones fetch their configuration by the secret address of their own. Everything that is not right gets one answer.

use std::net::IpAddr;
use std::sync::Mutex;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use lineside_service::ServiceError;

use crate::router::{Access, Route};
use crate::{Portal, gate};

pub fn routes() -> Vec<Route> {
    vec![Route::get("/p/{*rest}", Access::Anyone, fetch)]
}

async fn fetch(State(portal): State<Portal>, rest: Result<Path<String>, PathRejection>, request: Request) -> Response {
    // Broken UTF-8 is in no address of ours, and is answered as every other that isn't.
    let rest = rest.map_or_else(|_| String::new(), |Path(rest)| rest);
    let now = portal.service.now();
    let from = gate::peer(request.extensions()).unwrap_or_default();
    if portal.misses.too_many(&from, now) {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], NOTHING).into_response();
    }
    let Some((secret, file)) = rest.split_once('/') else {
        portal.misses.add(&from, now);
        return nothing();
    };
    let user_agent =
        request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    match portal.service.fetch_configuration(secret, file, &from, user_agent).await {
        Ok(file) => ([(header::CONTENT_TYPE, file.content_type)], file.body).into_response(),
        Err(ServiceError::NotFound) => {
            portal.misses.add(&from, now);
            nothing()
        }
        Err(error) => {
            tracing::error!(%error, "a phone's configuration can't be given");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")], NOTHING).into_response()
        }
    }
}

const NOTHING: &str = "not found\n";

pub(crate) fn nothing() -> Response {
    (StatusCode::NOT_FOUND, NOTHING).into_response()
}

/// Misses a minute from one source. An office of phones behind one address that all have their right files is never held
/// up; somebody who guesses is.
const MISSES_MAX: u32 = 120;
/// Sources remembered; past that the oldest are forgotten.
const SOURCES_MAX: usize = 10_000;

/// How often each source asked for what does not exist.
#[derive(Default)]
pub(crate) struct Misses(Mutex<std::collections::HashMap<IpAddr, Window>>);

#[derive(Clone, Copy)]
struct Window {
    since: DateTime<Utc>,
    count: u32,
}

impl Misses {
    fn too_many(&self, from: &str, now: DateTime<Utc>) -> bool {
        let Some(source) = source(from) else { return false };
        let windows = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        windows.get(&source).is_some_and(|window| window.is_open(now) && window.count >= MISSES_MAX)
    }

    fn add(&self, from: &str, now: DateTime<Utc>) {
        let Some(source) = source(from) else { return };
        let mut windows = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if windows.len() >= SOURCES_MAX && !windows.contains_key(&source) {
            windows.retain(|_, window| window.is_open(now));
            if windows.len() >= SOURCES_MAX {
                windows.clear();
            }
        }
        let window = windows.entry(source).or_insert(Window { since: now, count: 0 });
        if !window.is_open(now) {
            *window = Window { since: now, count: 0 };
        }
        window.count += 1;
    }
}

impl Window {
    fn is_open(&self, now: DateTime<Utc>) -> bool {
        now - self.since < TimeDelta::minutes(1)
    }
}

/// An IPv6 network hands out /64s: everything in one counts as one source.
fn source(from: &str) -> Option<IpAddr> {
    match from.parse().ok()? {
        IpAddr::V4(address) => Some(IpAddr::V4(address)),
        IpAddr::V6(address) => Some(IpAddr::V6((u128::from(address) >> 64 << 64).into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_guesses_is_held_up_for_a_minute_and_others_are_not() {
        let misses = Misses::default();
        let now = DateTime::UNIX_EPOCH;
        for _ in 0..MISSES_MAX {
            assert!(!misses.too_many("2001:db8::1", now));
            misses.add("2001:db8::1", now);
        }
        assert!(misses.too_many("2001:db8::2", now), "the same network");
        assert!(!misses.too_many("192.0.2.1", now));
        assert!(!misses.too_many("2001:db8::1", now + TimeDelta::minutes(1)));
    }

    #[test]
    fn memory_stays_bounded() {
        let misses = Misses::default();
        for n in 0..30_000_u32 {
            misses.add(&IpAddr::V4(n.into()).to_string(), DateTime::UNIX_EPOCH);
        }
        assert!(misses.0.lock().unwrap().len() <= SOURCES_MAX);
    }
}
