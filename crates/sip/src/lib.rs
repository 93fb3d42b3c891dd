//! SIP as a protocol, sans-IO: bytes and time in, bytes and timers out. There is no socket, task, clock or randomness
//! inside; the edge owns those and calls
//!
//! ```text
//!   datagram / framed bytes ──► Endpoint::receive ──► poll_event ──► the user (registrar, B2BUA)
//!   the clock ──► Endpoint::handle_timeout                │ request, respond, cancel, send_ack
//!   socket ◄── poll_transmit ◄── Endpoint ◄───────────────┘
//! ```
//!
//! - [`message`]: messages as an index over the received bytes; builders; [`Refusal`]: what to answer to a bad one.
//! - [`stream`]: cuts messages out of TCP and TLS.
//! - [`transaction`]: the state machines of RFC 3261 section 17 with RFC 6026.
//! - [`endpoint`]: the façade over transactions for all flows of one thread.
//! - [`dialog`]: dialogs of both sides, and [`dialog::Answer`], which repeats a 2xx until its ACK.
//! - [`digest`]: RFC 7616 and 8760 on both sides, from HA1, with stateless nonces.
//! - [`sdp`]: addresses, ports and directions in a session description, read and rewritten for a media relay.
//! - [`testing`]: a lossy network in virtual time.
//! - [`Tokens`]: tags, branches and Call-IDs out of a seed.

pub mod dialog;
pub mod digest;
pub mod endpoint;
pub mod flow;
pub mod message;
pub mod sdp;
pub mod stream;
pub mod testing;
pub mod tokens;
pub mod transaction;

pub use dialog::{Dialog, DialogId};
pub use endpoint::{Config, Endpoint, Event};
pub use flow::{Flow, Transmit, Transport};
pub use message::{
    CSeq, Contact, HeaderName, Malformed, Message, Method, NameAddr, Refusal, Request, Response, Uri, Via,
};
pub use tokens::{Token, Tokens};
pub use transaction::{Failure, TransactionKey};
