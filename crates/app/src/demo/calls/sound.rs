//! Voices for the demo, put together from the phrases that the telephone speaks.

use chrono::{DateTime, Datelike, Timelike, Utc};
use lineside_media::RATE;
use lineside_media::phrase::{Phrase, number_words};
use lineside_media::wav::{self, Wav};

pub struct Spoken {
    samples: Vec<i16>,
    channels: u16,
    pub duration_ms: u32,
}

/// Samples between two words, and between two people.
const BREATH: usize = RATE as usize / 12;
const TURN: usize = RATE as usize / 2;

impl Spoken {
    fn new(samples: Vec<i16>, channels: u16) -> Self {
        let frames = samples.len() / usize::from(channels.max(1));
        let duration_ms = u32::try_from(frames * 1_000 / RATE as usize).unwrap_or(u32::MAX);
        Self { samples, channels, duration_ms }
    }

    pub fn wav(self) -> anyhow::Result<Vec<u8>> {
        Ok(wav::write(&Wav { rate: RATE, channels: self.channels, samples: self.samples })?)
    }
}

/// Who calls, and when: what a message says.
pub fn message(number: &str, at: DateTime<Utc>) -> Spoken {
    let mut words = vec![Phrase::Message, Phrase::From, Phrase::Number];
    words.extend(number.chars().filter_map(Phrase::of_digit));
    words.push(Phrase::WEEKDAYS[at.weekday().num_days_from_monday() as usize]);
    words.push(Phrase::At);
    words.extend(number_words(at.hour12().1));
    words.push(if at.hour12().0 { Phrase::Pm } else { Phrase::Am });
    words.push(Phrase::Goodbye);
    Spoken::new(say(&words), 1)
}

/// The caller on the left asks for somebody, the called side on the right, in a lower voice, connects them.
pub fn conversation(number: &str) -> Spoken {
    let digits: Vec<Phrase> = number.chars().filter_map(Phrase::of_digit).collect();
    let turns: [(bool, Vec<Phrase>); 7] = [
        (false, vec![Phrase::Recorded]),
        (true, [vec![Phrase::Number], digits].concat()),
        (false, vec![Phrase::EnterExtension]),
        (true, vec![Phrase::Extension, Phrase::Two, Phrase::Zero, Phrase::Five]),
        (false, vec![Phrase::PleaseHold, Phrase::Transferring]),
        (true, vec![Phrase::Goodbye]),
        (false, vec![Phrase::Goodbye]),
    ];
    let mut samples = Vec::new();
    for (caller, words) in turns {
        let mono = say(&words);
        let mono = if caller { mono } else { lower(&mono) };
        let silent = std::iter::repeat_n(0, TURN);
        samples
            .extend(mono.into_iter().chain(silent).flat_map(|sample| if caller { [sample, 0] } else { [0, sample] }));
    }
    Spoken::new(samples, 2)
}

fn say(words: &[Phrase]) -> Vec<i16> {
    let mut samples = Vec::new();
    for word in words {
        samples.extend_from_slice(word.prompt().samples());
        samples.extend(std::iter::repeat_n(0, BREATH));
    }
    samples
}

/// Slower by an eighth: another person, with the means at hand.
fn lower(samples: &[i16]) -> Vec<i16> {
    let at = |n: usize| samples.get(n).copied().map_or(0, i32::from);
    let between = |n: usize| {
        let (whole, part) = (n * 8 / 9, i32::try_from(n * 8 % 9).unwrap_or_default());
        i16::try_from((at(whole) * (9 - part) + at(whole + 1) * part) / 9).unwrap_or_default()
    };
    (0..samples.len() * 9 / 8).map(between).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_a_conversation_are_heard_on_their_own_channels() {
        let talk = conversation("+16025550142");
        assert!((15_000..60_000).contains(&talk.duration_ms), "{}", talk.duration_ms);
        let (pairs, rest) = talk.samples.as_chunks::<2>();
        assert!(rest.is_empty());
        let loud = |channel: usize| pairs.iter().filter(|pair| pair[channel].unsigned_abs() > 1_000).count();
        assert!(loud(0) > 4_000 && loud(1) > 4_000, "{} {}", loud(0), loud(1));
        assert!(pairs.iter().all(|pair| pair.contains(&0)), "one speaks at a time");
        let file = talk.wav().unwrap();
        assert_eq!(wav::read(&file).unwrap().channels, 2);
    }
}
