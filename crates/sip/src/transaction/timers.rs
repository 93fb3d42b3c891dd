//! When to look at which record, the next first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

use super::TransactionKey;

type Timer = (Instant, TransactionKey);

/// Timers last one of a few times (T1, T4, 64*T1), so under load those that last alike follow each other: they stand in line, where
/// a heap of a hundred thousand would be sorted for each. The rest is in a heap.
#[derive(Default)]
pub(crate) struct Timers {
    lines: [VecDeque<Timer>; 8],
    heap: BinaryHeap<Reverse<Timer>>,
    len: usize,
}

/// What is further behind the last of a line does not follow it.
const GAP: Duration = Duration::from_secs(1);

impl Timers {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn push(&mut self, at: Instant, key: TransactionKey) {
        self.len += 1;
        let follows = |line: &VecDeque<Timer>| {
            line.back().is_some_and(|(last, _)| at.checked_duration_since(*last).is_some_and(|behind| behind < GAP))
        };
        let place = self.lines.iter().position(follows).or_else(|| self.lines.iter().position(VecDeque::is_empty));
        match place {
            Some(place) => self.lines[place].push_back((at, key)),
            None => self.heap.push(Reverse((at, key))),
        }
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Instant> {
        let first = |line: &VecDeque<Timer>| line.front().map(|(at, _)| *at);
        let heap = self.heap.peek().map(|Reverse((at, _))| *at);
        self.lines.iter().filter_map(first).chain(heap).min()
    }

    /// The next one that is due.
    pub fn pop(&mut self, now: Instant) -> Option<Timer> {
        let next = self.next().filter(|next| *next <= now)?;
        self.len -= 1;
        let line = self.lines.iter_mut().find(|line| line.front().is_some_and(|(at, _)| *at == next));
        line.map_or_else(|| self.heap.pop().map(|Reverse(timer)| timer), VecDeque::pop_front)
    }

    pub fn retain(&mut self, is_kept: impl Fn(Instant, TransactionKey) -> bool) {
        for line in &mut self.lines {
            line.retain(|(at, key)| is_kept(*at, *key));
        }
        self.heap.retain(|Reverse((at, key))| is_kept(*at, *key));
        self.len = self.heap.len() + self.lines.iter().map(VecDeque::len).sum::<usize>();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(slot: u32) -> TransactionKey {
        TransactionKey { slot, generation: 0 }
    }

    #[expect(clippy::disallowed_methods, reason = "an Instant can be had from nowhere else; only differences matter")]
    fn start() -> Instant {
        Instant::now()
    }

    proptest! {
        #[test]
        fn they_come_in_the_order_of_their_times(lasts in prop::collection::vec((0..40_u64, 0..2_000_u64), 0..300)) {
            let start = start();
            let (mut timers, mut expected, mut now) = (Timers::default(), Vec::new(), start);
            for (slot, (passes, lasts)) in (0..).zip(lasts) {
                now += Duration::from_millis(passes);
                // Mostly the times of transactions.
                let lasts = [500, 5_000, 32_000].get(usize::try_from(lasts).unwrap() % 20).copied().unwrap_or(lasts * 31);
                let at = now + Duration::from_millis(lasts);
                timers.push(at, key(slot));
                expected.push((at, key(slot)));
            }
            timers.retain(|_, key| key.slot % 7 != 0);
            expected.retain(|(_, key)| key.slot % 7 != 0);
            expected.sort_by_key(|(at, _)| *at);
            prop_assert_eq!(timers.len(), expected.len());
            let half = expected.get(expected.len() / 2).map_or(start, |(at, _)| *at);
            let due = |timers: &mut Timers, now| std::iter::from_fn(|| timers.pop(now)).map(|(at, _)| at).collect::<Vec<_>>();
            let first = due(&mut timers, half);
            prop_assert!(timers.next().is_none_or(|next| next > half));
            let rest = due(&mut timers, half + Duration::from_secs(100));
            let times: Vec<_> = first.into_iter().chain(rest).collect();
            prop_assert_eq!(times, expected.iter().map(|(at, _)| *at).collect::<Vec<_>>());
            prop_assert_eq!((timers.len(), timers.next()), (0, None));
        }
    }
}
