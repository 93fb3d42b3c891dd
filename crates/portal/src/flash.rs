//! What was just done, said once on the page that follows.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

const DONE: &str = "lineside_done";

/// Goes on to a page, which says what was done.
pub fn done(to: &str, message: impl Into<String>) -> Response {
    let cookie = Cookie::build((DONE, message.into())).http_only(true).same_site(SameSite::Lax).path("/");
    (CookieJar::new().add(cookie), Redirect::to(to)).into_response()
}

pub(crate) fn read(headers: &HeaderMap) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    jar.get(DONE).map(|cookie| cookie.value().chars().take(300).collect::<String>()).filter(|text| !text.is_empty())
}

/// After a page that showed it. Redirects and streams pass it on.
pub(crate) fn forget(mut response: Response) -> Response {
    let page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let renewed =
        response.headers().get_all(header::SET_COOKIE).iter().any(|set| set.as_bytes().starts_with(DONE.as_bytes()));
    if page && !renewed {
        let gone = HeaderValue::from_static("lineside_done=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}
