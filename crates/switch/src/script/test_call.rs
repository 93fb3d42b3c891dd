//! `*44`: the caller says something after the tone, hears it again, and is told whether sound gets lost on the way.

use std::{path::PathBuf, time::Duration};

use lineside_media::phrase::Phrase;

use super::{Does, Heard, Measured, Recorded, Recording, Script, Sound};

const LONGEST: Duration = Duration::from_secs(10);
/// Less than this is a breath, or noise.
const HEARD: Duration = Duration::from_millis(300);

#[derive(Default)]
pub(crate) struct TestCall {
    stage: Stage,
    recorded: Option<PathBuf>,
    heard: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Explaining,
    Recording,
    Measuring,
    Repeating,
}

impl TestCall {
    /// What was said, and what became of it on the way.
    fn repeat(&mut self, measured: Measured) -> Vec<Does> {
        self.stage = Stage::Repeating;
        let mut sounds = Vec::new();
        match &self.recorded {
            Some(path) if self.heard => {
                sounds.extend([Sound::Phrase(Phrase::ThisIsWhatWeHeard), Sound::File(path.clone())]);
            }
            _ => sounds.push(Sound::Phrase(Phrase::NothingHeard)),
        }
        let sent = measured.packets + measured.lost;
        let percent = (measured.lost * 100).checked_div(sent).unwrap_or(0);
        if percent > 0 {
            let percent = u32::try_from(percent).unwrap_or(100);
            sounds.extend([Sound::Phrase(Phrase::SoundIsLost), Sound::Number(percent), Sound::Phrase(Phrase::Percent)]);
        } else if self.heard {
            sounds.push(Sound::Phrase(Phrase::NoSoundIsLost));
        }
        sounds.push(Sound::Phrase(Phrase::Goodbye));
        vec![Does::Report(self.recorded.clone(), self.heard), Does::Play(sounds)]
    }

    fn recorded(&mut self, recorded: Recorded) -> Vec<Does> {
        self.stage = Stage::Measuring;
        self.heard = recorded.voiced >= HEARD;
        self.recorded = Some(recorded.path);
        vec![Does::Measure]
    }
}

impl Script for TestCall {
    fn hear(&mut self, heard: Heard) -> Vec<Does> {
        match (&self.stage, heard) {
            (Stage::Explaining, Heard::Started) => {
                vec![Does::Play(vec![Sound::Phrase(Phrase::TestCall), Sound::Beep])]
            }
            (Stage::Explaining, Heard::Played) => {
                self.stage = Stage::Recording;
                vec![Does::Record { what: Recording::Draft, longest: LONGEST, until_silence: None }]
            }
            (Stage::Recording, Heard::Digit(_)) => vec![Does::StopRecording],
            (Stage::Recording, Heard::Recorded(recorded)) => self.recorded(recorded),
            (Stage::Measuring, Heard::Measured(measured)) => self.repeat(measured),
            (Stage::Repeating, Heard::Played) => vec![Does::HangUp],
            _ => Vec::new(),
        }
    }
}
