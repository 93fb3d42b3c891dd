//! The thread that keeps the ledger.

use std::{
    io,
    path::Path,
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
};

use super::{Entry, Ledger};
use crate::{TOGETHER, edge::now};

/// The way to the thread.
#[derive(Debug)]
pub(crate) struct Keeper {
    entries: mpsc::Sender<Entry>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// In a folder that is there.
    pub(crate) fn start(spool: &Path) -> io::Result<Self> {
        let ledger = Ledger::open(spool)?;
        let (sender, entries) = mpsc::channel();
        let thread = thread::Builder::new().name("switch-ledger".into()).spawn(move || keep(ledger, &entries))?;
        Ok(Self { entries: sender, thread })
    }

    pub(crate) fn give(&self, entry: Entry) {
        let _ = self.entries.send(entry);
    }

    /// Writes what was given, and ends.
    pub(crate) fn finish(self) {
        drop(self.entries);
        let _ = self.thread.join();
    }
}

fn keep(mut ledger: Ledger, entries: &mpsc::Receiver<Entry>) {
    loop {
        let first = match ledger.patience() {
            Some(patience) => entries.recv_timeout(patience),
            None => entries.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let kept = match first {
            Ok(first) => {
                // Answers and ends of the same moment are written together.
                thread::sleep(TOGETHER);
                let now = now().instant;
                std::iter::once(first).chain(entries.try_iter()).for_each(|entry| ledger.take(entry, now));
                ledger.write(now)
            }
            Err(RecvTimeoutError::Timeout) => ledger.write(now().instant).and_then(|()| ledger.beat()),
            // All that was told is written.
            Err(RecvTimeoutError::Disconnected) => return ledger.end(),
        };
        if let Err(error) = kept {
            tracing::error!(%error, "calls that go on would be lost in a crash");
        }
    }
}
