//! What is said to callers, in pieces that are spoken one after the other.

use std::{path::PathBuf, time::Duration};

use chrono::{DateTime, Datelike, FixedOffset, Timelike};
use lineside_media::{
    phrase::{Phrase, number_words},
    playlist::Playlist,
    prompt::Prompt,
};

/// A piece of what is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sound {
    Phrase(Phrase),
    /// A quantity: “twenty-one”.
    Number(u32),
    /// Digit by digit, as extensions and phone numbers are read.
    Digits(String),
    /// Weekday and time of day.
    Time(DateTime<FixedOffset>),
    /// A WAV on this machine.
    File(PathBuf),
    Beep,
    Pause(Duration),
}

/// The sounds as one list; each file's samples come from `file`.
pub(crate) fn playlist(sounds: &[Sound], mut file: impl FnMut(&PathBuf) -> Option<Prompt>) -> Playlist {
    let mut list = Playlist::new();
    for sound in sounds {
        list = match sound {
            Sound::Phrase(phrase) => list.prompt(phrase.prompt()),
            Sound::Number(number) => list.prompts(number_words(*number).into_iter().map(Phrase::prompt)),
            Sound::Digits(digits) => list.prompts(digits.chars().filter_map(Phrase::of_digit).map(Phrase::prompt)),
            Sound::Time(time) => list.prompts(time_words(time).into_iter().map(Phrase::prompt)),
            Sound::File(path) => match file(path) {
                Some(prompt) => list.prompt(prompt),
                None => list,
            },
            Sound::Beep => list.beep(),
            Sound::Pause(length) => list.silence(*length),
        };
    }
    list
}

/// “Thursday, at two, oh five, p m”.
fn time_words(time: &DateTime<FixedOffset>) -> Vec<Phrase> {
    let (is_afternoon, hour) = time.hour12();
    let mut words = vec![Phrase::WEEKDAYS[time.weekday().num_days_from_monday() as usize], Phrase::At];
    words.extend(number_words(hour));
    match time.minute() {
        0 => words.push(Phrase::OClock),
        minute @ 1..=9 => {
            words.push(Phrase::Oh);
            words.extend(number_words(minute));
        }
        minute => words.extend(number_words(minute)),
    }
    words.push(if is_afternoon { Phrase::Pm } else { Phrase::Am });
    words
}
