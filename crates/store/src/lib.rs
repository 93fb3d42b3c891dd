//! SQLite and PostgreSQL behind one handle. Facts and apply, lists, the journal, sign-in, the outbox, what was seen of
//! devices; and the migrations.
//!
//! Every statement is a named constant, written once for both engines and prepared on both by a test. Account rows are
//! reached through a [`Scope`](lineside_model::journal::Scope) only; what has no account (sign-in by username, a device's
//! address, workers) lives in files that say so.

pub mod account;
pub mod apply;
pub mod binding;
pub mod catalogue;
pub mod department;
pub mod device;
pub mod directory;
pub mod error;
pub mod home;
pub mod journal;
pub mod location;
pub mod login;
pub mod mail;
pub mod phone_number;
pub mod seats;
pub mod session;
pub mod user;

pub use self::apply::Applied;
pub use self::error::StoreError;

/// The database, whichever it is. Cheap to clone.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// `sqlite:PATH` (made when it is not there) or `postgres://…`; runs the migrations.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        todo!("{url}")
    }

    /// The engine's name, for the log and the health page.
    pub fn engine(&self) -> &'static str {
        todo!()
    }

    pub async fn close(&self) {}

    /// True when no account exists yet.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        todo!()
    }
}
