//! Who asks, as handlers see them: past the gate, with the service at hand.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use lineside_service::{Caller, Service};

use crate::page_error::PageError;
use crate::{Portal, flash};

/// Somebody who may call this address.
pub struct Visitor {
    pub service: Service,
    pub caller: Caller,
    pub(crate) path: String,
    pub(crate) done: Option<String>,
}

impl FromRequestParts<Portal> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, PageError> {
        // Only the gate puts a caller there; an address that anyone may call has none.
        let caller = parts.extensions.get::<Caller>().cloned().ok_or(PageError::NotFound)?;
        let done = flash::read(&parts.headers);
        Ok(Self { service: portal.service.clone(), caller, path: parts.uri.path().to_owned(), done })
    }
}
