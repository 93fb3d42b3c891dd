//! What the core has to tell, to ask and to have done, until the edge takes it.

use std::path::PathBuf;

use foldhash::{HashMap, HashSet};
use lineside_model::{
    call_report::{CallBegan, CallReport},
    question::Question,
};
use lineside_sip::Flow;

use crate::{
    ledger::{Entry, Key, Talking},
    trunk::target::Wanted,
};

#[derive(Debug, Default)]
pub(crate) struct Told {
    reports: Vec<CallReport>,
    questions: Vec<(u64, Question)>,
    jobs: Vec<Job>,
    last: u64,
    /// Calls that are not answered yet, and those that are, for the ledger.
    ringing: HashMap<Key, CallBegan>,
    talking: HashSet<Key>,
}

/// Work that the core's thread does not wait for.
#[derive(Debug)]
pub(crate) enum Job {
    /// Finds where a carrier is reached; it comes back with the number.
    LookUp(u64, Wanted),
    /// Connects to a carrier by this name.
    Connect(Flow, String),
    /// Reads a WAV; it comes back with the number.
    Load(u64, PathBuf),
    /// Keeps a report beside the recording that it will be about, to be told after a crash.
    Note(PathBuf, Box<CallReport>),
    /// A recording that nobody wants, and the note beside it.
    Drop(PathBuf),
    /// People began to talk, or have ended it.
    Ledger(Entry),
}

impl Told {
    pub(crate) fn report(&mut self, report: CallReport) {
        self.keep(&report);
        self.reports.push(report);
    }

    /// What the ledger has to know of it.
    fn keep(&mut self, report: &CallReport) {
        match report {
            CallReport::Began(began) => drop(self.ringing.insert((began.account, began.call), began.clone())),
            CallReport::Answered(answered) => {
                let Some(began) = self.ringing.remove(&(answered.account, answered.call)) else { return };
                let talking = Talking { began, answered: answered.clone() };
                self.talking.insert(talking.key());
                self.jobs.push(Job::Ledger(Entry::Talking(Box::new(talking))));
            }
            CallReport::Ended(ended) => {
                let key = (ended.began.account, ended.began.call);
                self.ringing.remove(&key);
                if self.talking.remove(&key) {
                    self.jobs.push(Job::Ledger(Entry::Over(key)));
                }
            }
            _ => {}
        }
    }

    /// The number that its answer comes back with.
    pub(crate) fn ask(&mut self, question: Question) -> u64 {
        let number = self.next();
        self.questions.push((number, question));
        number
    }

    /// The number that its samples come back with.
    pub(crate) fn load(&mut self, path: PathBuf) -> u64 {
        let number = self.next();
        self.jobs.push(Job::Load(number, path));
        number
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(crate) fn job(&mut self, job: Job) {
        self.jobs.push(job);
    }

    pub(crate) fn take_reports(&mut self) -> Vec<CallReport> {
        std::mem::take(&mut self.reports)
    }

    pub(crate) fn take_questions(&mut self) -> Vec<(u64, Question)> {
        std::mem::take(&mut self.questions)
    }

    pub(crate) fn take_jobs(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.jobs)
    }
}
