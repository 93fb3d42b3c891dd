//! Who comes in: the bearer of an API token (RFC 6750), looked up before a handler runs.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lineside_service::{Caller, Service};

use crate::problem::Problem;
use crate::router::Access;

#[derive(Clone)]
pub(crate) struct Gate {
    pub service: Service,
    pub access: Access,
}

/// Before the body is read: whoever may not be here can't make us read it.
pub(crate) async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    if gate.access == Access::Anyone {
        return next.run(request).await;
    }
    match come_in(&gate, request.headers(), request.extensions()).await {
        Ok(caller) => {
            request.extensions_mut().insert(SignedIn(caller));
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn come_in(gate: &Gate, headers: &HeaderMap, extensions: &Extensions) -> Result<Caller, Problem> {
    let token = bearer(headers);
    let from = extensions.get::<ConnectInfo<SocketAddr>>().map(|from| from.ip().to_string());
    let caller = match token {
        Some(token) => gate.service.api_caller(token, from).await?,
        None => None,
    };
    let caller = caller.ok_or_else(|| Problem::unauthenticated(token.is_some()))?;
    match gate.access {
        Access::Anyone | Access::SignedIn => {}
        Access::User => drop(caller.own_scope()?),
        Access::Administrator => drop(caller.scope()?),
        Access::Operator => drop(caller.operator()?),
    }
    Ok(caller)
}

/// The scheme's name is case-insensitive (RFC 9110 section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whom the gate let in.
#[derive(Clone)]
pub struct SignedIn(pub Caller);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::unauthenticated(false))
    }
}
