//! The machine's clock: the one place of the program that reads it.

use chrono::{DateTime, Utc};
use lineside_service::Clock;

pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "everything else is given the time from here")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
