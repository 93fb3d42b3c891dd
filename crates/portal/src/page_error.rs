//! Pages for what went wrong: a title, what it means, and a way out.

use std::any::Any;

use askama::Template;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use lineside_service::ServiceError;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum PageError {
    /// Unknown, another account's, or not for this person: the same answer.
    #[error("there is nothing here")]
    NotFound,
    /// A form that did not come from one of our pages.
    #[error("this form was sent from another site")]
    Foreign,
    /// What was sent is not what a form of ours sends.
    #[error("{0}")]
    Unreadable(String),
    #[error("this page can't be drawn: {0}")]
    Template(#[from] askama::Error),
    #[error(transparent)]
    Service(ServiceError),
}

impl From<ServiceError> for PageError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound => Self::NotFound,
            error => Self::Service(error),
        }
    }
}

#[derive(Template)]
#[template(path = "page_error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    message: &'a str,
    details: Vec<String>,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, title, message) = match &self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is nothing here",
                "This page does not exist, or it is not for you. Check the address, or start from Home.",
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "This form came from another site",
                "Nothing was changed. Open the page in Lineside and try again there.",
            ),
            Self::Unreadable(_) => (
                StatusCode::BAD_REQUEST,
                "This can't be read",
                "Nothing was changed. Go back, and send the form again.",
            ),
            Self::Service(ServiceError::Invalid(_)) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "Some fields need another look",
                "Nothing was changed. Go back and repair what is listed here.",
            ),
            Self::Service(ServiceError::TooMany(_)) => {
                (StatusCode::TOO_MANY_REQUESTS, "Too many tries", "Wait a little, then try again.")
            }
            Self::Service(error) if error.is_outage() => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The database does not answer",
                "Nothing was changed half way, and calls go on. Wait a little, then try again; if it stays so, tell whoever runs \
                 Lineside.",
            ),
            Self::Template(_) | Self::Service(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something broke on our side",
                "Nothing was changed half way. Try again; if it happens again, tell whoever runs Lineside the time of it.",
            ),
        };
        if status.is_server_error() {
            tracing::error!(error = %self, "a page failed");
        }
        let details = match self {
            Self::Unreadable(detail) => vec![detail],
            Self::Service(ServiceError::Invalid(errors)) => errors.0.into_iter().map(|error| error.message).collect(),
            _ => Vec::new(),
        };
        let page = ErrorPage { title, message, details };
        let html = page.render().unwrap_or_else(|_| title.to_owned());
        let wait = (status == StatusCode::SERVICE_UNAVAILABLE).then_some([(header::RETRY_AFTER, "5")]);
        (status, wait, Html(html)).into_response()
    }
}

/// Whatever no route answers. Under `/p/` it is the answer that phones get for everything that is not right.
pub(crate) async fn unknown_address(request: Request) -> Response {
    if request.uri().path().starts_with("/p/") {
        return crate::provisioning::nothing();
    }
    PageError::NotFound.into_response()
}

pub(crate) fn panicked(_: Box<dyn Any + Send>) -> Response {
    let page = "<!doctype html><title>Something broke on our side</title><p>Something broke on our side. Try again.";
    (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

#[cfg(test)]
mod tests {
    use lineside_service::store::StoreError;

    use super::*;

    #[test]
    fn a_database_that_is_away_is_asked_again_later_and_other_faults_are_ours() {
        let away = PageError::from(ServiceError::Store(StoreError::Busy)).into_response();
        assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(away.headers()[header::RETRY_AFTER], "5");
        let broken = PageError::from(ServiceError::Audio("no sound".to_owned())).into_response();
        assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!broken.headers().contains_key(header::RETRY_AFTER));
    }
}
