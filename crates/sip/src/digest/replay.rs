//! Nonce-counts that were used (RFC 7616 section 3.4, `nc`), in bounded memory.

use std::collections::HashMap;

use super::nonce::Nonce;

/// Two generations of nonces: when the younger is full or old enough, the elder is forgotten, and its nonces are called
/// stale from then on.
pub(super) struct Replay {
    young: HashMap<(u64, u32), u32>,
    old: HashMap<(u64, u32), u32>,
    capacity: usize,
    /// When the younger generation began.
    since: u64,
    /// Nonces issued before are stale: their counts may have been forgotten.
    horizon: u64,
}

impl Replay {
    pub fn new(capacity: usize) -> Replay {
        Replay { young: HashMap::new(), old: HashMap::new(), capacity, since: 0, horizon: 0 }
    }

    /// Whether this count is higher than any before for that nonce; then it is remembered. `None` when the nonce is too
    /// old to tell.
    pub fn accept(&mut self, nonce: Nonce, count: u32, now: u64, lifetime: u64) -> bool {
        self.turn(now, lifetime);
        if nonce.issued < self.horizon {
            return false;
        }
        let key = (nonce.issued, nonce.serial);
        let last = self.young.get(&key).or_else(|| self.old.get(&key)).copied();
        if last.is_some_and(|last| count <= last) {
            return false;
        }
        self.young.insert(key, count);
        true
    }

    fn turn(&mut self, now: u64, lifetime: u64) {
        let is_full = self.young.len() >= self.capacity;
        if !is_full && now.saturating_sub(self.since) < lifetime {
            return;
        }
        if is_full && !self.old.is_empty() {
            // Counts younger than the lifetime are forgotten under pressure: what was issued up to now is not taken on trust,
            // but for the generation that is still known.
            self.horizon = self.horizon.max(self.old.keys().map(|(issued, _)| issued + 1).max().unwrap_or(0));
        }
        self.old = std::mem::take(&mut self.young);
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(issued: u64, serial: u32) -> Nonce {
        Nonce { issued, serial }
    }

    #[test]
    fn counts_must_grow() {
        let mut replay = Replay::new(10);
        assert!(replay.accept(nonce(5, 1), 1, 5, 60));
        assert!(!replay.accept(nonce(5, 1), 1, 6, 60));
        assert!(replay.accept(nonce(5, 1), 3, 7, 60));
        assert!(!replay.accept(nonce(5, 1), 2, 8, 60));
        assert!(replay.accept(nonce(5, 2), 1, 8, 60));
        assert!(!replay.accept(nonce(5, 1), 3, 66, 60), "still known in the next generation");
    }

    #[test]
    fn memory_is_bounded_and_what_is_forgotten_is_not_accepted() {
        let mut replay = Replay::new(10);
        for second in 0..1000 {
            assert!(replay.accept(nonce(second, 0), 1, second, 60));
            assert!(replay.young.len() + replay.old.len() <= 20);
        }
        for second in 0..1000 {
            assert!(!replay.accept(nonce(second, 0), 1, 1000, 60), "{second}");
        }
    }
}
