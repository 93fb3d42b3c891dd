//! The portal through its router, pages read as a browser reads them.

#![expect(clippy::unwrap_used, reason = "a test that can't go on stops where it stands")]

mod access;
mod add_user;
mod edit_profile;
mod house;
mod import;
mod live;
mod odd_input;
mod pages;
mod provisioning;
mod review;
mod sign_in;
