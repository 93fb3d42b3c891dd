//! Voicemail and recordings as files: in the storage under the hash of their content, so that the same sound lies there once
//! and a file that was told of twice is one.

use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};

use crate::{Service, ServiceError};

/// A file in the storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256 of the content, in hex: its name.
    pub audio: String,
    pub bytes: u64,
}

/// What is asked of a file: all of it, or some of its bytes, as a player asks that seeks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Whole,
    Bytes(Range<u64>),
    /// It begins behind the end.
    Beyond,
}

impl Part {
    /// As the words of the header `Range` say it (RFC 9110 section 14.2). What can't be read, and several ranges at once, count
    /// as no wish, as the section allows.
    pub fn of(range: Option<&str>, size: u64) -> Self {
        let Some((first, last)) = range.and_then(ends) else { return Self::Whole };
        let (from, until) = match (first, last) {
            (Some(first), Some(last)) if first > last => return Self::Whole,
            (Some(first), Some(last)) => (first, last.saturating_add(1).min(size)),
            (Some(first), None) => (first, size),
            (None, Some(count)) => (size.saturating_sub(count), size),
            (None, None) => return Self::Whole,
        };
        if from < until { Self::Bytes(from..until) } else { Self::Beyond }
    }
}

/// The numbers before and behind the hyphen of `bytes=0-499`.
fn ends(range: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, range) = range.split_once('=')?;
    let (first, last) = range.split_once('-')?;
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        digits => digits.bytes().all(|b| b.is_ascii_digit()).then(|| Some(digits.parse().unwrap_or(u64::MAX))),
    };
    unit.trim().eq_ignore_ascii_case("bytes").then_some((number(first)?, number(last)?))
}

/// A sound file on its way, whole or in part: a recording of hours is never in memory at once.
pub struct Sound {
    /// Of the whole file, in bytes.
    pub size: u64,
    pub part: Part,
    pub bytes: BoxStream<'static, Result<Bytes, ServiceError>>,
}

pub(crate) fn path(audio: &str) -> object_store::path::Path {
    object_store::path::Path::from(format!("audio/{audio}.wav"))
}

impl Service {
    /// Puts the switch's file into the storage; it is safe there when this returns.
    pub(crate) async fn store_file(&self, file: &Path) -> Result<Stored, ServiceError> {
        let wav = tokio::fs::read(file).await.map_err(|error| ServiceError::Audio(error.to_string()))?;
        self.store_audio(wav).await
    }

    pub(crate) async fn store_audio(&self, wav: Vec<u8>) -> Result<Stored, ServiceError> {
        let audio = hex::encode(Sha256::digest(&wav));
        let bytes = u64::try_from(wav.len()).unwrap_or(u64::MAX);
        self.inner.files.put(&path(&audio), PutPayload::from(wav)).await?;
        Ok(Stored { audio, bytes })
    }

    pub(crate) async fn load_audio(&self, audio: &str) -> Result<Vec<u8>, ServiceError> {
        Ok(self.inner.files.get(&path(audio)).await?.bytes().await?.to_vec())
    }

    /// `size` is known with what it is a sound of, so that the file itself need not be asked.
    pub(crate) async fn sound(&self, audio: &str, size: u64, range: Option<&str>) -> Result<Sound, ServiceError> {
        let part = Part::of(range, size);
        let wanted = match &part {
            Part::Beyond => return Ok(Sound { size, part, bytes: stream::empty().boxed() }),
            Part::Whole => None,
            Part::Bytes(bytes) => Some(GetRange::Bounded(bytes.clone())),
        };
        let options = GetOptions { range: wanted, ..GetOptions::default() };
        let found = self.inner.files.get_opts(&path(audio), options).await?;
        Ok(Sound { size, part, bytes: found.into_stream().map_err(ServiceError::from).boxed() })
    }

