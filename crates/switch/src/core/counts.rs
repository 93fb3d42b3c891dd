//! What tests see of the core.

use std::path::PathBuf;

use super::Core;

impl Core {
    pub(crate) fn open_calls(&self) -> usize {
        self.calls.count()
    }

    pub(crate) fn left_over(&self) -> Vec<String> {
        let mut left = self.calls.left_over();
        let counts = [("transactions", self.endpoint.transactions()), ("sessions", self.relay.open_sessions())];
        left.extend(counts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")));
        left
    }

    pub(crate) fn subscriptions(&self) -> usize {
        self.subscriptions.count()
    }

    pub(crate) fn last_session(&self) -> Option<u64> {
        self.calls.last_session()
    }

    pub(crate) fn recordings(&self) -> Vec<PathBuf> {
        self.calls.recordings()
    }

    pub(crate) fn records(&self) -> bool {
        self.calls.records()
    }

    pub(crate) fn transactions(&self) -> usize {
        self.endpoint.transactions()
    }
}
