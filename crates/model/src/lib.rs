//! The product's words and rules: usernames, numbers, addresses, licenses, readiness, plans. Pure: no I/O, no clock, no
//! randomness, nothing async; time and minted secrets are passed in.
//!
//! How data flows: a form or request becomes an `…Input` (all text), which parses into a [`change::Change`]. The store loads
//! the [`facts::Facts`] that [`change::Change::needs`] names; [`plan::plan`] turns both into a [`plan::Plan`] of steps,
//! blockers and warnings, and the store carries exactly that plan out.

pub mod account;
pub mod address;
pub mod call;
pub mod call_report;
pub mod call_settings;
pub mod catalogue;
pub mod change;
pub mod department;
pub mod device;
pub mod device_limit;
pub mod dialled;
pub mod directory;
pub mod e911;
pub mod email;
pub mod emergency;
pub mod extension;
pub mod facts;
pub mod field;
pub mod forwarding;
pub mod greeting;
pub mod greeting_archive;
pub mod held;
pub mod id;
pub mod import;
pub mod incident;
pub mod journal;
pub mod ladder;
pub mod leaving;
pub mod license;
pub mod lifecycle;
pub mod list;
pub mod location;
pub mod mail;
pub mod mass_edit;
pub mod new_account;
pub mod number_list;
pub mod operator_journal;
pub mod operator_trunk;
pub mod outbound;
pub mod phone_number;
pub mod plan;
pub mod question;
pub mod readiness;
pub mod recording;
pub mod resync;
pub mod route;
pub mod schedule;
pub mod schedule_list;
pub mod seat_timeline;
pub mod secret;
pub mod selection;
pub mod shared;
pub mod star_code;
pub mod test_call;
pub mod text;
pub mod time_zone;
pub mod trunk;
pub mod undo;
pub mod user;
pub mod user_view;
pub mod username;
pub mod voicemail;
