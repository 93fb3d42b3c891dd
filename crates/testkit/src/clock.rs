//! A clock that stands still until a test turns it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use lineside_service::Clock;

/// Clones show the same time.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<Mutex<DateTime<Utc>>>);

impl Default for TestClock {
    /// Noon (UTC) on 2 March 2026: a Monday, six days before daylight saving begins in the United States.
    fn default() -> Self {
        Self::at(DateTime::from_timestamp(1_772_452_800, 0).unwrap_or_default())
    }
}

impl TestClock {
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    pub fn turn(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_show_the_same_time_when_one_is_turned() {
        let clock = TestClock::default();
        assert_eq!(clock.now().to_rfc3339(), "2026-03-02T12:00:00+00:00");
        clock.clone().turn(TimeDelta::hours(2));
        assert_eq!(clock.now().to_rfc3339(), "2026-03-02T14:00:00+00:00");
    }
}
