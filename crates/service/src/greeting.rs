//! Greetings: an upload becomes audio that can be played to callers.

use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::{ChangeId, UserId};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};

use crate::{Caller, Service, ServiceError};

/// The longest file that is taken in.
pub const UPLOAD_MAX: usize = lineside_media::greeting::MAX_BYTES;

impl Service {
    /// Converts the upload and stores the audio under its hash; the change that is returned sets it as the greeting. Audio
    /// whose change is never applied is a file that nothing points to, and harmless.
    pub async fn prepare_greeting(
        &self,
        caller: &Caller,
        id: ChangeId,
        user_id: UserId,
        file_name: &str,
        upload: Vec<u8>,
    ) -> Result<ChangeRequest, ServiceError> {
        let scope = caller.scope_of_user(user_id)?;
        self.store().user(&scope, user_id, self.now()).await?.ok_or(ServiceError::NotFound)?;
        Ok(ChangeRequest { id, change: self.greeting_change(user_id, file_name, upload).await? })
    }

    pub(crate) async fn greeting_change(
        &self,
        user_id: UserId,
        file_name: &str,
        upload: Vec<u8>,
    ) -> Result<Change, ServiceError> {
        let greeting = tokio::task::spawn_blocking(move || lineside_media::greeting::normalise(&upload))
            .await
            .map_err(|_| ServiceError::field("greeting", "this file can't be read; save it as WAV or MP3"))?
            .map_err(|error| ServiceError::field("greeting", error))?;
        let audio = hex::encode(Sha256::digest(&greeting.wav));
        self.inner.files.put(&audio_path(&audio), PutPayload::from(greeting.wav)).await?;
        let file_name = tidy(file_name, "greeting");
        Ok(Change::SetGreeting { user_id, file_name, duration_ms: greeting.duration_ms, audio })
    }

    /// Removes a file that no greeting has any more. What fails here is a file too many, and logged.
    pub(crate) async fn drop_greeting(&self, audio: &str) {
        let dropped = async {
            if !self.store().greeting_used(audio).await? {
                self.inner.files.delete(&audio_path(audio)).await?;
            }
            Ok::<_, ServiceError>(())
        };
        if let Err(error) = dropped.await {
            tracing::warn!(%audio, %error, "a greeting that nobody needs could not be removed");
        }
    }

    /// The user's greeting as WAV.
    pub async fn greeting_audio(&self, caller: &Caller, user_id: UserId) -> Result<Vec<u8>, ServiceError> {
        let scope = caller.scope_of_user(user_id)?;
        let user = self.store().user(&scope, user_id, self.now()).await?.ok_or(ServiceError::NotFound)?;
        let greeting = user.greeting.ok_or(ServiceError::NotFound)?;
        let audio = self.inner.files.get(&audio_path(&greeting.audio)).await?;
        Ok(audio.bytes().await?.to_vec())
    }
}

pub(crate) fn audio_path(audio: &str) -> Path {
    Path::from(format!("greetings/{audio}.wav"))
}

/// The last part of the name, printable, short enough for a list.
pub(crate) fn tidy(file_name: &str, otherwise: &str) -> String {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(100).collect();
    if name.trim().is_empty() { otherwise.to_owned() } else { name }
}
