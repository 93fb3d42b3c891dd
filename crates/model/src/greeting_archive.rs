//! Greetings of many users in one archive: each file is named by the username that it is for.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::facts::Facts;
use crate::id::{AccountId, ArchiveId, ChangeId, UserId};
use crate::username::Username;

/// The most files of one archive.
pub const FILES_MAX: usize = 2_000;
/// The largest archive, in bytes, and all that is in it, unpacked.
pub const ARCHIVE_MAX: usize = 200 << 20;
pub const UNPACKED_MAX: u64 = 2 << 30;
/// Reading takes no longer: what is left then is refused.
pub const READING: TimeDelta = TimeDelta::minutes(10);
/// Whoever reads it says so this often at least; silent for longer, they died.
pub const SILENCE: TimeDelta = TimeDelta::minutes(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArchiveState {
    /// Its sounds are being read.
    Reading,
    Planned,
    /// Since it was seen last.
    Applying,
    Done,
    /// Reading it broke off.
    Failed,
}

impl ArchiveState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Planned => "planned",
            Self::Applying => "applying",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// What becomes of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileEffect {
    /// The user has no greeting yet.
    Set,
    Replace,
    /// The user has just this greeting.
    Unchanged,
    /// Nobody has this username.
    Unknown,
    /// It is no sound, too long, too large, or there twice.
    Refused,
}

impl FileEffect {
    pub const ALL: [Self; 5] = [Self::Set, Self::Replace, Self::Unchanged, Self::Unknown, Self::Refused];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Replace => "replace",
            Self::Unchanged => "unchanged",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}

/// One file of the archive, with what was heard in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedFile {
    /// Within the archive, without folders.
    pub name: String,
    pub effect: FileEffect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The user's name.
    #[serde(default)]
    pub user: String,
    #[serde(default)]
    pub duration_ms: u32,
    /// Under which name the sound lies in the storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// Why it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GreetingArchive {
    pub id: ArchiveId,
    pub account_id: AccountId,
    /// The row's.
    #[serde(skip)]
    pub version: i64,
    pub created_at: DateTime<Utc>,
    /// When whoever reads it said so last.
    pub seen_at: DateTime<Utc>,
    pub state: ArchiveState,
    pub owner: String,
    pub file_name: String,
    /// SHA-256, in hex.
    pub file_hash: String,
    /// How many files there are to read.
    pub total: usize,
    pub files: Vec<ArchivedFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it was not applied, or not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl GreetingArchive {
    /// Under which its change stands in the journal: applied twice, it is applied once.
    pub fn change_id(&self) -> ChangeId {
        ChangeId(self.id.0)
    }

    pub fn count(&self, effect: FileEffect) -> usize {
        self.files.iter().filter(|file| file.effect == effect).count()
    }

    /// Some file would change somebody's greeting.
    pub fn can_be_applied(&self) -> bool {
        self.state == ArchiveState::Planned
            && self.files.iter().any(|file| matches!(file.effect, FileEffect::Set | FileEffect::Replace))
    }

    /// The greetings that it sets; `None` when it sets none.
    pub fn change(&self) -> Option<Change> {
        let set = |file: &ArchivedFile| {
            let wanted = matches!(file.effect, FileEffect::Set | FileEffect::Replace);
            let (user_id, audio) = (file.user_id?, file.audio.clone()?);
            let (file_name, duration_ms) = (file.name.clone(), file.duration_ms);
            wanted.then_some(Change::SetGreeting { user_id, file_name, duration_ms, audio })
        };
        let changes: Vec<Change> = self.files.iter().filter_map(set).collect();
        (!changes.is_empty()).then(|| Change::together(changes))
    }

    /// Says of each sound that was heard whose it is, as the account is now.
    pub fn match_users(&mut self, facts: &Facts) {
        let mut named: BTreeMap<UserId, usize> = BTreeMap::new();
        for file in &mut self.files {
            if file.audio.is_none() {
                continue;
            }
            let holder =
                username_of(&file.name).and_then(|name| facts.taken.usernames.get(&name.key()).copied().flatten());
            let user = holder.and_then(|id| facts.users.get(&id)).filter(|user| !user.is_deleted());
            (file.user_id, file.why) = (user.map(|user| user.id), None);
            file.user = user.map(|user| user.profile.full_name()).unwrap_or_default();
            file.effect = match user.map(|user| facts.greetings.get(&user.id)) {
                None => FileEffect::Unknown,
                Some(None) => FileEffect::Set,
                Some(Some(now)) if Some(&now.audio) == file.audio.as_ref() => FileEffect::Unchanged,
                Some(Some(_)) => FileEffect::Replace,
            };
            if let Some(id) = file.user_id {
                *named.entry(id).or_default() += 1;
            }
        }
        for file in &mut self.files {
            if file.user_id.is_some_and(|id| named.get(&id).is_some_and(|times| *times > 1)) {
                file.effect = FileEffect::Refused;
                file.why = Some(format!("the archive has several greetings for {}; keep one of them", file.user));
            }
        }
    }
}

/// A file is for the username that it is called by: `ana.duarte.wav`.
pub fn username_of(name: &str) -> Option<Username> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    Username::parse(stem).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_for_whom_it_is_called_by() {
        for (name, username) in [("ana.duarte.wav", "ana.duarte"), ("Ana.Duarte.MP3", "Ana.Duarte"), ("bo.m4a", "")] {
            let found = username_of(name).map(|name| name.to_string()).unwrap_or_default();
            assert_eq!(found, username, "{name}");
        }
        assert_eq!(username_of("holiday greeting.wav"), None);
    }
}
