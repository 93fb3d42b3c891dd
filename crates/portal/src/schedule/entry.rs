//! One entry as pages show it.

use lineside_model::id::{ScheduleEntryId, UserId};
use lineside_model::license::Catalogue;
use lineside_model::schedule::{EntryState, ScheduleEntry, in_words};

use crate::repair::{Note, notes};

pub struct Entry {
    pub id: ScheduleEntryId,
    pub user_id: UserId,
    /// `1 March 2027`.
    pub date: String,
    /// The license type; or that the track's license ends.
    pub what: String,
    pub track: String,
    pub failed: bool,
    /// Why it would fail, or did, with repairs.
    pub notes: Vec<Note>,
    pub created_by: String,
}

impl Entry {
    pub fn of(entry: &ScheduleEntry, catalogue: &Catalogue) -> Self {
        let track = match &entry.lifecycle {
            Some(_) => "User".to_owned(),
            None => catalogue.track(entry.track_id).map(|track| track.name.clone()).unwrap_or_default(),
        };
        Self {
            id: entry.id,
            user_id: entry.user_id,
            date: in_words(entry.date),
            what: what(entry, catalogue),
            track,
            failed: entry.state == EntryState::Failed,
            notes: notes(&entry.conflicts),
            created_by: entry.created_by.clone(),
        }
    }

    /// The colour of its tag.
    pub fn class(&self) -> &'static str {
        if self.failed || !self.notes.is_empty() { "bad" } else { "ok" }
    }

    pub fn state(&self) -> &'static str {
        match (self.failed, self.notes.is_empty()) {
            (true, _) => "failed",
            (false, false) => "will fail",
            (false, true) => "scheduled",
        }
    }
}

/// `Business`, `no Voice license`, or `deletion`.
pub fn what(entry: &ScheduleEntry, catalogue: &Catalogue) -> String {
    if let Some(lifecycle) = &entry.lifecycle {
        return lifecycle.label().to_owned();
    }
    if let Some(id) = entry.license_type_id {
        return catalogue.license_type(id).map(|license| license.name.clone()).unwrap_or_default();
    }
    let track = catalogue.track(entry.track_id).map(|track| track.name.as_str());
    format!("no {} license", track.unwrap_or_default())
}
