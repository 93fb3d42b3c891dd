//! Test calls: what one found, and what to do about it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::call_report::LegQuality;
use crate::id::{AccountId, CallId, UserId};

/// What a test call of a user's phone found. The newest few are kept with the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    pub id: CallId,
    pub account_id: AccountId,
    pub user_id: UserId,
    pub at: DateTime<Utc>,
    pub finding: Finding,
    /// What came from the phone.
    pub quality: LegQuality,
    /// There and back, when the phone tells.
    pub round_trip_ms: Option<u32>,
    /// SHA-256 of the WAV file with what was said, in hex: its name in the storage.
    pub audio: Option<String>,
    pub bytes: u64,
}

/// Dialled, or shown by phones that are called for a test.
pub const CODE: &str = "*44";
/// How many results of a user are kept.
pub const TESTS_KEPT: i64 = 10;
/// Above these, words get lost or chopped.
const LOSS_PERMILLE_GOOD: u64 = 20;
const JITTER_MS_GOOD: f32 = 30.0;
/// Above this, two people begin to talk at once (ITU-T G.114 has 150 ms one way).
const ROUND_TRIP_MS_GOOD: u32 = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// No phone was registered to be called.
    NotRegistered,
    NoAnswer,
    /// It answered, and no packet of sound came.
    NoSound,
    /// Sound came, and nobody was in it.
    Silence,
    Heard,
}

/// How far a test call is that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TestPhase {
    Asked,
    Ringing,
    Talking,
}

impl TestPhase {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Asked => "The phone is being called.",
            Self::Ringing => "The phone rings. Pick it up, and speak after the tone.",
            Self::Talking => "The phone answered. Speak after the tone; what was said is played back.",
        }
    }
}

impl Finding {
    pub const ALL: [Self; 5] = [Self::NotRegistered, Self::NoAnswer, Self::NoSound, Self::Silence, Self::Heard];

    pub fn of(registered: bool, answered: bool, heard: bool, quality: &LegQuality) -> Self {
        match (answered, heard) {
            (false, _) if !registered => Self::NotRegistered,
            (false, _) => Self::NoAnswer,
            (true, false) if quality.packets == 0 => Self::NoSound,
            (true, false) => Self::Silence,
            (true, true) => Self::Heard,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotRegistered => "not_registered",
            Self::NoAnswer => "no_answer",
            Self::NoSound => "no_sound",
            Self::Silence => "silence",
            Self::Heard => "heard",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::NotRegistered => "no phone is registered",
            Self::NoAnswer => "nobody answered",
            Self::NoSound => "no sound came",
            Self::Silence => "only silence came",
            Self::Heard => "the phone was heard",
        }
    }
}

impl TestResult {
    /// Heard, and well enough to talk.
    pub fn is_good(&self) -> bool {
        self.finding == Finding::Heard && self.advice().is_none()
    }

    /// What to do next; nothing when all is well.
    pub fn advice(&self) -> Option<&'static str> {
        match self.finding {
            Finding::NotRegistered => Some(
                "Switch a phone of this user on. If it is on, look at the checklist: it names what keeps the phone from registering.",
            ),
            Finding::NoAnswer => {
                Some("Make sure that somebody sits beside the phone, then test again and pick it up while it rings.")
            }
            Finding::NoSound => Some(
                "A firewall between phone and server keeps the sound out. Let UDP through, from the phone to the server's RTP ports and back.",
            ),
            Finding::Silence => Some(
                "Look whether the microphone is muted or another headset is chosen, then test again and speak right after the tone.",
            ),
            Finding::Heard if self.quality.loss_permille() > LOSS_PERMILLE_GOOD => Some(
                "Sound gets lost on the way. Use a cable in place of Wi-Fi, and see that nothing else fills the line.",
            ),
            Finding::Heard if self.quality.jitter_ms > JITTER_MS_GOOD => {
                Some("Sound comes unevenly. Let the router prefer voice (DSCP EF), or use a cable in place of Wi-Fi.")
            }
            Finding::Heard if self.round_trip_ms.is_some_and(|ms| ms > ROUND_TRIP_MS_GOOD) => {
                Some("The way is long: people begin to talk at once. A VPN or a satellite between them costs the most.")
            }
            Finding::Heard => None,
        }
    }

    /// For the journal: one line.
    pub fn summary(&self) -> String {
        if self.finding != Finding::Heard {
            return format!("Test call: {}", self.finding.label());
        }
        let loss = self.quality.loss_permille();
        let way = self.round_trip_ms.map(|ms| format!(", {ms} ms there and back")).unwrap_or_default();
        let (whole, tenth, jitter) = (loss / 10, loss % 10, self.quality.jitter_ms);
        format!("Test call: heard, {whole}.{tenth} % lost, jitter {jitter:.1} ms{way}")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn result(finding: Finding) -> TestResult {
        TestResult {
            id: CallId(Uuid::nil()),
            account_id: AccountId(Uuid::nil()),
            user_id: UserId(Uuid::nil()),
            at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            finding,
            quality: LegQuality { codec: "PCMU".into(), packets: 500, lost: 0, jitter_ms: 1.0 },
            round_trip_ms: Some(12),
            audio: None,
            bytes: 0,
        }
    }

    #[test]
    fn whatever_went_wrong_there_is_something_to_do() {
        let silent = LegQuality::default();
        let some = LegQuality { packets: 500, ..LegQuality::default() };
        for (registered, answered, heard, quality, finding) in [
            (false, false, false, &silent, Finding::NotRegistered),
            (true, false, false, &silent, Finding::NoAnswer),
            (true, true, false, &silent, Finding::NoSound),
            (true, true, false, &some, Finding::Silence),
            (true, true, true, &some, Finding::Heard),
            // It hung up meanwhile, and was there to be called.
            (false, true, true, &some, Finding::Heard),
        ] {
            assert_eq!(Finding::of(registered, answered, heard, quality), finding);
        }
        for finding in Finding::ALL {
            assert_eq!(result(finding).advice().is_none(), finding == Finding::Heard, "{finding:?}");
        }
        assert!(result(Finding::Heard).is_good());
        let lossy = LegQuality { lost: 50, ..result(Finding::Heard).quality };
        assert!(TestResult { quality: lossy, ..result(Finding::Heard) }.advice().unwrap().contains("lost"));
        assert!(!TestResult { round_trip_ms: Some(700), ..result(Finding::Heard) }.is_good());
        assert_eq!(
            result(Finding::Heard).summary(),
            "Test call: heard, 0.0 % lost, jitter 1.0 ms, 12 ms there and back"
        );
    }
}
