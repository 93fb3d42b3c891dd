//! Every address of the API, and who may call it.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodRouter, any};
use lineside_service::Service;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::body::JSON_MAX;
use crate::etag;
use crate::gate::{self, Gate};
use crate::idempotency;
use crate::problem::{self, Problem};

/// Who may call an address. For everybody else it does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Nobody needs a token.
    Anyone,
    /// Whoever has a token.
    SignedIn,
    /// Whoever belongs to an account.
    User,
    /// Account Owner, Administrator, Authorized User.
    Administrator,
    /// Who runs Lineside.
    Operator,
}

/// One or more methods of one address that the same people may call. Files of one concept list theirs in `routes()`.
pub struct Route {
    pub(crate) access: Access,
    /// Takes `?plan=true`, `Lineside-Plan`, `Idempotency-Key` and `If-Match`.
    pub(crate) planned: bool,
    pub(crate) handler: UtoipaMethodRouter<Service>,
}

/// An address as tests see it: each has to be called as everybody who may and who may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub method: Method,
    pub path: String,
    pub access: Access,
}

impl Route {
    /// For what plans nothing: readings, and the few changes that touch no more than themselves.
    pub fn new(access: Access, handler: UtoipaMethodRouter<Service>) -> Self {
        Self { access, planned: false, handler }
    }

    /// A change that is planned and applied, by an administrator.
    pub fn change(handler: UtoipaMethodRouter<Service>) -> Self {
        Self::change_by(Access::Administrator, handler)
    }

    /// A change that is planned and applied.
    pub fn change_by(access: Access, mut handler: UtoipaMethodRouter<Service>) -> Self {
        handler.2 = handler.2.layer(middleware::from_fn(idempotency::note));
        Self { access, planned: true, handler }
    }

    /// For uploads: more than [`JSON_MAX`].
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.handler.2 = self.handler.2.layer(DefaultBodyLimit::max(bytes));
        self
    }

    /// Its one path, without the folder that all of them lie in.
    pub(crate) fn path(&self) -> &str {
        self.handler.1.paths.keys().next().map_or("", String::as_str)
    }

    pub(crate) fn item(&self) -> Option<&PathItem> {
        self.handler.1.paths.values().next()
    }

    pub(crate) fn methods(&self) -> Vec<Method> {
        let item = self.item().cloned().unwrap_or_default();
        operations(&item).into_iter().map(|(method, _)| method).collect()
    }
}

/// Where the addresses lie.
pub const ROOT: &str = "/api/v1";

pub(crate) fn routes() -> Vec<Route> {
    [
        crate::account::routes(),
        crate::call::routes(),
        crate::call_settings::routes(),
        crate::department::routes(),
        crate::device::routes(),
        crate::e911::routes(),
        crate::emergency::routes(),
        crate::forwarding::routes(),
        crate::greeting::routes(),
        crate::greeting_archive::routes(),
        crate::import::routes(),
        crate::journal::routes(),
        crate::undo::routes(),
        crate::license::routes(),
        crate::location::routes(),
        crate::me::routes(),
        crate::number::routes(),
        crate::openapi::routes(),
        crate::operator::routes(),
        crate::recording::routes(),
        crate::schedule::routes(),
        crate::suggestion::routes(),
        crate::test_call::routes(),
        crate::token::routes(),
        crate::trunk::routes(),
        crate::user::routes(),
        crate::voicemail::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What there is to call, for the test that calls all of it.
pub fn endpoints() -> Vec<Endpoint> {
    let of = |route: &Route| {
        let (path, access) = (format!("{ROOT}{}", route.path()), route.access);
        route
            .methods()
            .into_iter()
            .map(move |method| Endpoint { method, path: path.clone(), access })
            .collect::<Vec<_>>()
    };
    let docs =
        crate::docs::PATHS.map(|path| Endpoint { method: Method::GET, path: path.to_owned(), access: Access::Anyone });
    routes().iter().flat_map(of).chain(docs).collect()
}

/// The API. Serve it with the peer's address (`into_make_service_with_connect_info::<SocketAddr>`): the journal keeps it.
pub fn router(service: Service) -> Router {
    let mut router = crate::docs::router();
    for route in routes() {
        let path = format!("{ROOT}{}", route.path());
        router = router.route(&path, guarded(&service, route.access, route.handler.2));
    }
    // Not a fallback: the pages that this is merged with have one of their own. Guarded as what is known, so that nobody
    // learns without a token what there is.
    for unknown in ["/api", "/api/", "/api/{*rest}"] {
        router = router.route(unknown, guarded(&service, Access::SignedIn, any(nothing_here)));
    }
    router
        .layer(DefaultBodyLimit::max(JSON_MAX))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(middleware::from_fn(problem::write))
        .layer(middleware::from_fn(etag::not_modified))
        .with_state(service)
}

/// The gate stands before a wrong method too.
fn guarded(service: &Service, access: Access, handler: MethodRouter<Service>) -> MethodRouter<Service> {
    handler.layer(middleware::from_fn_with_state(Gate { service: service.clone(), access }, gate::pass))
}

async fn nothing_here() -> Problem {
    Problem::not_found()
}

pub(crate) fn operations(item: &PathItem) -> Vec<(Method, &Operation)> {
    let all = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?))).collect()
}
