//! The identifier in an address. One that is none is an address where nothing is.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::page_error::PageError;

/// The address's first parameter.
pub struct RecordPath<T>(pub T);

/// All parameters of an address as text.
pub struct TextPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for TextPath<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let Path(params) = Path::<T>::from_request_parts(parts, state).await.map_err(|_| PageError::NotFound)?;
        Ok(Self(params))
    }
}

impl<T: FromStr + Send, S: Send + Sync> FromRequestParts<S> for RecordPath<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| PageError::NotFound)?;
        let first = params.iter().next().and_then(|(_, value)| value.parse().ok());
        first.map(Self).ok_or(PageError::NotFound)
    }
}
