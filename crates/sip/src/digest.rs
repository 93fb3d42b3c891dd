//! Digest authentication (RFC 7616, RFC 8760) from HA1, on both sides.
//!
//! Nonces are stateless: a second, a serial number and a keyed MAC. Only the highest nonce-counts of nonces in use are
//! remembered, in bounded memory, so that a captured REGISTER cannot be sent again.

mod authenticator;
mod client;
mod credentials;
mod ha1;
mod nonce;
mod replay;

pub use authenticator::{Authenticator, Verdict};
pub use client::Challenge;
pub use credentials::Credentials;
pub use ha1::{Algorithm, Ha1};
