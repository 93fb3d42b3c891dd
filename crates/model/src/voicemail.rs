//! Mailboxes and the messages in them. Whether mail is sent, and with the recording, stands in the profile.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call_report::CallParty;
use crate::id::{AccountId, CallId, MessageId, UserId};
use crate::secret::Opaque;

/// The longest message that is taken.
pub const MESSAGE_MAX_MS: u32 = 5 * 60 * 1_000;
/// A shorter one is somebody who changed their mind, and dropped.
pub const MESSAGE_MIN_MS: u32 = 2_000;
/// Wrong PINs in a row before a mailbox is closed to telephones for [`PIN_LOCK_MINUTES`].
pub const PIN_TRIES: i64 = 5;
pub const PIN_LOCK_MINUTES: i64 = 15;
pub const STORAGE_MB_DEFAULT: u32 = 100;
pub const STORAGE_MB_MAX: u32 = 10_000;
/// The share of the storage, in percent, from which the user is told that little is left.
pub const STORAGE_WARNING_PERCENT: u64 = 80;

/// A user's mailbox. Without a row it is on, with the default greeting and no PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    pub user_id: UserId,
    pub account_id: AccountId,
    pub version: i64,
    pub enabled: bool,
    /// Asked for when the mailbox is opened from another phone. Hashed; without one it can't be.
    pub pin_hash: Option<Opaque>,
}

/// What one form sets: the mailbox, and what stands of it in the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VoicemailSettings {
    pub enabled: bool,
    /// Each message is mailed.
    pub email: bool,
    /// With the recording.
    pub attach: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinChange {
    #[default]
    Keep,
    Remove,
    /// Hashed.
    Set(Opaque),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Nobody has listened to it: it lights the lamp.
    New,
    Saved,
}

impl MessageState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Saved => "saved",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::New, Self::Saved].into_iter().find(|state| state.as_str() == text)
    }
}

/// A message in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoicemailMessage {
    pub id: MessageId,
    pub account_id: AccountId,
    pub user_id: UserId,
    pub version: i64,
    pub caller: CallParty,
    pub received_at: DateTime<Utc>,
    pub duration_ms: u32,
    pub state: MessageState,
    /// SHA-256 of the WAV file, in hex: its name in the storage.
    pub audio: String,
    pub bytes: u64,
    pub call_id: Option<CallId>,
    /// Who sent it on from their own mailbox.
    pub forwarded_by: Option<UserId>,
}

/// How full a mailbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageLevel {
    Fine,
    /// Little is left: the user is told.
    Warning,
    /// Nothing more is taken.
    Full,
}

impl StorageLevel {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Warning => "warning",
            Self::Full => "full",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Fine, Self::Warning, Self::Full].into_iter().find(|level| level.as_str() == text)
    }

    pub fn of(used: u64, limit_mb: u32) -> Self {
        let limit = u64::from(limit_mb) * 1_000_000;
        if used >= limit {
            Self::Full
        } else if used * 100 >= limit * STORAGE_WARNING_PERCENT {
            Self::Warning
        } else {
            Self::Fine
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_comes_before_the_mailbox_is_full() {
        assert_eq!(StorageLevel::of(79_999_999, 100), StorageLevel::Fine);
        assert_eq!(StorageLevel::of(80_000_000, 100), StorageLevel::Warning);
        assert_eq!(StorageLevel::of(100_000_000, 100), StorageLevel::Full);
        assert_eq!(StorageLevel::of(0, 0), StorageLevel::Full);
    }
}
