//! Calls as they stand in the history of an account, and those that go on.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::call_report::{
    AnsweredBy, CallAnswered, CallBegan, CallDirection, CallEnded, CallOutcome, CallParty, EndedBy, HopReason,
    LegQuality,
};
use crate::extension::EMERGENCY;
use crate::id::{CallId, RecordingId, UserId};
use crate::phone_number;
use crate::text::is_unprintable;

/// A call that ended. One between two accounts stands in the history of both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    pub ended: CallEnded,
    pub recording: Option<RecordingId>,
}

/// A call that goes on now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveCall {
    pub began: CallBegan,
    pub answered: Option<CallAnswered>,
}

impl LiveCall {
    /// The users whose call it is.
    pub fn users(&self) -> Vec<UserId> {
        [self.began.caller.user, self.began.callee.as_ref().and_then(|callee| callee.user)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// The longest name and number of the other end that are kept.
pub const PARTY_NAME_MAX: usize = 80;
pub const PARTY_NUMBER_MAX: usize = 64;
const DIALLED_MAX: usize = 128;

impl CallParty {
    /// Callers choose what they are called: kept as one line without control characters, of a length that fits a list.
    #[must_use]
    pub fn cleaned(&self) -> Self {
        Self { user: self.user, number: line(&self.number, PARTY_NUMBER_MAX), name: line(&self.name, PARTY_NAME_MAX) }
    }

    /// `Ana Duarte (203)`, or what there is of it.
    pub fn pretty(&self) -> String {
        match (self.name.trim(), self.number.as_str()) {
            ("", _) => self.pretty_number(),
            (name, "") => name.to_owned(),
            (name, number) if name == number => self.pretty_number(),
            (name, _) => format!("{name} ({})", self.pretty_number()),
        }
    }

    pub fn pretty_number(&self) -> String {
        if self.number.is_empty() { "number withheld".to_owned() } else { phone_number::pretty(&self.number) }
    }
}

fn line(text: &SmolStr, max: usize) -> SmolStr {
    // Nearly every one is as it should be.
    if text.len() <= max && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.trim().len() == text.len() {
        return text.clone();
    }
    let text: String = text.chars().filter(|c| !is_unprintable(*c)).take(max).collect();
    text.trim().into()
}

impl CallDirection {
    pub const ALL: [Self; 3] = [Self::Internal, Self::Inbound, Self::Outbound];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.as_str() == text)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Inbound => "received",
            Self::Outbound => "made",
        }
    }
}

impl CallOutcome {
    pub const ALL: [Self; 9] = [
        Self::Answered,
        Self::Cancelled,
        Self::NoAnswer,
        Self::Busy,
        Self::Declined,
        Self::Unreachable,
        Self::NotInService,
        Self::Refused,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Cancelled => "cancelled",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::Unreachable => "unreachable",
            Self::NotInService => "not_in_service",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Cancelled => "caller hung up",
            Self::NoAnswer => "not answered",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::Unreachable => "unreachable",
            Self::NotInService => "not in service",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl HopReason {
    pub fn label(self) -> &'static str {
        match self {
            Self::Always => "all calls are forwarded",
            Self::Busy => "busy",
            Self::NoAnswer => "not answered",
            Self::Unreachable => "unreachable",
            Self::Transfer => "transferred",
            Self::Voicemail => "voicemail",
        }
    }
}

impl LegQuality {
    /// Lost packets in a thousand.
    pub fn loss_permille(&self) -> u64 {
        (self.lost * 1_000).checked_div(self.packets + self.lost).unwrap_or_default()
    }
}

impl CallEnded {
    /// As it is kept: what phones sent is cut to a length and cleaned, so that no call can fill the database.
    #[must_use]
    pub fn cleaned(mut self) -> Self {
        self.began.caller = self.began.caller.cleaned();
        self.began.callee = self.began.callee.as_ref().map(CallParty::cleaned);
        self.began.dialled = line(&self.began.dialled, DIALLED_MAX);
        if let Some(CallAnswered { by: AnsweredBy::Party(party), .. }) = &mut self.answered {
            *party = party.cleaned();
        }
        self
    }

