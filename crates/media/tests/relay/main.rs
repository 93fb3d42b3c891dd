//! The relay between real sockets on the loopback. Every wait is for a packet or an event, and ends with it.

#![expect(clippy::unwrap_used, reason = "what fails to be set up fails the test")]

mod events;
mod flood;
mod pass;
mod phone;
mod record;
mod secure;
mod transcode;
