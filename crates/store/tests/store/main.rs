//! What the store does, on both engines.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod apply;
mod binding;
mod call;
mod catalogue;
mod concurrency;
mod journal;
mod leaving;
mod mail;
mod number;
mod schedule;
mod scope;
mod session;
mod support;
mod user_list;
