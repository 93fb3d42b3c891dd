//! Which calls are recorded, and the recordings.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, CallId, RecordingId, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingMode {
    #[default]
    Off,
    All,
    Inbound,
    Outbound,
    /// Started and stopped by dialling `*1` in the call.
    OnDemand,
}

impl RecordingMode {
    pub const ALL: [Self; 5] = [Self::Off, Self::All, Self::Inbound, Self::Outbound, Self::OnDemand];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::All => "all",
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::OnDemand => "on_demand",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::All => "All calls",
            Self::Inbound => "Calls received",
            Self::Outbound => "Calls made",
            Self::OnDemand => "On demand, with *1",
        }
    }

    /// Records a call of this user from its answer on. Emergency calls are another question.
    pub fn records(self, inbound: bool) -> bool {
        match self {
            Self::All => true,
            Self::Inbound => inbound,
            Self::Outbound => !inbound,
            Self::Off | Self::OnDemand => false,
        }
    }
}

/// A user's choice. Without a row nothing is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingChoice {
    pub user_id: UserId,
    pub account_id: AccountId,
    pub version: i64,
    pub mode: RecordingMode,
}

pub const KEEP_DAYS_DEFAULT: u16 = 90;
/// Ten years: longer than any rule on keeping calls that we know of.
pub const KEEP_DAYS_MAX: u16 = 3_660;

/// What holds for all recordings of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordingRules {
    /// Both sides hear that the call is recorded before they are connected.
    pub announce: bool,
    /// A short tone every 15 seconds.
    pub beep: bool,
    pub keep_days: u16,
    /// Emergency calls too. The law of the place has to allow it, so it is off until somebody decides.
    pub emergency: bool,
}

impl Default for RecordingRules {
    fn default() -> Self {
        Self { announce: true, beep: false, keep_days: KEEP_DAYS_DEFAULT, emergency: false }
    }
}

/// One recording: stereo, what the user said in the first channel and what the other side said in the second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    pub id: RecordingId,
    pub account_id: AccountId,
    pub call_id: CallId,
    /// Whose choice it was to record.
    pub user_id: UserId,
    /// SHA-256 of the WAV file, in hex: its name in the storage. `None` once it was deleted.
    pub audio: Option<String>,
    pub bytes: u64,
    pub duration_ms: u32,
    pub tracks: u8,
    pub started_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_says_which_calls_are_recorded() {
        assert!(RecordingMode::All.records(true) && RecordingMode::All.records(false));
        assert!(RecordingMode::Inbound.records(true) && !RecordingMode::Inbound.records(false));
        assert!(!RecordingMode::Outbound.records(true) && RecordingMode::Outbound.records(false));
        assert!(!RecordingMode::OnDemand.records(true) && !RecordingMode::Off.records(false));
        for mode in RecordingMode::ALL {
            assert_eq!(RecordingMode::parse(mode.as_str()), Some(mode));
        }
    }
}
