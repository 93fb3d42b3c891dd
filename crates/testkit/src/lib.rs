//! The program in a test: both engines, fixtures, a clock to turn, a carrier and a mail server that are fake.
//!
//! - [`call`]: what the switch would have reported
//! - [`clock`]: time that stands still until it is turned
//! - [`database`]: an empty database of its own for each test, on either engine
//! - [`kill`]: a second process that is killed at a random moment
//! - [`mint`]: secrets that are known beforehand
//! - [`service`]: all use cases over a database, with two accounts that must not see each other
//! - [`trouble`]: a database that does not answer for a while, or is damaged

pub mod call;
pub mod clock;
pub mod database;
pub mod kill;
pub mod mint;
pub mod service;
pub mod trouble;
