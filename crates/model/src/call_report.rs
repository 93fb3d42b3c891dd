//! What the switch tells of calls, as it happens. Whoever keeps the truth writes it down; the switch waits for nobody.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::emergency::EmergencyCall;
use crate::id::{AccountId, CallId, LineId, TrunkId, UserId};
use crate::ladder::Ladder;

/// Something happened. Reports of one call come in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallReport {
    Began(CallBegan),
    Answered(CallAnswered),
    /// The last report of a call, but for what is recorded of it.
    Ended(Box<CallEnded>),
    MessageLeft(MessageLeft),
    Recorded(CallRecorded),
    TestCall(TestCall),
    Emergency(Box<EmergencyCall>),
    Alarm(Alarm),
}

/// One end of a call, as it was shown to the other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallParty {
    /// A user of the account that the report is for.
    pub user: Option<UserId>,
    /// The extension, the number in E.164, or what the trunk said; empty when it is withheld.
    pub number: SmolStr,
    pub name: SmolStr,
}

/// Seen from the account that the report is for. A call between two accounts is reported to both, under one identifier
/// for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallDirection {
    Internal,
    Inbound,
    Outbound,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallBegan {
    pub call: CallId,
    pub account: AccountId,
    pub at: DateTime<Utc>,
    pub direction: CallDirection,
    pub caller: CallParty,
    /// What was dialled.
    pub dialled: SmolStr,
    /// Whom that means; nobody for a number in the world, or a service such as `*97`.
    pub callee: Option<CallParty>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallAnswered {
    pub call: CallId,
    pub account: AccountId,
    pub at: DateTime<Utc>,
    /// Who did, after whatever forwarding.
    pub by: AnsweredBy,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredBy {
    Party(CallParty),
    /// The mailbox of this user took the call.
    Voicemail(UserId),
    /// One of ours: `*97`, `*43`, `*44`, a star code.
    Service(String),
}

/// A whole call, at its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallEnded {
    pub began: CallBegan,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<CallAnswered>,
    pub ended_at: DateTime<Utc>,
    pub outcome: CallOutcome,
    /// The SIP status that the caller was given, of a call that was not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Who ended it.
    pub ended_by: EndedBy,
    /// Each hop on the way to who answered, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<Hop>,
    /// What came from the caller and from the callee; none when there was no sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_caller: Option<LegQuality>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_callee: Option<LegQuality>,
    /// By which trunk it came or left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trunk: Option<TrunkId>,
    /// Kept beside the rest, which lists read.
    #[serde(skip)]
    pub ladder: Ladder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    Answered,
    /// The caller left before an answer.
    Cancelled,
    NoAnswer,
    Busy,
    Declined,
    /// No device is registered, or none of them is there.
    Unreachable,
    NotInService,
    /// By a rule: license, guard, limit.
    Refused,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    Caller,
    Callee,
    /// The switch: a limit, a lost phone, the end of a service.
    Switch,
}

/// A call was sent on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    pub from: CallParty,
    pub to: String,
    pub reason: HopReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HopReason {
    Always,
    Busy,
    NoAnswer,
    Unreachable,
    Transfer,
    Voicemail,
}

/// The sound of one leg as it reached us.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LegQuality {
    /// `PCMU`, `PCMA`, `G722`, `opus`; empty when unknown.
    pub codec: String,
    pub packets: u64,
    pub lost: u64,
    pub jitter_ms: f32,
}

/// One message of a call, for its ladder diagram. Never holds credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LadderStep {
    pub at: DateTime<Utc>,
    /// 0 is the caller; each phone or trunk that was called has its own.
    pub leg: u16,
    /// From the leg to us.
    pub received: bool,
    /// `INVITE`, `180 Ringing`.
    pub title: String,
    /// The message's text, shortened, without credentials.
    pub text: String,
}

/// A caller left a message. The file is the receiver's from now on: it is moved away or deleted. It is reported again
/// after a crash that came before that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageLeft {
    pub call: CallId,
    pub account: AccountId,
    /// Whose mailbox.
    pub user: UserId,
    pub caller: CallParty,
    pub at: DateTime<Utc>,
    pub duration_ms: u32,
    /// WAV, 8 kHz, 16 bit, mono.
    pub audio: PathBuf,
}

/// A part of a call was recorded. The file is the receiver's, as with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecorded {
    pub call: CallId,
    pub account: AccountId,
    /// Whose setting, or whose `*1`, had it recorded.
    pub user: UserId,
    pub caller: CallParty,
    pub callee: CallParty,
    pub direction: CallDirection,
    pub at: DateTime<Utc>,
    pub duration_ms: u32,
    /// WAV, 8 kHz, 16 bit, stereo: the caller left, the callee right.
    pub audio: PathBuf,
}

/// A test call ended, and what it found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestCall {
    pub call: CallId,
    pub account: AccountId,
    pub user: UserId,
    pub line: Option<LineId>,
    pub at: DateTime<Utc>,
    /// The phone answered, or it made the call.
    pub answered: bool,
    /// Something was heard from it, louder than a quiet room.
    pub heard: bool,
    pub quality: LegQuality,
    /// There and back, from RTCP.
    pub round_trip_ms: Option<u32>,
    pub audio: Option<PathBuf>,
}

/// Something that administrators should know at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    pub at: DateTime<Utc>,
    pub kind: AlarmKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// A limit on calls at a time or minutes a day was reached, and a call refused for it.
    LimitReached {
        account: AccountId,
        user: Option<UserId>,
        what: String,
    },
    /// Calls to a destination that is not open for the account.
    DestinationRefused {
        account: AccountId,
        user: UserId,
        dialled: String,
    },
    TrunkDown {
        trunk: TrunkId,
        why: String,
    },
    TrunkUp {
        trunk: TrunkId,
    },
    /// Somebody guesses passwords from there.
    PasswordGuessing {
        source: String,
        account: Option<AccountId>,
    },
}
