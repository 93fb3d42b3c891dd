//! The web pages, and the phones' provisioning endpoint. Plain HTML by link and form; one small script improves it.
//!
//! How a request flows: [`router`] knows every address and who may call it; the gate looks up the session and turns away
//! whom it must, so that a handler only ever sees a [`visitor::Visitor`] who may be there. The handler asks the service,
//! and renders a template inside the [`frame`]. A form becomes a `ChangeRequest` and goes through [`review`], which plans
//! it, shows the plan when more than the record on the page changes, and applies it.
//!
//! A concept is a file here and a template of the same name under `templates/`; both say `routes()` what they answer.

pub mod address_fields;
pub mod assets;
pub mod control;
pub mod cross_site;
pub mod filter;
pub mod flash;
pub mod form;
pub mod form_data;
pub mod frame;
pub mod gate;
pub mod headers;
pub mod healthz;
pub mod lamps;
pub mod moment;
pub mod page;
pub mod page_error;
pub mod pager;
pub mod player;
pub mod record_path;
pub mod repair;
pub mod review;
pub mod router;
pub mod selection;
pub mod stale;
pub mod time_zone;
pub mod user_picker;
pub mod visitor;

pub mod call;
pub mod days;
mod department;
pub mod device;
pub mod emergency;
pub mod greeting_archive;
pub mod home;
pub mod import;
pub mod journal;
pub mod license;
pub mod live;
pub mod location;
pub mod me;
pub mod number;
pub mod operator;
pub mod provisioning;
pub mod schedule;
pub mod set_password;
pub mod settings;
pub mod sign_in;
pub mod trunk;
pub mod user;

use std::sync::Arc;

use lineside_service::Service;

pub use self::router::{Access, Endpoint, endpoints, router};

/// What every handler can reach.
#[derive(Clone)]
pub struct Portal {
    pub service: Service,
    pub(crate) misses: Arc<provisioning::Misses>,
}
