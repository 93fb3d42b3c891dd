//! Calls in which people talk, written down while they last, so that a crash does not take them out of the history. A line
//! for each answer and one for each end; once nobody talks, the file is empty again.

mod keeper;

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io::{self, Seek as _, Write as _},
    mem,
    path::{Path, PathBuf},
    time::Duration,
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
    /// What was not written yet.
    answered: Vec<Key>,
    over: Vec<Key>,
}

impl Ledger {
    /// An empty one; read what a crash has left with [`cut_off`] before.
    fn open(spool: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path(spool))?;
        Ok(Self { file, length: 0, open: HashMap::new(), answered: Vec::new(), over: Vec::new() })
    }

    fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Talking(talking) => self.talking(talking),
            Entry::Over(key) => self.over(key),
        }
    }

    fn talking(&mut self, talking: Box<Talking>) {
        let key = talking.key();
        self.answered.push(key);
        self.open.insert(key, talking);
    }

    fn over(&mut self, key: Key) {
        self.open.remove(&key);
        self.over.push(key);
    }

    /// Writes what came since the last time, at once. Of a call that began and ended meanwhile nothing is written.
    fn write(&mut self) -> io::Result<()> {
        let (answered, over) = (mem::take(&mut self.answered), mem::take(&mut self.over));
        if answered.is_empty() && over.is_empty() {
            return Ok(());
        }
        if self.open.is_empty() {
            return self.write_anew();
        }
        let fresh: HashSet<Key> = answered.iter().copied().collect();
        let began = answered.iter().filter_map(|key| self.open.get(key)).map(|talking| Written::Talking(talking));
        let ended = over.iter().filter(|key| !fresh.contains(key)).map(Written::Over);
        let lines = lines(began.chain(ended));
        self.append(&lines)
    }

    /// People still talk.
    fn beat(&mut self) -> io::Result<()> {
        self.append(b"\n")
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.length > LONGEST {
            self.write_anew()?;
        }
        self.length += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn write_anew(&mut self) -> io::Result<()> {
        if self.length == 0 && self.open.is_empty() {
            return Ok(());
        }
        self.file.set_len(0)?;
        self.file.rewind()?;
        let lines = lines(self.open.values().map(|talking| Written::Talking(talking)));
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
        for n in 1..=3 {
            ledger.talking(talking(n));
            ledger.write().unwrap();
        }
        ledger.over(talking(2).key());
        ledger.write().unwrap();
        ledger.beat().unwrap();
        ledger.file.write_all(b"{\"talking\":{\"beg").unwrap();
        assert_eq!(cut(spool.path()), [1, 3]);
    }

    #[test]
    fn the_file_is_empty_once_nobody_talks() {
        let spool = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(spool.path()).unwrap();
        ledger.talking(talking(1));
        ledger.write().unwrap();
        ledger.over(talking(1).key());
        ledger.write().unwrap();
        assert_eq!(fs::metadata(path(spool.path())).unwrap().len(), 0);
        assert!(cut(spool.path()).is_empty());
        ledger.talking(talking(2));
        ledger.write().unwrap();
        assert_eq!(cut(spool.path()), [2]);
    }

    #[test]
    fn what_comes_together_is_written_at_once_and_what_came_and_went_never() {
        let spool = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(spool.path()).unwrap();
        (1..=3).for_each(|n| ledger.talking(talking(n)));
        ledger.over(talking(2).key());
        ledger.write().unwrap();
        assert_eq!(cut(spool.path()), [1, 3]);
        assert_eq!(fs::read_to_string(path(spool.path())).unwrap().lines().count(), 2);
        ledger.over(talking(3).key());
        ledger.talking(talking(4));
        ledger.write().unwrap();
        assert_eq!(cut(spool.path()), [1, 4]);
    }

    #[test]
    fn the_file_does_not_grow_with_the_calls_of_a_day() {
        let spool = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(spool.path()).unwrap();
        ledger.talking(talking(0));
        for n in 1..10_000 {
            ledger.talking(talking(n));
            ledger.write().unwrap();
            ledger.over(talking(n).key());
            ledger.write().unwrap();
        }
        assert!(fs::metadata(path(spool.path())).unwrap().len() < 2 * LONGEST);
        assert_eq!(cut(spool.path()), [0]);
    }
}
