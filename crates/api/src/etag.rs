//! Versions as entity tags (RFC 9110 section 8.8.3), and what is asked of them: `If-Match`, `If-None-Match`.

use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::problem::Problem;

/// A view of one record.
pub trait Versioned {
    /// `None`: it is not there, where that is no error.
    fn seen(&self) -> Option<Seen>;
}

/// A record as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub id: Uuid,
    pub version: i64,
}

impl<T: Versioned> Versioned for Option<T> {
    fn seen(&self) -> Option<Seen> {
        self.as_ref().and_then(Versioned::seen)
    }
}

/// One record, with its `ETag`.
pub struct Shown<T>(pub T);

impl<T: Serialize + Versioned> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        let Ok(body) = serde_json::to_vec(&self.0) else { return Problem::internal().into_response() };
        let tag = self.0.seen().and_then(|seen| HeaderValue::try_from(tag(seen.version, &body)).ok());
        let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
        if let Some(tag) = tag {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

/// The record's version, and a hash: what is shown beside the record (lamps, counts) moves without a version, and a strong
/// tag is another one for every other byte (RFC 9110 section 8.8.1).
fn tag(version: i64, body: &[u8]) -> String {
    let hash = hex::encode(Sha256::digest(body));
    format!("\"{version}-{}\"", &hash[..16])
}

/// What `If-Match` asks (RFC 9110 section 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    Any,
    /// One of these versions of the record. Lamps and counts beside it are not what a change would overwrite.
    Versions(Vec<i64>),
}

impl IfMatch {
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let malformed = || Problem::malformed("If-Match", "send an ETag as it was answered, with its quotes, or *");
        let Some(tags) = listed(headers, &IF_MATCH).map_err(|()| malformed())? else { return Ok(None) };
        if tags.trim() == "*" {
            return Ok(Some(Self::Any));
        }
        let tags = parse(&tags).ok_or_else(malformed)?;
        // A weak tag matches nothing here (section 8.8.3.2).
        let strong = tags.iter().filter(|tag| !tag.weak).filter_map(|tag| version(tag.opaque));
        Ok(Some(Self::Versions(strong.collect())))
    }

    pub fn holds(&self, now: Option<Seen>) -> bool {
        match self {
            Self::Any => now.is_some(),
            Self::Versions(versions) => now.is_some_and(|now| versions.contains(&now.version)),
        }
    }

    /// The version that the caller saw, to tell what changed since.
    pub fn newest(&self) -> Option<i64> {
        match self {
            Self::Any => None,
            Self::Versions(versions) => versions.iter().copied().max(),
        }
    }
}

fn version(opaque: &str) -> Option<i64> {
    opaque.split('-').next()?.parse().ok().filter(|version| *version >= 0)
}

/// Answers 304 to a reading whose answer is known to the caller (RFC 9110 section 13.1.2).
pub(crate) async fn not_modified(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = listed(request.headers(), &IF_NONE_MATCH).ok().flatten().filter(|_| reads);
    let response = next.run(request).await;
    let Some(known) = known.filter(|_| response.status() == StatusCode::OK) else { return response };
    let Some(tag) = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()) else { return response };
    let same = |known: &Tag<'_>| known.opaque == tag.trim_matches('"');
    if known.trim() != "*" && !parse(&known).is_some_and(|known| known.iter().any(same)) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(CONTENT_TYPE);
    Response::from_parts(parts, axum::body::Body::empty())
}

/// Header lines of one name are one list (RFC 9110 section 5.3).
fn listed(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, ()> {
    let lines: Result<Vec<&str>, ()> = headers.get_all(name).iter().map(|line| line.to_str().map_err(drop)).collect();
    lines.map(|lines| (!lines.is_empty()).then(|| lines.join(",")))
}

#[derive(Debug, PartialEq, Eq)]
struct Tag<'a> {
    weak: bool,
    opaque: &'a str,
}

/// `1#entity-tag`: at least one, and commas may lie within the quotes.
fn parse(list: &str) -> Option<Vec<Tag<'_>>> {
    let blank = [' ', '\t'];
    let (mut rest, mut tags) = (list, Vec::new());
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(tags).filter(|tags| !tags.is_empty());
        }
        let strong = rest.strip_prefix("W/");
        let (opaque, after) = strong.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        if opaque.contains(blank) {
            return None;
        }
        tags.push(Tag { weak: strong.is_some(), opaque });
        rest = after.trim_start_matches(blank);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Option<IfMatch>, Problem> {
        let value = HeaderValue::from_str(line).unwrap();
        IfMatch::read(&std::iter::once((IF_MATCH, value)).collect())
    }

    #[test]
    fn a_list_of_tags_is_read_and_weak_or_foreign_ones_match_nothing() {
        let versions = |versions: &[i64]| Some(IfMatch::Versions(versions.to_vec()));
        assert_eq!(read("\"3-00ff\"").unwrap(), versions(&[3]));
        assert_eq!(read("\"3\" ,, \"a,b\", W/\"4-1\",\"12-\"").unwrap(), versions(&[3, 12]));
        assert_eq!(read(" * ").unwrap(), Some(IfMatch::Any));
        assert_eq!(IfMatch::read(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn what_is_no_tag_is_malformed() {
        for line in ["", "3", "\"3", "\"3\"\"4\"", "\"3\" \"4\"", "*, \"3\"", "\"3\", *", "\"a b\"", "w/\"3\"", ","] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
