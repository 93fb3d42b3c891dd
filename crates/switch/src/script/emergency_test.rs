//! `933`: what emergency services would be told of this phone is read back.

use std::sync::Arc;

use lineside_media::phrase::Phrase;
use lineside_model::{
    directory::DirectoryUser,
    question::{Answer, Asks},
};

use super::{Does, Heard, Script, Sound};

pub(crate) struct EmergencyTest {
    user: Arc<DirectoryUser>,
}

impl EmergencyTest {
    pub(crate) fn new(user: Arc<DirectoryUser>) -> Self {
        Self { user }
    }

    fn known(&self) -> Vec<Sound> {
        let Some(place) = &self.user.emergency else { return vec![Sound::Phrase(Phrase::EmergencyNoAddress)] };
        let digits = |text: &str| Sound::Digits(text.chars().filter(char::is_ascii_digit).collect());
        let mut sounds = vec![Sound::Phrase(Phrase::EmergencyTest), digits(&place.address.street_number), PAUSE];
        sounds.extend([digits(&place.address.postal_code), PAUSE]);
        sounds.extend(place.callback.iter().flat_map(|number| {
            [Sound::Phrase(Phrase::CallingBack), Sound::Phrase(Phrase::Number), digits(number.digits())]
        }));
        sounds
    }
}

const PAUSE: Sound = Sound::Pause(std::time::Duration::from_millis(400));

impl Script for EmergencyTest {
    fn hear(&mut self, heard: Heard) -> Vec<Does> {
        let mut sounds = match heard {
            Heard::Started => return vec![Does::Ask(self.user.clone(), Asks::EmergencyTest)],
            Heard::Played => return vec![Does::HangUp],
            Heard::Answer(Answer::Spoken(Some(file))) => {
                vec![Sound::Phrase(Phrase::EmergencyTest), PAUSE, Sound::File(file)]
            }
            // No voice is installed here: the digits are read, and all of it is mailed.
            Heard::Answer(_) => self.known(),
            _ => return Vec::new(),
        };
        sounds.extend([PAUSE, Sound::Phrase(Phrase::Goodbye)]);
        vec![Does::Play(sounds)]
    }
}
