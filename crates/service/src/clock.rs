//! The time, passed in.

use chrono::{DateTime, Utc};

/// Schedules, sessions and tests share this clock; a test turns it.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}
