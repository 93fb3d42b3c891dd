//! Our announcements: recorded by `prompts/make.sh`, held as samples, sent as G.711.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use crate::{FRAME, RATE, g711::Law, wav};

/// Something that can be played towards a leg: one channel of 16-bit samples at 8 kHz. Cloning shares the samples.
#[derive(Debug, Clone)]
pub struct Prompt {
    samples: Arc<[i16]>,
}

macro_rules! announcement {
    ($name:ident, $file:literal, $what:literal) => {
        #[doc = $what]
        pub fn $name() -> Prompt {
            static PROMPT: LazyLock<Prompt> =
                LazyLock::new(|| Prompt::of_file(include_bytes!(concat!("../prompts/", $file, ".wav"))));
            PROMPT.clone()
        }
    };
}

announcement!(unavailable, "unavailable", "“The person you are calling is not available.”");
announcement!(not_in_service, "not-in-service", "“The number you dialled is not in service.”");
announcement!(
    emergency_unavailable,
    "emergency-unavailable",
    "“This system can not yet connect emergency calls. Please hang up and dial from another phone.”"
);

impl Prompt {
    pub fn new(samples: impl Into<Arc<[i16]>>) -> Self {
        Self { samples: samples.into() }
    }

    /// One of our own files; a test reads each, so that a damaged one is found before it is shipped.
    pub(crate) fn of_file(bytes: &[u8]) -> Self {
        Self::new(wav::read(bytes).map(|wav| wav.samples).unwrap_or_default())
    }

    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    pub fn duration(&self) -> Duration {
        let samples = u64::try_from(self.samples.len()).unwrap_or(u64::MAX);
        Duration::from_millis(samples.saturating_mul(1000) / u64::from(RATE))
    }

    /// How many packets of 20 ms it takes.
    pub fn frames(&self) -> usize {
        self.samples.len().div_ceil(FRAME)
    }

    /// The payload of one packet; the last is filled up with silence. `None` past the end.
    pub fn frame(&self, index: usize, law: Law) -> Option<[u8; FRAME]> {
        let samples = self.samples.chunks(FRAME).nth(index)?;
        let mut payload = [law.encode(0); FRAME];
        for (byte, &sample) in payload.iter_mut().zip(samples) {
            *byte = law.encode(sample);
        }
        Some(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_announcement_is_a_few_seconds_of_speech() {
        for prompt in [unavailable(), not_in_service(), emergency_unavailable()] {
            let seconds = prompt.duration().as_secs_f64();
            assert!((1.5..10.0).contains(&seconds), "{seconds} s");
            let loudest = prompt.samples().iter().map(|sample| sample.unsigned_abs()).max();
            assert!(loudest > Some(10_000));
        }
    }

    #[test]
    fn every_announcement_has_the_rate_of_a_telephone() {
        for file in [
            &include_bytes!("../prompts/unavailable.wav")[..],
            include_bytes!("../prompts/not-in-service.wav"),
            include_bytes!("../prompts/emergency-unavailable.wav"),
        ] {
            let wav = wav::read(file).unwrap();
            assert_eq!((wav.rate, wav.channels), (RATE, 1));
        }
    }

    #[test]
    fn the_last_frame_is_filled_with_silence() {
        let prompt = Prompt::new(vec![1000; FRAME + 1]);
        assert_eq!(prompt.frames(), 2);
        let last = prompt.frame(1, Law::A).unwrap();
        assert_eq!((last[0], last[1]), (Law::A.encode(1000), Law::A.encode(0)));
        assert!(prompt.frame(2, Law::A).is_none());
    }
}
