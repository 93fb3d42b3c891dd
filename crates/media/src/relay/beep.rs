//! The short beep by which both legs know that they are recorded: laid over what is said, where that is G.711.

use std::sync::LazyLock;

use crate::{RATE, g711::Law, playlist::Playlist, prompt::Prompt, tone};

/// 1,400 Hz for a fifth of a second, quieter than speech.
static SOUND: LazyLock<Prompt> = LazyLock::new(|| Prompt::new(tone::generate(&[1400.0], 0.1, RATE as usize / 5, RATE)));

/// How much of it was heard, in samples.
#[derive(Debug, Default)]
pub(super) struct Beep {
    offset: usize,
}

/// As something to be played, for codecs that it can not be laid into.
pub(super) fn playlist() -> Playlist {
    SOUND.clone().into()
}

impl Beep {
    /// Lays it over a payload; whether there is more to come.
    pub(super) fn mix(&mut self, payload: &mut [u8], law: Law) -> bool {
        let rest = SOUND.samples().get(self.offset..).unwrap_or_default();
        for (byte, &sample) in payload.iter_mut().zip(rest) {
            *byte = law.encode(law.decode(*byte).saturating_add(sample));
        }
        self.offset += payload.len();
        self.offset < SOUND.samples().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_heard_over_speech_and_ends() {
        let speech = tone::generate(&[300.0], 0.1, 160, RATE);
        let mut beep = Beep::default();
        let mut heard: Vec<i16> = Vec::new();
        let mut packets = 0;
        loop {
            let mut payload: Vec<u8> = speech.iter().map(|&sample| Law::Mu.encode(sample)).collect();
            let goes_on = beep.mix(&mut payload, Law::Mu);
            heard.extend(payload.iter().map(|&byte| Law::Mu.decode(byte)));
            packets += 1;
            if !goes_on {
                break;
            }
        }
        assert_eq!(packets, 10);
        assert!(tone::share_at(&heard, 1400.0, RATE) > 0.3 && tone::share_at(&heard, 300.0, RATE) > 0.3);
    }
}
