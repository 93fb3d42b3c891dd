//! Now, as the edge read it: the steady clock for timers, and the time of day for what people see.

use std::time::Instant;

use chrono::{DateTime, Utc};

#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For timers and expiry: it never jumps.
    pub instant: Instant,
    /// For the times that are stored and shown.
    pub utc: DateTime<Utc>,
}

impl Now {
    /// The time of day at an instant, seen from now.
    pub(crate) fn utc_at(self, instant: Instant) -> DateTime<Utc> {
        let ahead = instant.saturating_duration_since(self.instant);
        chrono::TimeDelta::from_std(ahead).map_or(self.utc, |delta| self.utc + delta)
    }
}
