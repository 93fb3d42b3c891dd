//! Query parameters: read as strictly as bodies.

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use chrono::{DateTime, Datelike, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The query as `T`, which denies unknown parameters.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.uri).map(Self)
    }
}

pub fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let Query(value) = Query::<T>::try_from_uri(uri).map_err(|rejection| {
        let text = rejection.body_text();
        let said = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
        let unknown = said.split_once("unknown field `").and_then(|(_, rest)| rest.split('`').next());
        match (unknown, said.split_once(": ")) {
            (Some(name), _) => Problem::malformed(name, format!("there is no parameter `{name}` here")),
            (None, Some((name, message))) => Problem::malformed(name, message),
            (None, None) => Problem::malformed("", said),
        }
    })?;
    Ok(value)
}

/// RFC 3339 has years of four digits; the databases know no more than they need.
pub fn instant(parameter: &str, at: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, Problem> {
    match at {
        Some(at) if !(1970..=9999).contains(&at.year()) => {
            Err(Problem::malformed(parameter, "give an instant from the year 1970 on, such as 2026-03-02T12:00:00Z"))
        }
        at => Ok(at),
    }
}

/// For what takes no parameters and has no plan: a `?plan=true` must not be passed over.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
