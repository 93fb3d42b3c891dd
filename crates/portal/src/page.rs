//! A template becomes an answer.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::page_error::PageError;

/// What handlers of pages return.
pub type Answer = Result<Response, PageError>;

pub fn show(template: &impl Template) -> Answer {
    show_with(StatusCode::OK, template)
}

/// A form that came back: it was understood and not accepted.
pub fn show_again(template: &impl Template) -> Answer {
    show_with(StatusCode::UNPROCESSABLE_ENTITY, template)
}

pub fn show_with(status: StatusCode, template: &impl Template) -> Answer {
    Ok((status, Html(template.render()?)).into_response())
}
