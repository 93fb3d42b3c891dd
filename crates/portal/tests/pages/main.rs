//! The pages as a visitor without scripts meets them: through the router, over a database.
#![expect(clippy::unwrap_used, reason = "what a test prepares has to be there")]

mod assign;
mod call;
mod catalogue;
mod department;
mod device;
mod journal;
mod leaving;
mod license;
mod lifecycle;
mod location;
mod mass_action;
mod me;
mod number;
mod operator;
mod schedule;
mod settings;
mod user_view;
mod visit;
