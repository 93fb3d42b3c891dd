//! The switch: registrar and calls on top of `lineside-sip` and `lineside-media`.
//!
//! ```text
//!   UDP, TCP, TLS, WS ──► edge ──► core (one thread, no I/O) ──► edge ──► UDP, TCP, TLS, WS
//!                          │ authenticate → registrar ──► Registrations (written behind, in batches)
//!                          │ authenticate → route → call ──► media relay (its own thread)
//!   directory (in memory, fed user by user) ◄──┘
//! ```
//!
//! - [`directory`]: users and lines as calls see them; whoever keeps the truth puts each change here.
//! - [`registrar`]: which contacts a line can be reached at; [`Registrations`] takes what changed.
//! - [`Outside`]: what calls tell the rest of the program, and what they ask it.
//! - `route`: what the model's rules of routing look up.
//! - `script`: voicemail, the mailbox, echo and test call, as state machines.
//! - `call`: the back-to-back user agent.
//! - `subscribe`: lamps for messages and for colleagues who talk; `message`: text from user to user.
//! - `notify`: requests to a line's contacts outside of calls.
//! - `core`: the state machine of all this; `edge`: the sockets and the clock around it.
//! - [`Switch::start`] runs it.

#![expect(clippy::similar_names, reason = "caller and callee are the words of the trade")]

mod authenticate;
mod call;
mod clock;
mod config;
mod core;
pub mod directory;
mod edge;
mod files;
#[cfg(test)]
mod fixture;
mod keepalive;
mod ledger;
mod limiter;
mod message;
mod notify;
mod outside;
mod registrar;
mod route;
mod scanner;
mod script;
mod subscribe;
mod switch;
mod told;
mod trunk;
#[cfg(test)]
mod world;

pub use config::{Expiry, Rate, Rules, SwitchConfig};
pub use directory::Directory;
pub use edge::tls::{Certificate, CertificateError};
pub use outside::{CallReports, Mailboxes, Outside, Reply, TOGETHER};
pub use registrar::Registrations;
pub use switch::{StartError, Switch, SwitchHandle};
