//! A star code that changes something: it is asked for, and the caller hears whether it was done.

use std::sync::Arc;

use lineside_media::phrase::Phrase;
use lineside_model::{
    directory::DirectoryUser,
    question::{Answer, Asks},
};

use super::{Does, Heard, Script, Sound};

pub(crate) struct Setting {
    user: Arc<DirectoryUser>,
    code: String,
    is_on: bool,
}

impl Setting {
    /// `is_on`: the code switches something on.
    pub(crate) fn new(user: Arc<DirectoryUser>, code: String, is_on: bool) -> Self {
        Self { user, code, is_on }
    }
}

impl Script for Setting {
    fn hear(&mut self, heard: Heard) -> Vec<Does> {
        let phrase = match heard {
            Heard::Started => return vec![Does::Ask(self.user.clone(), Asks::StarCode(self.code.clone()))],
            Heard::Played => return vec![Does::HangUp],
            Heard::Answer(Answer::Done) if self.is_on => Phrase::ForwardingOn,
            Heard::Answer(Answer::Done) => Phrase::ForwardingOff,
            Heard::Answer(_) => Phrase::NotPossible,
            _ => return Vec::new(),
        };
        vec![Does::Play(vec![Sound::Phrase(phrase)])]
    }
}

/// Says one thing and hangs up.
pub(crate) struct Notice(pub(crate) Phrase);

impl Script for Notice {
    fn hear(&mut self, heard: Heard) -> Vec<Does> {
        match heard {
            Heard::Started => vec![Does::Play(vec![Sound::Phrase(self.0)])],
            Heard::Played => vec![Does::HangUp],
            _ => Vec::new(),
        }
    }
}
