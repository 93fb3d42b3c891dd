//! Recordings: taken from the switch, heard by those who may, deleted when their time is over.

use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::call_report::CallRecorded;
use lineside_model::directory::DirectoryAccount;
use lineside_model::id::{AccountId, ChangeId, RecordingId, UserId};
use lineside_model::journal::{Actor, Scope};
use lineside_model::recording::{Recording, RecordingChoice, RecordingMode};

use crate::audio::{Part, Sound};
use crate::{Caller, Service, ServiceError};

/// Recordings deleted at once, and calls forgotten at once.
const BATCH: i64 = 500;
/// How often Lineside looks for what is over.
const EVERY: std::time::Duration = std::time::Duration::from_mins(15);

impl Service {
    /// `None`: nothing is recorded.
    pub async fn recording_choice(
        &self,
        caller: &Caller,
        user: UserId,
    ) -> Result<Option<RecordingChoice>, ServiceError> {
        let scope = caller.scope_of_user(user)?;
        Ok(self.store().recording_choice(&scope, user).await?)
    }

    pub async fn recording_mode(&self, caller: &Caller, user: UserId) -> Result<RecordingMode, ServiceError> {
        Ok(self.recording_choice(caller, user).await?.map(|choice| choice.mode).unwrap_or_default())
    }

    /// As WAV, whole or in part. Who heard it stands in the journal: once an hour, since a player asks for many parts.
    pub async fn recording_sound(
        &self,
        caller: &Caller,
        id: RecordingId,
        range: Option<&str>,
    ) -> Result<Sound, ServiceError> {
        let (scope, recording) = self.kept_recording(caller, id).await?;
        let sound = self.sound(recording.audio.as_deref().unwrap_or_default(), recording.bytes, range).await?;
        if sound.part != Part::Beyond {
            let (summary, user) = (format!("Listened to the recording of {}", part_of(&recording)), recording.user_id);
            let event = ChangeId(within_the_hour(self.now()));
            let event = ChangeId(event.derive(&format!("listen/{}", caller.id()), id.0));
            self.store().record_event(&scope, event, self.now(), "listen_recording", &summary, Some(user)).await?;
        }
        Ok(sound)
    }

    /// Its audio is gone then; that it was there, and who deleted it, stays.
    pub async fn delete_recording(&self, caller: &Caller, id: RecordingId) -> Result<Recording, ServiceError> {
        caller.scope()?;
        let (scope, recording) = self.kept_recording(caller, id).await?;
        let summary = format!("Deleted the recording of {}", part_of(&recording));
        let (event, user) = (self.new_change_id(), Some(recording.user_id));
        self.store().forget_recordings(&scope, event, self.now(), &[id], &summary, user).await?;
        self.drop_audio(recording.audio.clone().into_iter().collect()).await;
        Ok(recording)
    }

    /// One whose audio is still there, for whoever may hear it.
    async fn kept_recording(&self, caller: &Caller, id: RecordingId) -> Result<(Scope, Recording), ServiceError> {
        let (scope, _) = caller.own_scope()?;
        let recording = self.store().recording(&scope, id).await?.filter(|recording| recording.audio.is_some());
        let recording = recording.ok_or(ServiceError::NotFound)?;
        Ok((caller.scope_of_user(recording.user_id)?, recording))
    }

    /// From the switch. Told again after a crash, it is there once.
    pub(crate) async fn recorded(&self, recorded: &CallRecorded) -> Result<(), ServiceError> {
        let stored = self.store_file(&recorded.audio).await?;
        let part = uuid::Uuid::from_u128(u128::from(recorded.at.timestamp_micros().unsigned_abs()));
        let recording = Recording {
            id: RecordingId(ChangeId(recorded.call.0).derive("recording", part)),
            account_id: recorded.account,
            call_id: recorded.call,
            user_id: recorded.user,
            audio: Some(stored.audio),
            bytes: stored.bytes,
            duration_ms: recorded.duration_ms,
            tracks: 2,
            started_at: recorded.at,
            deleted_at: None,
        };
        self.store().save_recording(&recording).await?;
        Ok(())
    }

    /// A recording that was made by hand: the demo's.
    pub async fn keep_recording(&self, recording: Recording, wav: Vec<u8>) -> Result<(), ServiceError> {
        let stored = self.store_audio(wav).await?;
        let recording = Recording { audio: Some(stored.audio), bytes: stored.bytes, ..recording };
        self.store().save_recording(&recording).await?;
        Ok(())
    }

    /// Deletes what is over. Runs until the task is dropped.
    pub async fn run_retention(&self) {
        loop {
            if let Err(error) = self.delete_what_is_over().await {
                tracing::error!(%error, "old recordings and calls can't be deleted for now");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Recordings and calls whose days have passed, in every account.
    pub async fn delete_what_is_over(&self) -> Result<(), ServiceError> {
        let now = self.now();
        for account in self.directory_accounts().await? {
            // What goes wrong in one account keeps no other's longer than promised.
            if let Err(error) = self.delete_what_is_over_in(&account, now).await {
                tracing::error!(account = %account.account_id, %error, "old recordings and calls can't be deleted for now");
            }
        }
        self.erase_leavers().await?;
        Ok(self.store().forget_talked_before((now - TimeDelta::days(7)).date_naive()).await?)
    }

    async fn delete_what_is_over_in(&self, account: &DirectoryAccount, now: DateTime<Utc>) -> Result<(), ServiceError> {
        let keep = TimeDelta::days(account.rules.recording.keep_days.into());
        while self.delete_recordings(account.account_id, now - keep).await? > 0 {}
        let keep = TimeDelta::days(account.rules.keep_calls_days.into());
        while self.store().forget_calls(account.account_id, now - keep, BATCH).await? > 0 {}
        Ok(())
    }

    async fn delete_recordings(&self, account_id: AccountId, before: DateTime<Utc>) -> Result<usize, ServiceError> {
        let over = self.store().recordings_before(account_id, before, BATCH).await?;
        self.forget_recordings(account_id, over, "their time was over").await
    }

    /// With proof in the journal, then the files.
    pub(crate) async fn forget_recordings(
        &self,
        account_id: AccountId,
        over: Vec<Recording>,
        why: &str,
    ) -> Result<usize, ServiceError> {
        let (Some(first), Some(last)) = (over.first(), over.last()) else { return Ok(0) };
        let scope = Scope { account_id, actor: Actor::system("Lineside") };
        let day = |recording: &Recording| recording.started_at.date_naive();
        let summary = match over.len() {
            1 => format!("Deleted 1 recording of {}: {why}", day(first)),
            many => format!("Deleted {many} recordings of {} to {}: {why}", day(first), day(last)),
        };
        let ids: Vec<RecordingId> = over.iter().map(|recording| recording.id).collect();
        self.store().forget_recordings(&scope, self.new_change_id(), self.now(), &ids, &summary, None).await?;
        let deleted = over.len();
        self.drop_audio(over.into_iter().filter_map(|recording| recording.audio).collect()).await;
        Ok(deleted)
    }
}

/// In the words of a journal.
fn part_of(recording: &Recording) -> String {
    let length = lineside_model::call::clock(TimeDelta::milliseconds(recording.duration_ms.into()));
    format!("{} ({length})", recording.started_at.format("%Y-%m-%d %H:%M UTC"))
}

/// The same for every instant of an hour.
fn within_the_hour(at: DateTime<Utc>) -> uuid::Uuid {
    let hour = at.timestamp_millis() / 3_600_000 * 3_600_000;
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(hour).unwrap_or_default(), &[0; 10]).into_uuid()
}
