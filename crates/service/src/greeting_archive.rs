//! Greetings of many users in one archive: read file by file in the background, shown as a plan, applied as one change.
//!
//! The archive is hostile until proven otherwise: how many files it has, what they claim, what they unpack to and how long
//! reading takes are bounded, and no file is kept but the sound that was made of it.

use std::io::{Cursor, Read};
use std::sync::Arc;

use lineside_model::change::ChangeRequest;
use lineside_model::greeting_archive::{
    ARCHIVE_MAX, ArchiveState, ArchivedFile, FILES_MAX, FileEffect, GreetingArchive, READING, SILENCE, UNPACKED_MAX,
    username_of,
};
use lineside_model::id::{ArchiveId, ChangeId};
use lineside_model::journal::Scope;
use lineside_model::plan::Plan;
use object_store::{ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::greeting::{UPLOAD_MAX, audio_path, tidy};
use crate::live::News;
use crate::{Caller, Outcome, Service, ServiceError};

/// How many archives the history shows.
const SHOWN: i64 = 50;
/// Files between two words of how far it is.
const PROGRESS: usize = 10;

/// What one file came to.
enum Heard {
    Sound { wav: Vec<u8>, duration_ms: u32 },
    Refused(String),
}

impl Service {
    /// Takes an archive in and begins to read it. The same identifier twice is one archive.
    pub async fn upload_greeting_archive(
        &self,
        caller: &Caller,
        id: ArchiveId,
        file_name: &str,
        file: Vec<u8>,
    ) -> Result<GreetingArchive, ServiceError> {
        let scope = caller.scope()?;
        if let Some(archive) = self.store().greeting_archive(&scope, id).await? {
            return Ok(archive);
        }
        if file.len() > ARCHIVE_MAX {
            let message = format!("this archive is larger than {} MB; split it", ARCHIVE_MAX >> 20);
            return Err(ServiceError::field("file", message));
        }
        let file_hash = hex::encode(Sha256::digest(&file));
        let file = Arc::new(file);
        let directory = file.clone();
        let listed = tokio::task::spawn_blocking(move || list(&directory));
        let parts = listed.await.map_err(|_| ServiceError::Stopped)?.map_err(|why| ServiceError::field("file", why))?;
        let now = self.now();
        let archive = GreetingArchive {
            id,
            account_id: scope.account_id,
            version: 1,
            created_at: now,
            seen_at: now,
            state: ArchiveState::Reading,
            owner: caller.name().to_owned(),
            file_name: tidy(file_name, "greetings.zip"),
            file_hash,
            total: parts.len(),
            files: Vec::new(),
            finished_at: None,
            trouble: None,
        };
        self.store().add_greeting_archive(&scope, &archive).await?;
        let (service, reading) = (self.clone(), archive.clone());
        tokio::spawn(async move {
            let mut archive = reading;
            if let Err(error) = service.read_archive(&scope, &mut archive, &file, parts).await {
                tracing::error!(%error, archive = %archive.id, "an archive of greetings was not read");
                archive.state = ArchiveState::Failed;
                archive.trouble = Some("Reading it broke off; the log says why. Upload it again.".to_owned());
                let _ = service.save_archive(&scope, &mut archive).await;
            }
        });
        Ok(archive)
    }

    pub async fn greeting_archive(&self, caller: &Caller, id: ArchiveId) -> Result<GreetingArchive, ServiceError> {
        let scope = caller.scope()?;
        let archive = self.store().greeting_archive(&scope, id).await?.ok_or(ServiceError::NotFound)?;
        self.settle_archive(&scope, archive).await
    }

    /// The newest first.
    pub async fn greeting_archives(&self, caller: &Caller) -> Result<Vec<GreetingArchive>, ServiceError> {
        let scope = caller.scope()?;
        let mut archives = Vec::new();
        for archive in self.store().greeting_archives(&scope, SHOWN).await? {
            archives.push(self.settle_archive(&scope, archive).await?);
        }
        Ok(archives)
    }

    /// Begins to set all greetings that the plan has, as one change under the archive's identifier; the archive says how it
    /// ends.
    pub async fn apply_greeting_archive(
        &self,
        caller: &Caller,
        id: ArchiveId,
    ) -> Result<GreetingArchive, ServiceError> {
        let scope = caller.scope()?;
        let mut archive = self.greeting_archive(caller, id).await?;
        if matches!(archive.state, ArchiveState::Done | ArchiveState::Applying) {
            return Ok(archive);
        }
        let Some(change) = archive.change().filter(|_| archive.can_be_applied()) else {
            return Err(ServiceError::field("archive", "there is nothing to apply: no file sets anybody's greeting"));
        };
        let request = ChangeRequest { id: archive.change_id(), change };
        // Before anybody can read that it is being applied, and wonder by whom.
        if !self.inner.applying.insert(request.id) {
            return Ok(archive);
        }
        (archive.state, archive.trouble) = (ArchiveState::Applying, None);
        if let Err(error) = self.save_archive(&scope, &mut archive).await {
            self.inner.applying.remove(request.id);
            return Err(error);
        }
        let (service, caller, begun) = (self.clone(), caller.clone(), archive.clone());
        tokio::spawn(async move {
            let mut archive = begun;
            if let Err(error) = service.set_greetings(&caller, &scope, &mut archive, &request).await {
                tracing::error!(%error, archive = %archive.id, "an archive of greetings was not applied");
                let trouble = "It was not applied, and nothing was changed: an error that is in the log. Try again.";
                (archive.state, archive.trouble) = (ArchiveState::Planned, Some(trouble.to_owned()));
            }
            let _ = service.save_archive(&scope, &mut archive).await;
            service.inner.applying.remove(request.id);
        });
        Ok(archive)
    }

    /// Waits until this program no longer applies the archive.
    pub async fn greeting_archive_ended(&self, id: ArchiveId) {
        self.inner.applying.ended(ChangeId(id.0)).await;
    }

    async fn set_greetings(
        &self,
        caller: &Caller,
        scope: &Scope,
        archive: &mut GreetingArchive,
        request: &ChangeRequest,
    ) -> Result<(), ServiceError> {
        match self.apply(caller, request, None).await {
            Ok(Outcome::Done { .. } | Outcome::Before) => {
                (archive.state, archive.finished_at) = (ArchiveState::Done, Some(self.now()));
            }
            // Somebody left meanwhile: the plan as it is now says who.
            Ok(Outcome::Blocked(_) | Outcome::Moved(_)) | Err(ServiceError::NotFound) => {
                self.match_archive(scope, archive).await?;
                let trouble = "Users changed meanwhile, so nothing was applied. This is the plan as it is now.";
                (archive.state, archive.trouble) = (ArchiveState::Planned, Some(trouble.to_owned()));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// As `?plan=true` shows it.
    pub async fn plan_greeting_archive(
        &self,
        caller: &Caller,
        archive: &GreetingArchive,
    ) -> Result<Plan, ServiceError> {
        let change = archive.change().ok_or(ServiceError::NotFound)?;
        self.plan(caller, &ChangeRequest { id: archive.change_id(), change }).await
    }

    async fn read_archive(
        &self,
        scope: &Scope,
        archive: &mut GreetingArchive,
        file: &Arc<Vec<u8>>,
        parts: Vec<(usize, String)>,
    ) -> Result<(), ServiceError> {
        let (begun, mut unpacked) = (self.now(), 0_u64);
        for (at, (index, name)) in parts.into_iter().enumerate() {
            let heard = if self.now() - begun > READING {
                Heard::Refused("reading the archive took too long to come to this file; split it".to_owned())
            } else if username_of(&name).is_none() {
                Heard::Refused("name the file by the username that it is for, such as ana.duarte.wav".to_owned())
            } else {
                let (bytes, left) = (file.clone(), UNPACKED_MAX.saturating_sub(unpacked));
                let heard = tokio::task::spawn_blocking(move || hear(&bytes, index, left));
                let (heard, size) = heard.await.map_err(|_| ServiceError::Stopped)?;
                unpacked = unpacked.saturating_add(size);
                heard
            };
            archive.files.push(self.keep_heard(name, heard).await?);
            if at % PROGRESS == PROGRESS - 1 {
                self.save_archive(scope, archive).await?;
            }
        }
        self.match_archive(scope, archive).await?;
        archive.state = ArchiveState::Planned;
        self.save_archive(scope, archive).await
    }

    async fn keep_heard(&self, name: String, heard: Heard) -> Result<ArchivedFile, ServiceError> {
        let file = ArchivedFile {
            name,
            effect: FileEffect::Refused,
            user_id: None,
            user: String::new(),
            duration_ms: 0,
            audio: None,
            why: None,
        };
        Ok(match heard {
            Heard::Refused(why) => ArchivedFile { why: Some(why), ..file },
            Heard::Sound { wav, duration_ms } => {
                let audio = hex::encode(Sha256::digest(&wav));
                self.inner.files.put(&audio_path(&audio), PutPayload::from(wav)).await?;
                ArchivedFile { effect: FileEffect::Unknown, duration_ms, audio: Some(audio), ..file }
            }
        })
    }

    async fn match_archive(&self, scope: &Scope, archive: &mut GreetingArchive) -> Result<(), ServiceError> {
        let usernames = archive.files.iter().filter_map(|file| username_of(&file.name)).collect();
        let facts = self.store().facts_of_usernames(scope, usernames).await?;
        archive.match_users(&facts);
        Ok(())
    }

    async fn save_archive(&self, scope: &Scope, archive: &mut GreetingArchive) -> Result<(), ServiceError> {
        archive.seen_at = self.now();
        if !self.store().save_greeting_archive(scope, archive).await? {
            let message = "somebody else went on with this archive meanwhile; look at it as it is now";
            return Err(ServiceError::field("archive", message));
        }
        self.inner.live.tell(News { account_id: scope.account_id, users: Vec::new(), account: true, calls: false });
        Ok(())
    }

    /// One that nobody reads or applies any more: of the latter the journal knows whether all of it was applied.
    async fn settle_archive(
        &self,
        scope: &Scope,
        mut archive: GreetingArchive,
    ) -> Result<GreetingArchive, ServiceError> {
        if archive.state == ArchiveState::Reading && self.now() > archive.seen_at + SILENCE {
            archive.state = ArchiveState::Failed;
            archive.trouble = Some("Lineside stopped while it was read. Upload it again.".to_owned());
            self.save_archive(scope, &mut archive).await?;
        }
        let id = archive.change_id();
        if archive.state == ArchiveState::Applying && !self.may_be_applying(id, Some(archive.seen_at)) {
            if self.store().was_applied(id).await? {
                (archive.state, archive.finished_at) = (ArchiveState::Done, Some(self.now()));
            } else {
                let trouble = "Lineside stopped while this was being applied. Nothing was changed; apply it again.";
                (archive.state, archive.trouble) = (ArchiveState::Planned, Some(trouble.to_owned()));
            }
            self.save_archive(scope, &mut archive).await?;
        }
        Ok(archive)
    }
}

/// The files of an archive that may be greetings: where they are, and what they are called.
fn list(file: &[u8]) -> Result<Vec<(usize, String)>, String> {
    let unreadable = "this is no ZIP archive that can be read; make it anew from WAV, MP3, Ogg or M4A files";
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(|_| unreadable.to_owned())?;
    if archive.len() > 2 * FILES_MAX {
        return Err(format!("this archive has more than {FILES_MAX} files; split it"));
    }
    let (mut parts, mut claimed) = (Vec::new(), 0_u64);
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(|_| unreadable.to_owned())?;
        let path = part.name().map_err(|_| unreadable.to_owned())?.into_owned();
        claimed = claimed.saturating_add(part.size());
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        // Folders, and what macOS adds to archives.
        if name.is_empty() || name.starts_with('.') || path.starts_with("__MACOSX/") {
            continue;
        }
        parts.push((at, tidy(name, "greeting")));
    }
    match parts.len() {
        0 => Err("this archive holds no file; put one sound for each user into it".to_owned()),
        many if many > FILES_MAX => Err(format!("this archive has more than {FILES_MAX} files; split it")),
        _ if claimed > UNPACKED_MAX => {
            Err(format!("unpacked, this archive is larger than {} MB; split it", UNPACKED_MAX >> 20))
        }
        _ => Ok(parts),
    }
}

/// One file as a greeting, and how much it unpacked to. Whatever it claims, no more is read than a greeting may have.
fn hear(file: &[u8], index: usize, left: u64) -> (Heard, u64) {
    let refused = |why: &str, size| (Heard::Refused(why.to_owned()), size);
    let Ok(mut archive) = ZipArchive::new(Cursor::new(file)) else { return refused("it can't be unpacked", 0) };
    let Ok(mut part) = archive.by_index(index) else {
        return refused("it can't be unpacked; is it encrypted, or packed in another way than deflate?", 0);
    };
    let most = u64::try_from(UPLOAD_MAX).unwrap_or(u64::MAX).min(left);
    let mut bytes = Vec::new();
    if part.by_ref().take(most + 1).read_to_end(&mut bytes).is_err() {
        return refused("it is damaged; make the archive anew", most);
    }
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > left {
        return refused("unpacked, the archive is larger than it may be; split it", size);
    }
    match lineside_media::greeting::normalise(&bytes) {
        Ok(greeting) => (Heard::Sound { wav: greeting.wav, duration_ms: greeting.duration_ms }, size),
        Err(error) => (Heard::Refused(error.to_string()), size),
    }
}
