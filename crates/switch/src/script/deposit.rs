//! A caller leaves a message: greeting, tone, up to five minutes. Too short a message, or one in which nobody is heard, is
//! dropped. No key leads anywhere but into the mailbox: there is no way through to other numbers.

use std::{sync::Arc, time::Duration};

use lineside_media::phrase::Phrase;
use lineside_model::{
    directory::DirectoryUser,
    question::{Answer, Asks},
    voicemail::MESSAGE_MAX_MS,
};

use super::{Does, Heard, Recording, Script, Sound};

pub(crate) const LONGEST: Duration = Duration::from_millis(MESSAGE_MAX_MS as u64);
/// The caller has hung up without telling, or has nothing more to say.
const SILENCE: Duration = Duration::from_secs(10);

pub(crate) struct Deposit {
    owner: Arc<DirectoryUser>,
    stage: Stage,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Asking,
    Greeting,
    Recording,
    Thanking,
}

impl Deposit {
    pub(crate) fn new(owner: Arc<DirectoryUser>) -> Self {
        Self { owner, stage: Stage::Asking }
    }

    fn greet(&mut self, own: Option<std::path::PathBuf>) -> Vec<Does> {
        self.stage = Stage::Greeting;
        let mut sounds = match own {
            Some(path) => vec![Sound::File(path)],
            None => self.default_greeting(),
        };
        sounds.push(Sound::Beep);
        vec![Does::Play(sounds)]
    }

    /// With the extension or number, which every user has said of it; the name needs a person to say it.
    fn default_greeting(&self) -> Vec<Sound> {
        let extension = self.owner.extension.as_ref().map(ToString::to_string);
        let number = || self.owner.numbers.first().map(|number| number.as_str().to_owned());
        let Some(number) = extension.or_else(number) else { return vec![Sound::Phrase(Phrase::LeaveMessage)] };
        vec![Sound::Phrase(Phrase::TheUserAt), Sound::Digits(number), Sound::Phrase(Phrase::LeaveMessage)]
    }

    fn record(&mut self) -> Vec<Does> {
        self.stage = Stage::Recording;
        vec![Does::Record { what: Recording::Message, longest: LONGEST, until_silence: Some(SILENCE) }]
    }

    fn say_and_go(&mut self, phrase: Phrase) -> Vec<Does> {
        self.stage = Stage::Thanking;
        vec![Does::Play(vec![Sound::Phrase(phrase)])]
    }
}

impl Script for Deposit {
    fn hear(&mut self, heard: Heard) -> Vec<Does> {
        match (&self.stage, heard) {
            (Stage::Asking, Heard::Started) if self.owner.mailbox.full => self.say_and_go(Phrase::MailboxFull),
            (Stage::Asking, Heard::Started) => vec![Does::Ask(self.owner.clone(), Asks::Greeting)],
            (Stage::Asking, Heard::Answer(Answer::Greeting(own))) => self.greet(own),
            (Stage::Asking, Heard::Answer(_)) => self.greet(None),
            // Who knows the greeting need not listen to it.
            (Stage::Greeting, Heard::Digit('#')) => vec![Does::Play(vec![Sound::Beep])],
            (Stage::Greeting, Heard::Played) => self.record(),
            (Stage::Recording, Heard::Digit('#')) => vec![Does::StopRecording],
            (Stage::Recording, Heard::Recorded(_)) => self.say_and_go(Phrase::Goodbye),
            (Stage::Thanking, Heard::Played) => vec![Does::HangUp],
            _ => Vec::new(),
        }
    }
}