    /// From the answer to the end; zero for a call that was not answered.
    pub fn talked(&self) -> TimeDelta {
        let talked = self.answered.as_ref().map(|answered| self.ended_at - answered.at);
        talked.unwrap_or_default().max(TimeDelta::zero())
    }

    pub fn emergency(&self) -> bool {
        EMERGENCY.contains(&self.began.dialled.as_str())
    }

    pub fn voicemail(&self) -> Option<UserId> {
        match self.answered.as_ref()?.by {
            AnsweredBy::Voicemail(user) => Some(user),
            _ => None,
        }
    }

    /// Who answered, or who was called.
    pub fn other_end(&self) -> String {
        match self.answered.as_ref().map(|answered| &answered.by) {
            Some(AnsweredBy::Party(party)) => party.pretty(),
            Some(AnsweredBy::Voicemail(_)) => "Voicemail".to_owned(),
            Some(AnsweredBy::Service(code)) => code.clone(),
            None => match &self.began.callee {
                Some(callee) => callee.pretty(),
                None => phone_number::pretty(&self.began.dialled),
            },
        }
    }

    /// The users whose history the call belongs to.
    pub fn users(&self) -> Vec<UserId> {
        let answered = match self.answered.as_ref().map(|answered| &answered.by) {
            Some(AnsweredBy::Party(party)) => party.user,
            Some(AnsweredBy::Voicemail(user)) => Some(*user),
            _ => None,
        };
        let ends = [self.began.caller.user, self.began.callee.as_ref().and_then(|callee| callee.user), answered];
        let mut users: Vec<UserId> =
            ends.into_iter().flatten().chain(self.hops.iter().filter_map(|hop| hop.from.user)).collect();
        users.sort();
        users.dedup();
        users
    }

    /// The numbers and extensions that a search finds the call by.
    pub fn numbers(&self) -> Vec<String> {
        let answered = match self.answered.as_ref().map(|answered| &answered.by) {
            Some(AnsweredBy::Party(party)) => Some(party.number.clone()),
            _ => None,
        };
        let callee = self.began.callee.as_ref().map(|callee| callee.number.clone());
        let ends = [Some(self.began.caller.number.clone()), callee, answered, Some(self.began.dialled.clone())];
        let digits = |number: SmolStr| number.trim_start_matches('+').to_owned();
        let mut numbers: Vec<String> =
            ends.into_iter().flatten().map(digits).filter(|number| !number.is_empty()).collect();
        numbers.sort();
        numbers.dedup();
        numbers
    }

    /// Why it ended, in words.
    pub fn why(&self) -> String {
        let by = match self.ended_by {
            EndedBy::Caller => "the caller hung up",
            EndedBy::Callee => "the called side hung up",
            EndedBy::Switch => "Lineside ended it: a limit, a lost phone or a restart",
        };
        match self.outcome {
            CallOutcome::Answered => by.to_owned(),
            CallOutcome::Cancelled => "the caller hung up before an answer".to_owned(),
            outcome => match self.status {
                Some(status) => format!("{} ({status})", outcome.label()),
                None => outcome.label().to_owned(),
            },
        }
    }

    /// `PCMU`, or `PCMU / G722` when the sides differ.
    pub fn codecs(&self) -> String {
        let codec = |leg: &Option<LegQuality>| leg.as_ref().map(|leg| leg.codec.clone()).unwrap_or_default();
        match (codec(&self.from_caller), codec(&self.from_callee)) {
            (one, other) if one == other || other.is_empty() => one,
            (one, other) if one.is_empty() => other,
            (one, other) => format!("{one} / {other}"),
        }
    }
}

/// The length of a call, `1:05` or `1:00:05`.
pub fn clock(length: TimeDelta) -> String {
    let seconds = length.num_seconds().max(0);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A place in the history: the call that a page ended with. Written as its time in microseconds and its identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallPlace {
    pub at: DateTime<Utc>,
    pub call: CallId,
}

impl CallPlace {
    /// `None` for what no page ended with.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, call) = text.split_once('.')?;
        let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
        Some(Self { at, call: call.parse().ok()? })
    }
}

impl fmt::Display for CallPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.timestamp_micros(), self.call)
    }
}

