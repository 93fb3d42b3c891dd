//! Voicemail and recordings as files: in the storage under the hash of their content, so that the same sound lies there once
//! and a file that was told of twice is one.

use std::path::{Path, PathBuf};

use object_store::{ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};

use crate::{Service, ServiceError};

/// A file in the storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256 of the content, in hex: its name.
    pub audio: String,
    pub bytes: u64,
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
