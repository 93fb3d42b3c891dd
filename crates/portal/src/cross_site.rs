//! Forms on other sites can't act here: an unsafe request has to come from our own pages.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::page_error::PageError;

pub(crate) async fn refuse(request: Request, next: Next) -> Response {
    if !request.method().is_safe() && is_foreign(request.headers()) {
        return (StatusCode::FORBIDDEN, PageError::Foreign).into_response();
    }
    next.run(request).await
}

/// Browsers of today send `Sec-Fetch-Site`; older ones send `Origin` with a form. Programs send neither, and hold no
/// cookie that a person gave them unknowingly.
fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let own = text(header::HOST.as_str());
            origin_host(origin).as_deref() != own
        }
        (None, None) => false,
    }
}

fn origin_host(origin: &str) -> Option<String> {
    let url = Url::parse(origin).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| {
            (axum::http::HeaderName::from_static(name), axum::http::HeaderValue::from_static(value))
        });
        is_foreign(&headers.collect())
    }

    #[test]
    fn only_our_own_pages_and_programs_may_post() {
        assert!(!foreign(&[("sec-fetch-site", "same-origin")]));
        assert!(foreign(&[("sec-fetch-site", "same-site")]));
        assert!(foreign(&[("sec-fetch-site", "cross-site"), ("origin", "https://a.example"), ("host", "a.example")]));
        assert!(!foreign(&[("origin", "http://a.example:8080"), ("host", "a.example:8080")]));
        assert!(foreign(&[("origin", "https://b.example"), ("host", "a.example")]));
        assert!(foreign(&[("origin", "null"), ("host", "a.example")]));
        assert!(!foreign(&[("host", "a.example")]));
    }
}
