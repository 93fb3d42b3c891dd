//! What can be played: our phrases, and recordings that take their place in another language or voice.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use thiserror::Error;

use crate::{RATE, phrase::Phrase, wav};

/// The language of our own phrases.
pub const ENGLISH: &str = "en";

/// A phrase of another language is not longer: two minutes.
const LONGEST_FILE: u64 = 2 * 120 * RATE as u64 + 1024;

/// Something that can be played towards a leg: one channel of 16-bit samples at 8 kHz. Cloning shares the samples.
#[derive(Debug, Clone)]
pub struct Prompt {
    samples: Arc<[i16]>,
}

impl Prompt {
    pub fn new(samples: impl Into<Arc<[i16]>>) -> Self {
        Self { samples: samples.into() }
    }

    /// A recording, a greeting for instance: WAV, 8 kHz, one channel, of 16-bit samples or G.711.
    pub fn of_wav(file: &[u8]) -> Result<Self, PromptError> {
        let wav = wav::read(file).map_err(|_| PromptError::Kind)?;
        if (wav.rate, wav.channels) != (RATE, 1) {
            return Err(PromptError::Kind);
        }
        Ok(Self::new(wav.samples))
    }

    /// One of our own files; a test reads each, so that a damaged one is found before it is shipped.
    pub(crate) fn of_file(file: &[u8]) -> Self {
        Self::of_wav(file).unwrap_or_else(|_| Self::new([]))
    }

    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    pub fn duration(&self) -> Duration {
        let samples = u64::try_from(self.samples.len()).unwrap_or(u64::MAX);
        Duration::from_millis(samples.saturating_mul(1000) / u64::from(RATE))
    }
}

#[derive(Debug, Error)]
pub enum PromptError {
    #[error("a phrase is a WAV file with one channel of 8,000 samples a second, of 16 bits or G.711")]
    Kind,
    #[error("{} has no phrase's name, which is one of prompts/en.tsv", .0.display())]
    Name(PathBuf),
    #[error("{} is no phrase: save it as WAV with one channel of 8,000 samples a second, of 16 bits or G.711, up to two minutes", .0.display())]
    File(PathBuf),
    #[error("{} can not be read", .0.display())]
    Folder(PathBuf, #[source] io::Error),
}

/// “The person you are calling is not available.”
pub fn unavailable() -> Prompt {
    Phrase::Unavailable.prompt()
}

/// “The number you dialled is not in service.”
pub fn not_in_service() -> Prompt {
    Phrase::NotInService.prompt()
}

/// “This system can not yet connect emergency calls. Please hang up and dial from another phone.”
pub fn emergency_unavailable() -> Prompt {
    Phrase::EmergencyUnavailable.prompt()
}

/// Phrases by language. What a language lacks is said in English.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    languages: HashMap<String, HashMap<Phrase, Prompt>>,
}

impl Prompts {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the phrases of a folder for a language, which may be English. How many there were.
    pub fn add(&mut self, language: &str, folder: &Path) -> Result<usize, PromptError> {
        let unread = |error| PromptError::Folder(folder.to_path_buf(), error);
        let mut found = HashMap::new();
        for entry in std::fs::read_dir(folder).map_err(unread)? {
            let path = entry.map_err(unread)?.path();
            if path.extension().is_none_or(|extension| extension != "wav") {
                continue;
            }
            let phrase = phrase_of(&path).ok_or_else(|| PromptError::Name(path.clone()))?;
            found.insert(phrase, read(&path)?);
        }
        let count = found.len();
        self.languages.entry(language.into()).or_default().extend(found);
        Ok(count)
    }

    pub fn get(&self, language: &str, phrase: Phrase) -> Prompt {
        let own = self.languages.get(language).and_then(|language| language.get(&phrase));
        let other = || self.languages.get(ENGLISH)?.get(&phrase);
        own.or_else(other).cloned().unwrap_or_else(|| phrase.prompt())
    }
}

fn phrase_of(path: &Path) -> Option<Phrase> {
    let name = path.file_stem()?.to_str()?;
    Phrase::ALL.iter().copied().find(|phrase| phrase.name() == name)
}

fn read(path: &Path) -> Result<Prompt, PromptError> {
    let unread = |error| PromptError::Folder(path.to_path_buf(), error);
    if std::fs::metadata(path).map_err(unread)?.len() > LONGEST_FILE {
        return Err(PromptError::File(path.to_path_buf()));
    }
    let file = std::fs::read(path).map_err(unread)?;
    Prompt::of_wav(&file).map_err(|_| PromptError::File(path.to_path_buf()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wav::Wav;

    #[test]
    fn a_folder_takes_the_place_of_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let file = wav::write(&Wav { rate: RATE, channels: 1, samples: vec![77; 80] }).unwrap();
        std::fs::write(folder.path().join("goodbye.wav"), &file).unwrap();
        std::fs::write(folder.path().join("README"), "not a phrase").unwrap();
        let mut prompts = Prompts::new();
        assert_eq!(prompts.add("de", folder.path()).unwrap(), 1);
        assert_eq!(prompts.get("de", Phrase::Goodbye).samples(), [77; 80]);
        assert!(prompts.get("en", Phrase::Goodbye).samples().len() > 1000);
        assert!(prompts.get("de", Phrase::Received).samples().len() > 1000);
    }

    #[test]
    fn files_that_are_no_phrases_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut prompts = Prompts::new();
        std::fs::write(folder.path().join("goodbye.wav"), b"RIFF").unwrap();
        assert!(matches!(prompts.add("de", folder.path()), Err(PromptError::File(_))));
        std::fs::rename(folder.path().join("goodbye.wav"), folder.path().join("good-bye.wav")).unwrap();
        assert!(prompts.add("de", folder.path()).unwrap_err().to_string().contains("good-bye.wav"));
        assert!(matches!(prompts.add("de", Path::new("/nowhere")), Err(PromptError::Folder(..))));
    }
}
