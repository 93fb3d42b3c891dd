//! Every address of the portal, and who may call it.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};
use lineside_service::Service;
use tower_http::catch_panic::CatchPanicLayer;

use crate::gate::Gate;
use crate::{Portal, cross_site, gate, headers, page_error};

/// Who may call an address. For everybody else it does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Nobody has to sign in.
    Anyone,
    /// Whoever belongs to an account.
    User,
    /// Account Owner, Administrator, Authorized User.
    Administrator,
    /// Who runs Lineside.
    Operator,
}

/// One method of one address. Files of one concept list theirs in `routes()`.
pub struct Route {
    method: Method,
    path: &'static str,
    who: Access,
    handler: MethodRouter<Portal>,
}

/// An address as tests see it: each has to be called as everybody who may and who may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub who: Access,
}

impl Route {
    /// Answers HEAD too.
    pub fn get<H, T>(path: &'static str, who: Access, handler: H) -> Self
    where
        H: Handler<T, Portal>,
        T: 'static,
    {
        Self { method: Method::GET, path, who, handler: get(handler) }
    }

    pub fn post<H, T>(path: &'static str, who: Access, handler: H) -> Self
    where
        H: Handler<T, Portal>,
        T: 'static,
    {
        Self { method: Method::POST, path, who, handler: post(handler) }
    }

    /// For uploads: more than [`FORM_MAX`].
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.handler = self.handler.layer(DefaultBodyLimit::max(bytes));
        self
    }
}

/// The largest form: a plan for 10,000 users, with some room.
const FORM_MAX: usize = 1024 * 1024;

fn routes() -> Vec<Route> {
    [
        crate::assets::routes(),
        crate::call::routes(),
        crate::department::routes(),
        crate::device::routes(),
        crate::greeting_archive::routes(),
        crate::healthz::routes(),
        crate::home::routes(),
        crate::import::routes(),
        crate::journal::routes(),
        crate::license::routes(),
        crate::live::routes(),
        crate::location::routes(),
        crate::me::routes(),
        crate::number::routes(),
        crate::operator::routes(),
        crate::provisioning::routes(),
        crate::review::routes(),
        crate::schedule::routes(),
        crate::set_password::routes(),
        crate::settings::routes(),
        crate::sign_in::routes(),
        crate::trunk::routes(),
        crate::emergency::routes(),
        crate::user::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What there is to call, for the test that calls all of it.
pub fn endpoints() -> Vec<Endpoint> {
    routes().into_iter().map(|route| Endpoint { method: route.method, path: route.path, who: route.who }).collect()
}

/// The portal. Serve it with the peer's address (`into_make_service_with_connect_info::<SocketAddr>`): the journal and
/// the limits look at it.
pub fn router(service: Service) -> Router {
    let portal = Portal { service, misses: std::sync::Arc::default() };
    let mut router = Router::new();
    for route in routes() {
        let gate = middleware::from_fn_with_state(Gate { portal: portal.clone(), who: route.who }, gate::pass);
        router = router.route(route.path, route.handler.route_layer(gate));
    }
    router
        .fallback(page_error::unknown_address)
        .method_not_allowed_fallback(page_error::unknown_address)
        .layer(DefaultBodyLimit::max(FORM_MAX))
        .layer(middleware::from_fn(cross_site::refuse))
        .layer(CatchPanicLayer::custom(page_error::panicked))
        .layer(middleware::from_fn(headers::add))
        .with_state(portal)
}
