//! What tests see of the calls.

use std::path::PathBuf;

use super::Calls;

impl Calls {
    pub(crate) fn count(&self) -> usize {
        self.open.len()
    }

    /// The media of the call that was placed last.
    pub(crate) fn last_session(&self) -> Option<u64> {
        self.sessions.keys().max().copied()
    }

    /// What is still remembered, once nothing should be.
    pub(crate) fn left_over(&self) -> Vec<String> {
        let counts = [
            ("open", self.open.len()),
            ("by_tag", self.by_tag.len()),
            ("pickups", self.pickups.len()),
            ("incoming", self.incoming.len()),
            ("outgoing", self.outgoing.len()),
            ("farewells", self.farewells.len()),
            ("sessions", self.sessions.len()),
            ("questions", self.questions.len()),
            ("recordings", self.recordings.len()),
            ("wakes", self.wakes.len()),
            ("ended", self.ended.len()),
            ("endings", self.endings.len()),
        ];
        counts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")).collect()
    }

    /// Files that are being recorded.
    pub(crate) fn recordings(&self) -> Vec<PathBuf> {
        self.recordings.keys().cloned().collect()
    }
}