impl CallRecord {
    pub fn place(&self) -> CallPlace {
        CallPlace { at: self.ended.began.at, call: self.ended.began.call }
    }
}

/// A number or extension as people write it, as the history finds it: without blanks, brackets and `+`.
pub fn searched_number(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '*').take(PARTY_NUMBER_MAX).collect()
}

/// Which calls a history shows, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallFilter {
    pub user_id: Option<UserId>,
    pub direction: Option<CallDirection>,
    pub outcome: Option<CallOutcome>,
    /// A whole number, or an extension.
    pub number: String,
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub recorded: bool,
    /// Those that began before this one.
    pub before: Option<CallPlace>,
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::AccountId;
    use crate::ladder::Ladder;

    pub(crate) fn ended() -> CallEnded {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let party = |n: u128, number: &str, name: &str| CallParty {
            user: Some(UserId(Uuid::from_u128(n))),
            number: number.into(),
            name: name.into(),
        };
        CallEnded {
            began: CallBegan {
                call: CallId(Uuid::from_u128(1)),
                account: AccountId(Uuid::from_u128(1)),
                at,
                direction: CallDirection::Internal,
                caller: party(1, "201", "Ana Duarte"),
                dialled: "202".into(),
                callee: Some(party(2, "202", "Ben Adler")),
            },
            answered: None,
            ended_at: at + TimeDelta::seconds(70),
            outcome: CallOutcome::NoAnswer,
            status: Some(480),
            ended_by: EndedBy::Switch,
            hops: Vec::new(),
            from_caller: None,
            from_callee: None,
            trunk: None,
            ladder: Ladder::default(),
        }
    }

    #[test]
    fn what_callers_say_of_themselves_is_one_short_line() {
        let party =
            CallParty { user: None, number: "+14805550143".into(), name: "Ana\r\nBcc: all@x.example\u{202e}".into() };
        assert_eq!(party.cleaned().pretty(), "AnaBcc: all@x.example (+1 480 555 0143)");
        let named = |number: &str, name: &str| CallParty { user: None, number: number.into(), name: name.into() };
        assert_eq!(named("203", "203").pretty(), "203");
        assert_eq!(named("", "").pretty(), "number withheld");
        assert_eq!(named("", "Anonymous").pretty(), "Anonymous");
        assert_eq!(named("", &"é".repeat(500)).cleaned().name.chars().count(), PARTY_NAME_MAX);
    }

    #[test]
    fn a_place_in_the_history_is_read_as_it_was_written() {
        let place = CallRecord { ended: ended(), recording: None }.place();
        assert_eq!(CallPlace::parse(&place.to_string()), Some(place));
        for wrong in ["", ".", "x.y", "1.x", "99999999999999999999.01900000-0000-7000-8000-000000000001"] {
            assert_eq!(CallPlace::parse(wrong), None, "{wrong}");
        }
        assert_eq!(searched_number("+1 (480) 555-0143"), "14805550143");
    }

    #[test]
    fn a_call_says_who_when_and_why() {
        let mut call = ended();
        assert_eq!((call.why().as_str(), call.talked()), ("not answered (480)", TimeDelta::zero()));
        assert_eq!(call.other_end(), "Ben Adler (202)");
        assert_eq!(call.numbers(), ["201", "202"]);
        assert_eq!(call.users().len(), 2);
        call.outcome = CallOutcome::Answered;
        call.ended_by = EndedBy::Callee;
        call.answered = Some(CallAnswered {
            call: call.began.call,
            account: call.began.account,
            at: call.began.at + TimeDelta::seconds(5),
            by: AnsweredBy::Voicemail(UserId(Uuid::from_u128(2))),
        });
        assert_eq!((call.why().as_str(), clock(call.talked()).as_str()), ("the called side hung up", "1:05"));
        assert_eq!(call.other_end(), "Voicemail");
        assert_eq!(clock(TimeDelta::seconds(3_605)), "1:00:05");
    }
}
