//! What readings are handed: who asks, of what, and by which parameters.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lineside_service::{Caller, Service};
use serde::de::DeserializeOwned;

use crate::gate::SignedIn;
use crate::problem::Problem;
use crate::query::{self, Nothing};

/// A reading with the parameters `Q`. Without any, a parameter is refused.
pub struct Reading<Q = Nothing> {
    pub service: Service,
    pub caller: Caller,
    pub query: Q,
}

impl<Q: DeserializeOwned> FromRequestParts<Service> for Reading<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, service).await?;
        Ok(Self { service: service.clone(), caller, query: query::read(&parts.uri)? })
    }
}
