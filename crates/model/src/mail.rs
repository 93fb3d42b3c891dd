//! Messages on their way out, and what became of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::email::Email;
use crate::id::{AccountId, MailId, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    Welcome,
    PasswordReset,
    /// Scheduled license changes that would fail within days.
    ScheduleWarning,
    /// Scheduled license changes whose day came and that failed.
    ScheduleFailed,
    /// What was warned of is in order again.
    ScheduleHealed,
    /// A caller left a message.
    Voicemail,
    /// A mailbox is nearly full, or full.
    VoicemailStorage,
    /// A call was refused by a guard against fraud.
    CallAlarm,
    /// Somebody calls for help. What it is about begins with the name of who is told.
    EmergencyCall,
    /// What was read back to who dialled 933.
    EmergencyTest,
    /// A trunk is down, or back. What it is about begins with the subject.
    TrunkAlarm,
}

impl MailKind {
    const ALL: [Self; 11] = [
        Self::Welcome,
        Self::PasswordReset,
        Self::ScheduleWarning,
        Self::ScheduleFailed,
        Self::ScheduleHealed,
        Self::Voicemail,
        Self::VoicemailStorage,
        Self::CallAlarm,
        Self::EmergencyCall,
        Self::EmergencyTest,
        Self::TrunkAlarm,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::PasswordReset => "password_reset",
            Self::ScheduleWarning => "schedule_warning",
            Self::ScheduleFailed => "schedule_failed",
            Self::ScheduleHealed => "schedule_healed",
            Self::Voicemail => "voicemail",
            Self::VoicemailStorage => "voicemail_storage",
            Self::CallAlarm => "call_alarm",
            Self::EmergencyCall => "emergency_call",
            Self::EmergencyTest => "emergency_test",
            Self::TrunkAlarm => "trunk_alarm",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    Queued,
    /// Taken by the mail server, with its words.
    Accepted,
    /// The server refused for now or could not be reached; it is tried again.
    Delayed,
    /// The server refused for good, or tries ran out.
    Failed,
}

impl MailState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Accepted => "accepted",
            Self::Delayed => "delayed",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Accepted, Self::Delayed, Self::Failed].into_iter().find(|state| state.as_str() == text)
    }
}

/// A message and its way. Its text is made when it is sent, so that no link or secret lies in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub id: MailId,
    pub account_id: AccountId,
    pub user_id: UserId,
    pub kind: MailKind,
    /// What it tells, line by line; for those kinds that tell of something.
    #[serde(default)]
    pub about: Vec<String>,
    pub to: Email,
    pub state: MailState,
    pub attempts: i32,
    /// The server's own words, or why it could not be reached.
    pub said: Option<String>,
    pub created_at: DateTime<Utc>,
    pub next_at: DateTime<Utc>,
    pub done_at: Option<DateTime<Utc>>,
}

/// Seconds to wait after the given number of failed tries: a minute, doubling to four hours; `None` after two days' worth.
pub fn retry_after_seconds(attempts: i32) -> Option<i64> {
    match attempts {
        0..=18 => Some((60_i64 << attempts.clamp(0, 8)).min(4 * 3600)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_spaced_out_and_end_after_about_two_days() {
        assert_eq!(retry_after_seconds(0), Some(60));
        assert_eq!(retry_after_seconds(3), Some(480));
        assert_eq!(retry_after_seconds(12), Some(14_400));
        assert_eq!(retry_after_seconds(19), None);
        let total: i64 = (0..).map_while(retry_after_seconds).sum();
        assert!((36 * 3600..60 * 3600).contains(&total), "{total}");
    }
}
