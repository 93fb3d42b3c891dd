//! What answers a caller when no person does: state machines without sound, time or network. Each hears what happened and
//! says what is to be done; `call::perform` does it.

mod deposit;
mod echo;
mod emergency_test;
mod mailbox;
pub(crate) mod phrase;
mod setting;
mod test_call;

use std::{path::PathBuf, sync::Arc, time::Duration};

use lineside_model::{
    directory::DirectoryUser,
    extension::Extension,
    question::{Answer, Asks},
};

pub(crate) use self::{
    deposit::Deposit,
    echo::Echo,
    emergency_test::EmergencyTest,
    mailbox::Mailbox,
    phrase::Sound,
    setting::{Notice, Setting},
    test_call::TestCall,
};

pub(crate) trait Script: Send {
    fn hear(&mut self, heard: Heard) -> Vec<Does>;
}

/// What happened to the call, or came back from outside.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// The call was answered; sound goes both ways.
    Started,
    /// What was to be played is over.
    Played,
    Digit(char),
    Recorded(Recorded),
    Answer(Answer),
    /// To [`Does::Find`].
    Found(Option<Arc<DirectoryUser>>),
    /// To [`Does::Measure`].
    Measured(Measured),
    /// The time of [`Does::Wait`] has passed.
    Waited,
}

/// A recording that has ended while the caller is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) path: PathBuf,
    pub(crate) duration: Duration,
    /// How long somebody was heard in it.
    pub(crate) voiced: Duration,
}

/// How the caller's sound reaches us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Measured {
    pub(crate) packets: u64,
    pub(crate) lost: u64,
    pub(crate) round_trip: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Does {
    /// In place of whatever is played now.
    Play(Vec<Sound>),
    StopPlaying,
    /// The caller, until it is stopped, falls silent, or becomes as long.
    Record {
        what: Recording,
        longest: Duration,
        until_silence: Option<Duration>,
    },
    StopRecording,
    /// [`Heard::Waited`] after that time, unless something else is played or waited for.
    Wait(Duration),
    Ask(Arc<DirectoryUser>, Asks),
    /// Whose extension it is in the caller's account.
    Find(Extension),
    Measure,
    Echo(bool),
    /// The outcome of a test call, and where what was said is kept.
    Report(Option<PathBuf>, bool),
    /// Rings whoever is at that number, on the rights of that user, and ends the script.
    Connect(Arc<DirectoryUser>, String),
    HangUp,
}

/// What a recording is for: what becomes of it when the caller hangs up in its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recording {
    /// Kept all the same.
    Message,
    /// Nobody has said that it is good.
    Draft,
}

/// Digits of one input, until `#` or a pause.
#[derive(Debug, Default)]
struct Digits(String);

/// Longer inputs are somebody leaning on the keys.
const DIGITS: usize = 20;

impl Digits {
    /// The whole input, when this ended it.
    fn push(&mut self, digit: char) -> Option<String> {
        if digit == '#' {
            return Some(std::mem::take(&mut self.0));
        }
        if self.0.len() < DIGITS {
            self.0.push(digit);
        }
        None
    }
}

#[cfg(test)]
mod tests;
