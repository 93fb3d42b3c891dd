//! What the switch asks while somebody is on the telephone, and what it is answered. Each question is answered once, by
//! whoever keeps the truth; the caller hears music or a pause meanwhile.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::call_report::CallParty;
use crate::id::{AccountId, MessageId, UserId};

/// A question about one user's mailbox or settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub account: AccountId,
    /// Whose mailbox; for a star code, who dialled it.
    pub user: UserId,
    pub asks: Asks,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// → [`Answer::Greeting`].
    Greeting,
    /// How many messages wait, for the lamp → [`Answer::Waiting`].
    Waiting,
    /// The messages that can be listened to → [`Answer::Messages`].
    Messages,
    /// A PIN that was keyed in to reach the mailbox from elsewhere → [`Answer::Pin`]. Wrong ones are counted by whoever
    /// answers.
    Pin(String),
    /// It was listened to → [`Answer::Done`].
    Heard(MessageId),
    /// To be kept → [`Answer::Done`].
    Save(MessageId),
    Delete(MessageId),
    /// A copy for a colleague → [`Answer::Done`].
    Forward {
        message: MessageId,
        to: UserId,
    },
    /// A greeting spoken by telephone; the file is the receiver's → [`Answer::Done`].
    RecordGreeting(PathBuf),
    /// What emergency services would be told, to be heard; that it was is kept → [`Answer::Spoken`].
    EmergencyTest,
    /// A star code with its digits, as dialled: `*72203` → [`Answer::Done`].
    StarCode(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Done as asked.
    Done,
    /// It can not be done: there is no such message, the code means nothing, the user may not.
    Refused,
    /// The user's own greeting as a WAV on this machine; `None`: the system's.
    Greeting(Option<PathBuf>),
    Waiting(Waiting),
    Messages(Vec<Message>),
    Pin(PinCheck),
    /// Spoken words as a WAV on this machine; `None`: nothing here can speak them.
    Spoken(Option<PathBuf>),
}

/// Messages that wait (RFC 3842 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    pub new: u32,
    pub saved: u32,
}

/// A message in a mailbox, newest first in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub caller: CallParty,
    /// In the user's time zone it is spoken.
    pub at: DateTime<Utc>,
    /// Minutes to add to UTC for the user at that time.
    pub utc_offset_minutes: i32,
    pub is_new: bool,
    pub duration_ms: u32,
    /// A WAV on this machine.
    pub audio: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinCheck {
    Right,
    Wrong,
    /// After too many wrong ones nobody is let in for a while.
    Locked,
    /// The user has none, so the mailbox is reached from their own phones only.
    NotSet,
}
