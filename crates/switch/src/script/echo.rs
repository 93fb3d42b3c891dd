//! `*43`: the caller hears what it says, until it hangs up.

use std::time::Duration;

use lineside_media::phrase::Phrase;

use super::{Does, Heard, Script, Sound};

/// Nobody listens to their own voice for longer.
const LONGEST: Duration = Duration::from_mins(5);

pub(crate) struct Echo;

impl Script for Echo {
    fn hear(&mut self, heard: Heard) -> Vec<Does> {
        match heard {
            Heard::Started => vec![Does::Play(vec![Sound::Phrase(Phrase::Echo), Sound::Beep])],
            Heard::Played => vec![Does::Echo(true), Does::Wait(LONGEST)],
            Heard::Waited | Heard::Digit('#') => vec![Does::HangUp],
            _ => Vec::new(),
        }
    }
}
