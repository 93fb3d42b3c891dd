//! Calls in which people talk, written down while they last, so that a crash does not take them out of the history. A line
//! for each answer and one for each end, a little after it; once nobody talks, the file is empty again.

mod keeper;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fs::{self, File, OpenOptions},
    io::{self, Seek as _, Write as _},
    iter, mem,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use lineside_model::{
    call_report::{CallAnswered, CallBegan, CallEnded, CallOutcome, CallReport, EndedBy},
    id::{AccountId, CallId},
    ladder::Ladder,
};
use serde::{Deserialize, Serialize};

pub(crate) use self::keeper::Keeper;

/// A call is known by its identifier in each account that it belongs to.
pub(crate) type Key = (AccountId, CallId);

/// While people talk, the file is touched so often: its time says until when they did.
const BEAT: Duration = Duration::from_secs(10);
/// For so long a call that has ended stays in the file: it is written behind, and told again should a crash come first.
const KEPT: Duration = Duration::from_secs(2);
/// A file that has grown so long is written anew, with the calls that go on alone.
const LONGEST: u64 = 1024 * 1024;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    Talking(Box<Talking>),
    Over(Key),
}

/// The same, lent to be written.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Written<'a> {
    Talking(&'a Talking),
    Over(&'a Key),
}

/// A call that was answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Talking {
    pub(crate) began: CallBegan,
    pub(crate) answered: CallAnswered,
}

impl Talking {
    pub(crate) fn key(&self) -> Key {
        (self.began.account, self.began.call)
    }
}

#[derive(Debug)]
struct Ledger {
    file: File,
    length: u64,
    open: HashMap<Key, Box<Talking>>,
    /// Those of them that were not written yet.
    answered: HashSet<Key>,
    /// Those that are over, and until when they are kept.
    over: VecDeque<(Instant, Box<Talking>)>,
}

impl Ledger {
    /// An empty one; read what a crash has left with [`cut_off`] before.
    fn open(spool: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path(spool))?;
        let (open, answered, over) = Default::default();
        Ok(Self { file, length: 0, open, answered, over })
    }

    /// After how long there is something to write though nothing is given.
    fn patience(&self) -> Option<Duration> {
        if self.over.is_empty() { (!self.open.is_empty()).then_some(BEAT) } else { Some(KEPT) }
    }

    fn take(&mut self, entry: Entry, now: Instant) {
        match entry {
            Entry::Talking(talking) => self.talking(talking),
            Entry::Over(key) => self.over(key, now),
        }
    }

    fn talking(&mut self, talking: Box<Talking>) {
        let key = talking.key();
        self.answered.insert(key);
        self.open.insert(key, talking);
    }

    /// Of a call that began and ended before it was written nothing is written.
    fn over(&mut self, key: Key, now: Instant) {
        if let Some(talking) = self.open.remove(&key)
            && !self.answered.remove(&key)
        {
            self.over.push_back((now + KEPT, talking));
        }
    }

    /// Writes what came since the last time, and what is not to be kept any more.
    fn write(&mut self, now: Instant) -> io::Result<()> {
        let answered = mem::take(&mut self.answered);
        let over: Vec<Key> =
            iter::from_fn(|| self.over.pop_front_if(|(until, _)| *until <= now)).map(|(_, call)| call.key()).collect();
        if answered.is_empty() && over.is_empty() {
            return Ok(());
        }
        if self.open.is_empty() && self.over.is_empty() {
            return self.write_anew();
        }
        let began = answered.iter().filter_map(|key| self.open.get(key)).map(|talking| Written::Talking(talking));
        let lines = lines(began.chain(over.iter().map(Written::Over)));
        self.append(&lines)
    }

    /// People still talk.
    fn beat(&mut self) -> io::Result<()> {
        if self.open.is_empty() { Ok(()) } else { self.append(b"\n") }
    }

    /// Nothing that is over is kept any longer.
    fn end(mut self) {
        self.over.clear();
        if let Err(error) = self.write_anew() {
            tracing::warn!(%error, "calls that have ended are told again at the next start");
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.length > LONGEST {
            self.write_anew()?;
        }
        self.length += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn write_anew(&mut self) -> io::Result<()> {
        let calls = || self.open.values().chain(self.over.iter().map(|(_, talking)| talking));
        if self.length == 0 && calls().next().is_none() {
            return Ok(());
        }
        self.file.set_len(0)?;
        self.file.rewind()?;
        let lines = lines(calls().map(|talking| Written::Talking(talking)));
        self.length = lines.len() as u64;
        self.file.write_all(&lines)
    }
}

/// The calls that a crash has ended, as ended when the program last gave a sign.
pub(crate) fn cut_off(spool: &Path) -> Vec<CallReport> {
    let path = path(spool);
    let (Ok(text), Ok(meta)) = (fs::read(&path), fs::metadata(&path)) else { return Vec::new() };
    let ended_at = meta.modified().map_or(DateTime::UNIX_EPOCH, DateTime::<Utc>::from);
    let mut open: HashMap<Key, Box<Talking>> = HashMap::new();
    // The last line may have been cut too.
    for entry in text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()) {
        match entry {
            Entry::Talking(talking) => drop(open.insert(talking.key(), talking)),
            Entry::Over(key) => drop(open.remove(&key)),
        }
    }
    open.into_values().map(|talking| ended(*talking, ended_at)).collect()
}

