//! The reference page: the OpenAPI document as a person reads it. Plain HTML, no script.

mod operation;
mod schema;

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::IntoResponse;
use axum::routing::get;
use lineside_service::Service;

use self::operation::{OperationDoc, operations};
use self::schema::{SchemaDoc, schemas};
use crate::openapi;
use crate::problem::Problem;

/// Read without a token, and no part of the document that they describe.
pub(crate) const PATHS: [&str; 2] = ["/api/docs", "/api/docs.css"];

pub(crate) fn router() -> Router<Service> {
    Router::new().route(PATHS[0], get(page)).route(PATHS[1], get(stylesheet))
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Reference {
    tags: Vec<Tag>,
    schemas: Vec<SchemaDoc>,
}

struct Tag {
    name: String,
    /// The name as an identifier of the page: those have no blanks.
    id: String,
    operations: Vec<OperationDoc>,
}

impl Reference {
    fn new() -> Self {
        let document = openapi::describe();
        let mut tags: Vec<Tag> = Vec::new();
        for (tag, operation) in operations(&document) {
            if let Some(known) = tags.iter_mut().find(|known| known.name == tag) {
                known.operations.push(operation);
                continue;
            }
            let id = tag.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
            tags.push(Tag { name: tag, id, operations: vec![operation] });
        }
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        Self { tags, schemas: schemas(&document) }
    }
}

/// The document does not change while the program runs.
static PAGE: LazyLock<Option<String>> = LazyLock::new(|| Reference::new().render().ok());

async fn page() -> Result<impl IntoResponse, Problem> {
    let page = PAGE.as_deref().ok_or_else(Problem::internal)?;
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, page))
}

async fn stylesheet() -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "max-age=300"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("docs/docs.css"))
}
