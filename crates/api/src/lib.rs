//! REST under `/api/v1` with OpenAPI.
//!
//! How a request flows: [`router`] knows every address and who may call it; the [`gate`] looks up the token and turns away
//! whom it must, so that a handler only ever sees a [`Caller`](lineside_service::Caller) who may be there. A handler reads
//! the [`body`] and [`query`] strictly, and asks the service. A change goes through [`apply`], the one place that plans,
//! compares with the plan that was read, and applies at most once. What does not happen is answered as a [`problem`].
//!
//! A concept is a file here; it says `routes()` what it answers, and its views say what is sent.

#![expect(clippy::large_futures, reason = "17 KB, one a request, in a task that lies on the heap")]
#![expect(
    clippy::result_large_err,
    reason = "a problem is made once for a request that is refused, and moved a few times"
)]

pub mod address;
pub mod apply;
pub mod body;
pub mod docs;
pub mod etag;
pub mod gate;
pub mod id;
pub mod idempotency;
pub mod import;
pub mod openapi;
pub mod page;
pub mod patch;
pub mod plan;
pub mod problem;
pub mod query;
pub mod reading;
pub mod router;

pub mod account;
pub mod call;
pub mod call_settings;
pub mod department;
pub mod device;
pub mod e911;
pub mod emergency;
pub mod forwarding;
pub mod greeting;
pub mod greeting_archive;
pub mod journal;
pub mod license;
pub mod location;
pub mod me;
pub mod number;
pub mod operator;
pub mod recording;
pub mod schedule;
pub mod suggestion;
pub mod test_call;
pub mod token;
pub mod trunk;
pub mod undo;
pub mod user;
pub mod voicemail;

pub use self::openapi::openapi;
pub use self::router::{Access, Endpoint, endpoints, router};