    /// A copy on this machine, for the switch to play. Named by its content, so it is made once.
    pub(crate) async fn local_copy(&self, from: &object_store::path::Path) -> Result<PathBuf, ServiceError> {
        let failed = |error: std::io::Error| ServiceError::Audio(error.to_string());
        let folder = &self.settings().audio_cache;
        let copy = folder.join(from.filename().unwrap_or("audio.wav"));
        if tokio::fs::try_exists(&copy).await.map_err(failed)? {
            return Ok(copy);
        }
        let wav = self.inner.files.get(from).await?.bytes().await?;
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        // Whoever plays it sees all of it or nothing.
        let part = folder.join(format!("{}.part", self.new_uuid()));
        tokio::fs::write(&part, &wav).await.map_err(failed)?;
        tokio::fs::rename(&part, &copy).await.map_err(failed)?;
        Ok(copy)
    }

    /// Removes files that no message and no recording has any more. What fails here is a file too many, and logged.
    pub(crate) async fn drop_audio(&self, audio: Vec<String>) {
        for audio in audio {
            let dropped = async {
                if !self.store().audio_used(&audio).await? {
                    self.inner.files.delete(&path(&audio)).await?;
                    let _ = tokio::fs::remove_file(self.settings().audio_cache.join(format!("{audio}.wav"))).await;
                }
                Ok::<_, ServiceError>(())
            };
            if let Err(error) = dropped.await {
                tracing::warn!(%audio, %error, "a sound file that nobody needs could not be removed");
            }
        }
    }
}

/// How loud the sound is over its length, in so many steps of 0 to 100: what a player draws. Nothing for what is no 16-bit
/// WAV; each of its channels counts.
pub fn peaks(wav: &[u8], steps: usize) -> Vec<u8> {
    let Some(samples) = samples(wav) else { return Vec::new() };
    let count = samples.len() / 2;
    if count == 0 || steps == 0 {
        return Vec::new();
    }
    let loudest = |step: usize| {
        let (from, until) = (step * count / steps, ((step + 1) * count / steps).max(step * count / steps + 1));
        let part = samples.get(from * 2..(until * 2).min(samples.len())).unwrap_or_default();
        let peak = part.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair).unsigned_abs()).max();
        u8::try_from(u32::from(peak.unwrap_or_default()) * 100 / 32_768).unwrap_or(100)
    };
    (0..steps).map(loudest).collect()
}

/// The bytes of the chunk `data` (RIFF); one that a crash left without a length runs to the end.
fn samples(wav: &[u8]) -> Option<&[u8]> {
    let mut rest = wav.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    loop {
        let (name, after) = rest.split_at_checked(4)?;
        let (length, body) = after.split_at_checked(4)?;
        let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
        if name == b"data" {
            return Some(body.get(..length).unwrap_or(body));
        }
        rest = body.get(length + length % 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_some_of_the_bytes_and_what_is_none_is_passed_over() {
        for (range, part) in [
            ("bytes=0-", Part::Bytes(0..100)),
            ("bytes=10-19", Part::Bytes(10..20)),
            ("Bytes = 90-200", Part::Bytes(90..100)),
            ("bytes=-20", Part::Bytes(80..100)),
            ("bytes=-2000", Part::Bytes(0..100)),
            ("bytes=100-", Part::Beyond),
            ("bytes=99999999999999999999999-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=20-10", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("lines=1-2", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(Part::of(Some(range), 100), part, "{range}");
        }
        assert_eq!(Part::of(None, 100), Part::Whole);
        assert_eq!(Part::of(Some("bytes=0-"), 0), Part::Beyond);
    }

    #[test]
    fn peaks_follow_the_sound_and_other_bytes_have_none() {
        let mut wav = b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0ab".to_vec();
        wav.extend(b"data\x08\0\0\0");
        for sample in [0_i16, 0, 16_384, -32_768] {
            wav.extend(sample.to_le_bytes());
        }
        assert_eq!(peaks(&wav, 2), [0, 100]);
        assert_eq!(peaks(&wav, 4), [0, 0, 50, 100]);
        for bytes in [&b""[..], b"RIFF", b"RIFF\0\0\0\0WAVEdata", b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff", b"ID3"] {
            assert!(peaks(bytes, 10).is_empty());
        }
    }
}
