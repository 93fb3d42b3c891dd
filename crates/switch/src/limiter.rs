//! Token buckets per source: what somebody without credentials may ask, and how often a wrong password is answered.

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

/// Sources remembered at a time. Beyond, those that have not been heard of for long are forgotten; if all are busy, new
/// ones share one bucket, so that a flood from forged addresses costs them and not memory.
const SOURCES: usize = 65_536;

/// How much is allowed at once, and how fast that comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    pub burst: u32,
    pub per_second: f64,
}

#[derive(Debug)]
pub(crate) struct Limiter<K> {
    rate: Rate,
    buckets: HashMap<K, Bucket>,
    strangers: Option<Bucket>,
    last_sweep: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
    /// The last token was taken, and less than half has come back.
    is_spent: bool,
}

impl<K: Hash + Eq + Copy> Limiter<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: HashMap::new(), strangers: None, last_sweep: None }
    }

    /// Takes one token of the source; false when it has none left.
    pub(crate) fn allow(&mut self, source: K, now: Instant) -> bool {
        let rate = self.rate;
        let full = Bucket { tokens: f64::from(rate.burst), filled: now, is_spent: false };
        let bucket = if self.has_room(source, now) {
            self.buckets.entry(source).or_insert(full)
        } else {
            self.strangers.get_or_insert(full)
        };
        *bucket = bucket.filled_up(rate, now);
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
            bucket.is_spent |= bucket.tokens < 1.0;
        }
        allowed
    }

    /// Whether the source has spent all that it had, and less than half of it has come back: for those who are to be
    /// silenced for a while rather than slowed.
    pub(crate) fn is_spent(&self, source: K, now: Instant) -> bool {
        let bucket = self.buckets.get(&source).or(self.strangers.as_ref());
        bucket.is_some_and(|bucket| bucket.filled_up(self.rate, now).is_spent)
    }

    fn has_room(&mut self, source: K, now: Instant) -> bool {
        if self.buckets.len() < SOURCES || self.buckets.contains_key(&source) {
            return true;
        }
        // A sweep walks over all buckets: once a second at most, or the flood would buy one with each packet.
        if self.last_sweep.is_none_or(|last| now.saturating_duration_since(last) >= Duration::from_secs(1)) {
            self.last_sweep = Some(now);
            let rate = self.rate;
            self.buckets.retain(|_, bucket| bucket.filled_up(rate, now).tokens < f64::from(rate.burst));
        }
        self.buckets.len() < SOURCES
    }
}

impl Bucket {
    fn filled_up(self, rate: Rate, now: Instant) -> Bucket {
        let since = now.saturating_duration_since(self.filled).as_secs_f64();
        let (tokens, burst) = (self.tokens + since * rate.per_second, f64::from(rate.burst));
        Bucket { tokens: tokens.min(burst), filled: now, is_spent: self.is_spent && tokens < burst / 2.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an Instant can be had from nowhere else; only differences matter")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let now = start();
        let mut limiter = Limiter::new(Rate { burst: 3, per_second: 2.0 });
        assert_eq!((0..5).filter(|_| limiter.allow(1, now)).count(), 3);
        assert!(limiter.allow(2, now), "others have their own");
        let later = now + Duration::from_millis(500);
        assert!(limiter.allow(1, later));
        assert!(!limiter.allow(1, later));
    }

    #[test]
    fn who_has_spent_all_waits_for_half_of_it() {
        let now = start();
        let mut limiter = Limiter::new(Rate { burst: 4, per_second: 0.1 });
        assert_eq!((0..3).filter(|_| limiter.allow(1, now)).count(), 3);
        assert!(!limiter.is_spent(1, now), "one is left");
        limiter.allow(1, now);
        assert!(limiter.is_spent(1, now + Duration::from_secs(19)));
        assert!(!limiter.is_spent(1, now + Duration::from_secs(21)));
        assert!(!limiter.is_spent(2, now));
    }

    #[test]
    fn forged_sources_do_not_cost_memory() {
        let now = start();
        let mut limiter = Limiter::new(Rate { burst: 2, per_second: 1.0 });
        for source in 0..200_000 {
            limiter.allow(source, now);
        }
        assert!(limiter.buckets.len() <= SOURCES);
        assert!(!limiter.allow(300_000, now), "strangers share what is left");
        assert!(limiter.allow(7_000_000, now + Duration::from_secs(5)), "quiet ones were forgotten");
    }
}
