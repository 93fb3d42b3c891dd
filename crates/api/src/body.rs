//! JSON bodies: read strictly, and every misreading said by its field.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use crate::problem::{Problem, ProblemKind};

/// A JSON body. Its type denies unknown fields, so that a misspelt one is not passed over in silence.
pub struct Body<T>(pub T);

/// The largest JSON body: 10,000 identifiers fit twice.
pub const JSON_MAX: usize = 1024 * 1024;

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(is_json) {
            let detail = "send a JSON body with Content-Type: application/json";
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
        }
        let bytes = read(request, state, "a JSON body has up to 1 MiB").await?;
        // A list would be read as an object's fields in their order, which is no contract of ours.
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Err(Problem::malformed("", "the body is a JSON object, not a list"));
        }
        parse(&bytes).map(Self)
    }
}

/// The whole body, within the route's limit.
pub async fn read<S: Send + Sync>(request: Request, state: &S, limit: &str) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ProblemKind::TooLarge, limit),
        _ => Problem::new(ProblemKind::Malformed, "the body broke off; send it again"),
    })
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| misread(&error))?;
    json.end().map_err(|error| Problem::malformed("", format!("the body goes on after its JSON: {error}")))?;
    Ok(value)
}

fn misread(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let message = error.inner().to_string();
    if !error.inner().is_data() {
        return Problem::malformed("", format!("the body is no JSON: {message}"));
    }
    // `… at line 3 column 9` says less than the field's path.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let path = match error.path().to_string().as_str() {
        "." => String::new(),
        path => path.replace('[', ".").replace(']', ""),
    };
    match quoted(message, "unknown field `") {
        Some(field) => {
            let known = message.split_once(", ").map_or("", |(_, known)| known);
            Problem::field(&join(&path, field), format!("there is no field `{field}`; {known}"))
        }
        None => match quoted(message, "missing field `") {
            Some(field) => Problem::field(&join(&path, field), "this field is required"),
            None => Problem::field(&path, message),
        },
    }
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.split('`').next()
}

fn join(path: &str, field: &str) -> String {
    let named = path == field || path.strip_suffix(field).is_some_and(|before| before.ends_with('.'));
    match path {
        "" => field.to_owned(),
        path if named => path.to_owned(),
        path => format!("{path}.{field}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read into")]
    struct Site {
        name: String,
        contacts: Vec<Contact>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read into")]
    struct Contact {
        email: String,
    }

    fn said(json: &str) -> String {
        format!("{:?}", parse::<Site>(json.as_bytes()).unwrap_err())
    }

    #[test]
    fn a_misspelt_field_is_named_with_those_there_are() {
        let said = said(r#"{"name": "HQ", "contracts": []}"#);
        assert!(said.contains("there is no field `contracts`; expected `name` or `contacts`"), "{said}");
    }

    #[test]
    fn a_misspelt_field_of_a_field_is_named_by_its_path() {
        let said =
            said(r#"{"name": "HQ", "contacts": [{"email": "a@b.example"}, {"email": "c@d.example", "fax": 5}]}"#);
        assert!(said.contains(r#"field: "contacts.1.fax""#), "{said}");
    }

    #[test]
    fn a_wrong_type_is_said_by_its_path() {
        let said = said(r#"{"name": "HQ", "contacts": [{"email": "a@b.example"}, {"email": 5}]}"#);
        assert!(said.contains(r#"field: "contacts.1.email""#), "{said}");
    }

    #[test]
    fn a_missing_field_is_named() {
        assert!(said("{}").contains(r#"field: "name", message: "this field is required""#));
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for text in ["", "{", "nul", "{}{}", "\u{0}"] {
            let problem = parse::<serde_json::Value>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.kind, ProblemKind::Malformed, "{text:?}");
        }
        // Depth is bounded, so that no body overflows the stack.
        assert!(parse::<serde_json::Value>("[".repeat(100_000).as_bytes()).is_err());
    }
}