fn ended(Talking { began, answered }: Talking, ended_at: DateTime<Utc>) -> CallReport {
    CallReport::Ended(Box::new(CallEnded {
        ended_at: ended_at.max(answered.at),
        began,
        answered: Some(answered),
        outcome: CallOutcome::Answered,
        status: None,
        ended_by: EndedBy::Switch,
        hops: Vec::new(),
        from_caller: None,
        from_callee: None,
        trunk: None,
        ladder: Ladder::default(),
    }))
}

/// One for each entry.
fn lines<'a>(entries: impl Iterator<Item = Written<'a>>) -> Vec<u8> {
    let mut lines = Vec::new();
    for entry in entries {
        // Identifiers, times and texts: nothing that JSON can not hold.
        let _ = serde_json::to_writer(&mut lines, &entry);
        lines.push(b'\n');
    }
    lines
}

fn path(spool: &Path) -> PathBuf {
    spool.join("talking.jsonl")
}

#[cfg(test)]
mod tests {
    use lineside_model::call_report::{AnsweredBy, CallDirection, CallParty};
    use uuid::Uuid;

    use super::*;
    use crate::fixture;

    fn talking(n: u128) -> Box<Talking> {
        let (call, account, at) = (CallId(Uuid::from_u128(n)), fixture::account_id(), DateTime::UNIX_EPOCH);
        let began = CallBegan {
            call,
            account,
            at,
            direction: CallDirection::Internal,
            caller: CallParty::default(),
            dialled: "202".into(),
            callee: None,
        };
        Box::new(Talking {
            began,
            answered: CallAnswered { call, account, at, by: AnsweredBy::Service("*43".to_owned()) },
        })
    }

    fn now() -> Instant {
        crate::edge::now().instant
    }

    fn cut(spool: &Path) -> Vec<u128> {
        let calls = cut_off(spool).into_iter().map(|report| match report {
            CallReport::Ended(ended) => ended.began.call.0.as_u128(),
            other => panic!("{other:?}"),
        });
        let mut calls: Vec<_> = calls.collect();
        calls.sort_unstable();
        calls
    }

    #[test]
    fn calls_that_went_on_are_found_after_a_crash() {
        let spool = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(spool.path()).unwrap();
        let now = now();
        for n in 1..=3 {
            ledger.talking(talking(n));
            ledger.write(now).unwrap();
        }
        ledger.over(talking(2).key(), now);
        ledger.write(now).unwrap();
        assert_eq!(cut(spool.path()), [1, 2, 3], "the end may not be in the history yet");
        ledger.write(now + KEPT).unwrap();
        ledger.beat().unwrap();
        ledger.file.write_all(b"{\"talking\":{\"beg").unwrap();
        assert_eq!(cut(spool.path()), [1, 3]);
    }

    #[test]
    fn the_file_is_empty_once_nobody_talks() {
        let spool = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(spool.path()).unwrap();
        let now = now();
        ledger.talking(talking(1));
        ledger.write(now).unwrap();
        assert_eq!(ledger.patience(), Some(BEAT));
        ledger.over(talking(1).key(), now);
        ledger.write(now).unwrap();
        assert_eq!(ledger.patience(), Some(KEPT));
        ledger.write(now + KEPT).unwrap();
        assert_eq!(fs::metadata(path(spool.path())).unwrap().len(), 0);
        assert_eq!((cut(spool.path()), ledger.patience()), (vec![], None));
        ledger.talking(talking(2));
        ledger.write(now).unwrap();
        assert_eq!(cut(spool.path()), [2]);
    }

    #[test]
    fn what_comes_together_is_written_at_once_and_what_came_and_went_never() {
        let spool = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(spool.path()).unwrap();
        let now = now();
        (1..=3).for_each(|n| ledger.talking(talking(n)));
        ledger.over(talking(2).key(), now);
        ledger.write(now).unwrap();
        assert_eq!(cut(spool.path()), [1, 3]);
        assert_eq!(fs::read_to_string(path(spool.path())).unwrap().lines().count(), 2);
        ledger.over(talking(3).key(), now);
        ledger.talking(talking(4));
        ledger.write(now + KEPT).unwrap();
        assert_eq!(cut(spool.path()), [1, 4]);
    }

    #[test]
    fn the_file_does_not_grow_with_the_calls_of_a_day() {
        let spool = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(spool.path()).unwrap();
        let now = now();
        ledger.talking(talking(0));
        for n in 1..10_000 {
            ledger.talking(talking(n));
            ledger.write(now).unwrap();
            ledger.over(talking(n).key(), now);
            // The last ones are not kept as long any more, and still told.
            ledger.write(if n < 9_998 { now + KEPT } else { now }).unwrap();
        }
        assert!(fs::metadata(path(spool.path())).unwrap().len() < 2 * LONGEST);
        assert_eq!(cut(spool.path()), [0, 9_998, 9_999]);
        ledger.write_anew().unwrap();
        assert_eq!(cut(spool.path()), [0, 9_998, 9_999], "what is written anew holds them too");
    }
}
