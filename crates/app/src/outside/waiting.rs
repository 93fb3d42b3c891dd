//! Reports that wait to be written. While the database is slow they take memory up to a bound: first calls go into the history
//! without their SIP messages, then what begins is not told any more.

use std::collections::{HashSet, VecDeque};

use lineside_model::call_report::{CallEnded, CallReport};
use lineside_model::id::{AccountId, CallId};
use lineside_model::ladder::Ladder;

/// The most reports that are taken together.
const BATCH: usize = 1_000;

type Key = (AccountId, CallId);

#[derive(Default)]
pub struct Waiting {
    limits: Limits,
    /// In their order.
    reports: VecDeque<CallReport>,
    /// Bytes of SIP messages in them.
    ladders: usize,
    /// Calls that are told to their end, since their beginning was.
    told: HashSet<Key>,
    given_up: GivenUp,
}

struct Limits {
    /// Bytes of SIP messages: of some ten thousand calls.
    ladders: usize,
    /// Reports, of which a call has three: a quarter of a gigabyte.
    reports: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { ladders: 64 * 1024 * 1024, reports: 300_000 }
    }
}

/// What had to go since the database was last in time.
#[derive(Debug, Default, PartialEq, Eq)]
struct GivenUp {
    /// Calls without their SIP messages.
    ladders: u64,
    /// Calls that are not in the history.
    calls: u64,
    /// Messages and recordings that lie in their folder, and are told again.
    files: u64,
}

impl Waiting {
    pub fn put(&mut self, mut report: CallReport) {
        let is_kept = match &mut report {
            CallReport::Began(began) => !self.is_full() && self.told.insert((began.account, began.call)),
            CallReport::Answered(answered) => self.told.contains(&(answered.account, answered.call)),
            CallReport::Ended(ended) => self.ends(ended),
            CallReport::MessageLeft(_) | CallReport::Recorded(_) => self.has_room_for_file(),
            // Somebody is to know at once, and they are few.
            CallReport::TestCall(_) | CallReport::Emergency(_) | CallReport::Alarm(_) => true,
        };
        if is_kept {
            self.reports.push_back(report);
        }
    }

    /// Some of them, in their order.
    pub fn take(&mut self) -> Option<Vec<CallReport>> {
        let batch: Vec<_> = self.reports.drain(..self.reports.len().min(BATCH)).collect();
        self.ladders -= batch.iter().map(ladder).sum::<usize>();
        if self.reports.is_empty() {
            self.reports = VecDeque::new();
            self.caught_up();
        }
        (!batch.is_empty()).then_some(batch)
    }

    fn is_full(&self) -> bool {
        self.reports.len() >= self.limits.reports
    }

    fn ends(&mut self, call: &mut CallEnded) -> bool {
        if !self.told.remove(&(call.began.account, call.began.call)) && self.is_full() {
            self.given_up.calls += 1;
            if self.given_up.calls == 1 {
                tracing::error!("the database is too slow: calls are left out of the history until it keeps up");
            }
            return false;
        }
        let size = call.ladder.as_bytes().len();
        if self.ladders + size > self.limits.ladders {
            call.ladder = Ladder::default();
            self.given_up.ladders += 1;
            if self.given_up.ladders == 1 {
                tracing::warn!("the database is slow: calls are kept without their SIP messages until it keeps up");
            }
        } else {
            self.ladders += size;
        }
        true
    }

    fn has_room_for_file(&mut self) -> bool {
        self.given_up.files += u64::from(self.is_full());
        !self.is_full()
    }

    /// Says once what it came to.
    fn caught_up(&mut self) {
        let GivenUp { ladders, calls, files } = std::mem::take(&mut self.given_up);
        if ladders + calls + files > 0 {
            tracing::warn!(
                without_messages = ladders,
                left_out = calls,
                told_later = files,
                "the database keeps up again with the calls that are told"
            );
        }
    }
}

/// Bytes of SIP messages in a report.
fn ladder(report: &CallReport) -> usize {
    if let CallReport::Ended(ended) = report { ended.ladder.as_bytes().len() } else { 0 }
}

#[cfg(test)]
impl Waiting {
    /// With room for so many bytes of SIP messages and so many reports.
    pub fn within(ladders: usize, reports: usize) -> Self {
        Self { limits: Limits { ladders, reports }, ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.reports.len()
    }

    pub fn ladders(&self) -> usize {
        self.ladders
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use lineside_model::id::UserId;
    use uuid::Uuid;

    use super::*;

    fn call(n: u128) -> CallEnded {
        let (account, user) = (AccountId(Uuid::nil()), UserId(Uuid::nil()));
        lineside_testkit::call::ended(account, n, DateTime::<Utc>::UNIX_EPOCH, user)
    }

    fn began(n: u128) -> CallReport {
        CallReport::Began(call(n).began)
    }

    fn answered(n: u128) -> CallReport {
        CallReport::Answered(call(n).answered.expect("a call that was answered"))
    }

    fn ended(n: u128) -> CallReport {
        CallReport::Ended(Box::new(call(n)))
    }

    #[test]
    fn what_was_begun_is_told_to_its_end_and_what_begins_when_there_is_no_room_is_not() {
        let mut waiting = Waiting::within(1_000_000, 3);
        let told = [began(1), answered(1), began(2), began(3), answered(3), answered(2), ended(3), ended(2), ended(1)];
        for report in told {
            waiting.put(report);
        }
        let given_up = GivenUp { ladders: 0, calls: 1, files: 0 };
        assert_eq!(waiting.given_up, given_up);
        let kept = [began(1), answered(1), began(2), answered(2), ended(2), ended(1)];
        assert_eq!(waiting.take(), Some(kept.to_vec()));
        assert_eq!((waiting.take(), &waiting.given_up), (None, &GivenUp::default()));
        assert!(waiting.told.is_empty());
        // There is room again at the end of a call whose beginning had none.
        waiting.put(ended(4));
        assert_eq!(waiting.take(), Some(vec![ended(4)]));
    }

    #[test]
    fn sip_messages_go_first_and_there_is_room_for_more_once_some_are_taken() {
        let size = call(1).ladder.as_bytes().len();
        let mut waiting = Waiting::within(2 * size, 100);
        (1..=3).for_each(|n| waiting.put(ended(n)));
        assert_eq!(waiting.given_up, GivenUp { ladders: 1, calls: 0, files: 0 });
        let taken = waiting.take().expect("reports");
        assert_eq!(taken.iter().map(ladder).collect::<Vec<_>>(), [size, size, 0]);
        waiting.put(ended(4));
        assert_eq!(waiting.take(), Some(vec![ended(4)]));
    }
}
