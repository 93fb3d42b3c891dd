//! Who comes in: the session is looked up before a handler runs, and everybody else is turned away.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use lineside_service::{Caller, Service, ServiceError};

use crate::page_error::PageError;
use crate::{Access, Portal, flash};

const SESSION: &str = "lineside_session";

#[derive(Clone)]
pub(crate) struct Gate {
    pub portal: Portal,
    pub who: Access,
}

pub(crate) async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    if gate.who == Access::Anyone {
        return next.run(request).await;
    }
    let caller = match signed_in(&gate.portal.service, request.headers(), request.extensions()).await {
        Ok(Some(caller)) => caller,
        Ok(None) => return to_sign_in(&request),
        Err(error) => return PageError::from(error).into_response(),
    };
    if !may(&caller, gate.who) {
        return PageError::NotFound.into_response();
    }
    let shown = flash::read(request.headers()).is_some();
    request.extensions_mut().insert(caller);
    let response = next.run(request).await;
    if shown { flash::forget(response) } else { response }
}

fn may(caller: &Caller, who: Access) -> bool {
    match who {
        Access::Anyone => true,
        Access::User => !caller.is_operator(),
        Access::Administrator => caller.administers(),
        Access::Operator => caller.is_operator(),
    }
}

/// Whose session the request carries, if one does.
pub(crate) async fn signed_in(
    service: &Service,
    headers: &axum::http::HeaderMap,
    extensions: &Extensions,
) -> Result<Option<Caller>, ServiceError> {
    match CookieJar::from_headers(headers).get(SESSION) {
        Some(cookie) => service.session(cookie.value(), peer(extensions)).await,
        None => Ok(None),
    }
}

/// The address that the request came from: the socket's, never a header's.
pub(crate) fn peer(extensions: &Extensions) -> Option<String> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string())
}

/// The page that was asked for is opened after signing in.
fn to_sign_in(request: &Request) -> Response {
    let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if request.method().is_safe() && wanted != "/" {
        let next: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
        return Redirect::to(&format!("/sign-in?next={next}")).into_response();
    }
    Redirect::to("/sign-in").into_response()
}

pub(crate) fn session_token(headers: &axum::http::HeaderMap) -> Option<String> {
    CookieJar::from_headers(headers).get(SESSION).map(|cookie| cookie.value().to_owned())
}

/// Opens the session in the browser. It ends with the browser, or on the server after twelve hours.
pub(crate) fn with_session(service: &Service, token: String, response: impl IntoResponse) -> Response {
    let cookie = Cookie::build((SESSION, token))
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .secure(service.settings().portal_url.starts_with("https://"));
    (CookieJar::new().add(cookie), response).into_response()
}

pub(crate) fn without_session(response: impl IntoResponse) -> Response {
    let gone = format!("{SESSION}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    ([(header::SET_COOKIE, gone)], response).into_response()
}
