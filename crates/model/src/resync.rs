//! A phone that is asked to fetch its configuration anew: whose phones a change asks, and what becomes of asking.
//!
//! A phone looks by itself when it starts and once an hour; asking it (NOTIFY check-sync) only spares the wait.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::device::{ConfigurationKind, DeviceModel};
use crate::directory::NoticeAnswer;
use crate::id::{ChangeId, DeviceId, LocationId, UserId};

/// Whose phones a change asks. Those of a place, and those with a key for somebody, are found when the change is carried out:
/// they may be very many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum ResyncOrder {
    Device {
        device_id: DeviceId,
        user_id: UserId,
        title: String,
    },
    /// Of the users at a location.
    Location {
        location_id: LocationId,
        name: String,
    },
    /// Of the users without a location.
    Account,
    /// With a lamp key for one of these users, who has another name or extension, or has left.
    LampKeys {
        user_ids: Vec<UserId>,
        who: String,
    },
}

impl ResyncOrder {
    /// For a plan's reader.
    pub fn words(&self) -> String {
        match self {
            Self::Device { title, .. } => format!("{title} is asked to fetch its configuration"),
            Self::Location { name, .. } => format!("the phones of {name} are asked to fetch their configuration"),
            Self::LampKeys { who, .. } => {
                format!("any phone with a lamp key for {who} is asked to fetch its configuration")
            }
            Self::Account => "the phones of users without a location are asked to fetch their configuration".to_owned(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResyncState {
    /// Ordered, and on its way.
    Queued,
    /// Not registered; asked when it is.
    Waiting,
    /// Registered, and gave no answer or a temporary one; asked again.
    Delayed,
    /// Will fetch.
    Answered,
    /// Answered that it will not.
    Refused,
    /// Fetched by itself before it could be asked.
    Fetched,
    /// Could not be asked for too long, or nobody has it any more.
    GivenUp,
}

impl ResyncState {
    const ALL: [Self; 7] =
        [Self::Queued, Self::Waiting, Self::Delayed, Self::Answered, Self::Refused, Self::Fetched, Self::GivenUp];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::Delayed => "delayed",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Fetched => "fetched",
            Self::GivenUp => "given_up",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// There is more to do.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Waiting | Self::Delayed)
    }
}

/// The last time that a device was to be asked. A newer order takes the place of an older one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resync {
    pub device_id: DeviceId,
    /// What ordered it.
    pub change_id: ChangeId,
    pub state: ResyncState,
    pub ordered_at: DateTime<Utc>,
    pub attempts: i32,
    pub next_at: DateTime<Utc>,
    /// The phone's own words, or why it was not asked.
    pub said: Option<String>,
    pub done_at: Option<DateTime<Utc>>,
}

/// What asking came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub state: ResyncState,
    pub said: Option<String>,
    /// When to ask again, for those that are open.
    pub next_at: Option<DateTime<Utc>>,
}

/// A phone that was away for longer fetches its configuration when it starts.
const PATIENCE: TimeDelta = TimeDelta::days(7);
/// A phone that registers is asked at once; this is for what a crash swallowed.
const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(15);

impl Resync {
    /// After the phone's contacts answered: the best answer counts.
    pub fn asked(&self, answers: &[NoticeAnswer], now: DateTime<Utc>) -> Asked {
        let Some(best) = answers.iter().min_by_key(|answer| rank(answer)) else {
            return self.again(ResyncState::Waiting, None, now + LOOK_AGAIN, now);
        };
        let said = Some(words(best));
        match rank(best) {
            Rank::Yes => Asked { state: ResyncState::Answered, said, next_at: None },
            Rank::No => Asked { state: ResyncState::Refused, said, next_at: None },
            Rank::NotNow => {
                let minutes = (1_i64 << self.attempts.clamp(0, 6)).min(60);
                self.again(ResyncState::Delayed, said, now + TimeDelta::minutes(minutes), now)
            }
        }
    }

    fn again(&self, state: ResyncState, said: Option<String>, next_at: DateTime<Utc>, now: DateTime<Utc>) -> Asked {
        if now - self.ordered_at < PATIENCE {
            return Asked { state, said, next_at: Some(next_at) };
        }
        let why = said.map_or_else(|| "was not registered for a week".to_owned(), |said| format!("for a week: {said}"));
        Asked { state: ResyncState::GivenUp, said: Some(why), next_at: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Yes,
    NotNow,
    No,
}

fn rank(answer: &NoticeAnswer) -> Rank {
    match answer {
        NoticeAnswer::Said { status: 200..=299, .. } => Rank::Yes,
        // Busy, starting, or overloaded: RFC 3261 section 21.4 and 21.5.
        NoticeAnswer::Said { status: 408 | 480 | 486 | 500..=599, .. } | NoticeAnswer::Silence | NoticeAnswer::Gone => {
            Rank::NotNow
        }
        NoticeAnswer::Said { .. } => Rank::No,
    }
}

fn words(answer: &NoticeAnswer) -> String {
    match answer {
        NoticeAnswer::Said { status, reason } => format!("{status} {reason}").trim_end().to_owned(),
        NoticeAnswer::Silence => "no answer".to_owned(),
        NoticeAnswer::Gone => "its connection closed".to_owned(),
    }
}

impl DeviceModel {
    /// The Event of the NOTIFY that makes it fetch its configuration without starting anew; `None`: it fetches nothing.
    pub fn resync_event(&self) -> Option<&'static str> {
        match self.configuration {
            ConfigurationKind::Yealink | ConfigurationKind::Linphone => Some("check-sync;reboot=false"),
            ConfigurationKind::Generic => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn said(status: u16) -> NoticeAnswer {
        NoticeAnswer::Said { status, reason: "So".to_owned() }
    }

    fn asked(answers: &[NoticeAnswer], hours: i64) -> Asked {
        let resync = Resync {
            device_id: DeviceId(Uuid::nil()),
            change_id: ChangeId(Uuid::nil()),
            state: ResyncState::Queued,
            ordered_at: at(0),
            attempts: 1,
            next_at: at(0),
            said: None,
            done_at: None,
        };
        resync.asked(answers, at(hours))
    }

    #[test]
    fn the_best_answer_of_all_contacts_counts() {
        let done = asked(&[NoticeAnswer::Silence, said(481), said(200)], 0);
        assert_eq!(done, Asked { state: ResyncState::Answered, said: Some("200 So".to_owned()), next_at: None });
        assert_eq!(asked(&[said(481), NoticeAnswer::Silence], 0).state, ResyncState::Delayed);
        assert_eq!(asked(&[said(401)], 0).state, ResyncState::Refused);
        assert_eq!(asked(&[said(486)], 0).state, ResyncState::Delayed);
    }

    #[test]
    fn a_phone_that_is_away_is_waited_for_a_week() {
        let waiting = asked(&[], 24 * 7 - 1);
        assert_eq!((waiting.state, waiting.said), (ResyncState::Waiting, None));
        let given_up = asked(&[], 24 * 7);
        assert_eq!((given_up.state, given_up.next_at), (ResyncState::GivenUp, None));
        assert_eq!(asked(&[NoticeAnswer::Silence], 24 * 8).said.as_deref(), Some("for a week: no answer"));
    }

    #[test]
    fn every_state_is_found_by_its_word() {
        for state in ResyncState::ALL {
            assert_eq!(ResyncState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
