//! `Idempotency-Key`: which change a request is, however often it is sent.

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lineside_model::id::ChangeId;
use lineside_service::Caller;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::apply::PLAN;
use crate::body;
use crate::problem::{Problem, ProblemKind};

pub const KEY: &str = "Idempotency-Key";

/// What was sent, by its hash: the same key with anything else is a mistake of the caller's
/// (draft-ietf-httpapi-idempotency-key-header, section 2.7).
#[derive(Clone)]
pub struct Sent(pub String);

/// Before the handler reads the body. Only requests that name their change can be sent again.
pub(crate) async fn note(request: Request, next: Next) -> Response {
    let names_change = |headers: &HeaderMap| headers.contains_key(KEY) || headers.contains_key(PLAN);
    if !names_change(request.headers()) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let bytes = match body::read(whole, &(), "send a smaller body").await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    parts.extensions.insert(Sent(fingerprint(&parts, &bytes)));
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// Whether it is only planned is no part of what is asked for.
fn fingerprint(parts: &Parts, body: &[u8]) -> String {
    let query = parts.uri.query().unwrap_or_default().split('&').filter(|parameter| !parameter.starts_with("plan="));
    let address = format!("{} {}?{}\n", parts.method, parts.uri.path(), query.collect::<Vec<_>>().join("&"));
    hex::encode(Sha256::new().chain_update(address).chain_update(body).finalize())
}

/// Quotes are taken off: the Internet draft makes the key a structured string, and most clients don't.
pub(crate) fn key(text: &str) -> Result<ChangeId, Problem> {
    let id = text.trim().trim_matches('"').parse::<Uuid>().ok().filter(|id| !id.is_nil());
    id.map(ChangeId).ok_or_else(|| Problem::malformed(KEY, "send a UUID, a new one for each change"))
}

/// What callers name is theirs alone: another's key, whatever it is, names another change.
pub(crate) fn of_caller(named: ChangeId, caller: &Caller) -> ChangeId {
    ChangeId(named.derive("idempotency-key", caller.id()))
}

impl Problem {
    pub(crate) fn key_reused() -> Self {
        let detail = "nothing was done: this key came with another request before; send a new UUID for each change";
        Self::new(ProblemKind::KeyReused, detail)
    }
}
