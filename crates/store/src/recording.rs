//! Which calls are recorded, and the recordings.

use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, CallId, ChangeId, RecordingId, UserId};
use lineside_model::journal::Scope;
use lineside_model::plan::Record;
use lineside_model::recording::{Recording, RecordingChoice, RecordingMode};
use sqlx::FromRow;
use uuid::Uuid;

use crate::engine::Tries;
use crate::journal::{self, Written};
use crate::record::Stored;
use crate::value::{Value, instant, known, try_all, values};
use crate::{Store, StoreError, user};

macro_rules! recording_columns {
    () => {
        "id, account_id, call_id, user_id, audio, bytes, duration_ms, tracks, started_at, deleted_at FROM recording"
    };
}

pub(crate) use recording_columns;

pub(crate) const CHOICES_OF_USERS: &str =
    "SELECT user_id, account_id, version, mode FROM recording_choice WHERE account_id = $1 AND user_id IN (...)";
const SAVE_CHOICES: &str = "
    INSERT INTO recording_choice (user_id, account_id, version, mode) VALUES (...)
    ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, mode = excluded.mode
    WHERE recording_choice.account_id = excluded.account_id AND recording_choice.version = excluded.version - 1";
const DELETE_CHOICES: &str = "DELETE FROM recording_choice WHERE account_id = $1 AND user_id IN (...)";
const SAVE_RECORDING: &str = "
    INSERT INTO recording (id, account_id, call_id, user_id, audio, bytes, duration_ms, tracks, started_at)
    VALUES (...) ON CONFLICT (id) DO NOTHING";
const MARK_CALL: &str = "UPDATE call SET recording_id = $3 WHERE account_id = $1 AND id = $2";
const RECORDINGS_OF_CALL: &str =
    concat!("SELECT ", recording_columns!(), " WHERE account_id = $1 AND call_id = $2 ORDER BY started_at, id");
const RECORDING: &str = concat!("SELECT ", recording_columns!(), " WHERE account_id = $1 AND id = $2");
/// Those whose time is over.
const OVER: &str = concat!(
    "SELECT ",
    recording_columns!(),
    " WHERE account_id = $1 AND audio IS NOT NULL AND started_at < $2 ORDER BY started_at, id LIMIT $3"
);
const FORGET: &str = "UPDATE recording SET audio = NULL, deleted_at = $2 WHERE account_id = $1 AND id IN (...)";
pub(crate) const AUDIO_USED: &str = "
    SELECT count(*) FROM (
        SELECT audio FROM recording WHERE audio = $1 UNION ALL SELECT audio FROM voicemail_message WHERE audio = $1
        UNION ALL SELECT audio FROM test_call WHERE audio = $1
    ) used";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    CHOICES_OF_USERS,
    SAVE_CHOICES,
    DELETE_CHOICES,
    SAVE_RECORDING,
    MARK_CALL,
    RECORDINGS_OF_CALL,
    RECORDING,
    OVER,
    FORGET,
    AUDIO_USED,
];

#[derive(FromRow)]
pub(crate) struct ChoiceColumns {
    user_id: Uuid,
    account_id: Uuid,
    version: i64,
    mode: String,
}

impl TryFrom<ChoiceColumns> for RecordingChoice {
    type Error = StoreError;

    fn try_from(row: ChoiceColumns) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: UserId(row.user_id),
            account_id: AccountId(row.account_id),
            version: row.version,
            mode: known("a recording mode", &row.mode, RecordingMode::parse)?,
        })
    }
}

#[derive(FromRow)]
pub(crate) struct RecordingColumns {
    id: Uuid,
    account_id: Uuid,
    call_id: Uuid,
    user_id: Uuid,
    audio: Option<String>,
    bytes: i64,
    duration_ms: i64,
    tracks: i64,
    started_at: i64,
    deleted_at: Option<i64>,
}

impl TryFrom<RecordingColumns> for Recording {
    type Error = StoreError;

    fn try_from(row: RecordingColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: RecordingId(row.id),
            account_id: AccountId(row.account_id),
            call_id: CallId(row.call_id),
            user_id: UserId(row.user_id),
            audio: row.audio,
            bytes: row.bytes.unsigned_abs(),
            duration_ms: u32::try_from(row.duration_ms).unwrap_or(u32::MAX),
            tracks: u8::try_from(row.tracks).unwrap_or(1),
            started_at: instant(row.started_at),
            deleted_at: row.deleted_at.map(instant),
        })
    }
}

impl Stored for RecordingChoice {
    const SAVE: &'static str = SAVE_CHOICES;
    const DELETE: &'static str = DELETE_CHOICES;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::RecordingChoice(choice) = record { Some(choice) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![self.user_id, self.account_id, version, self.mode.as_str()])
    }
}

impl Store {
    /// A recording whose file lies in the storage, and its mark on the call. Told again, it is there once. False: its user
    /// does not exist any more.
    pub async fn save_recording(&self, recording: &Recording) -> Result<bool, StoreError> {
        let row = values![
            recording.id,
            recording.account_id,
            recording.call_id,
            recording.user_id,
            recording.audio.as_deref(),
            i64::try_from(recording.bytes).unwrap_or(i64::MAX),
            recording.duration_ms,
            i64::from(recording.tracks),
            recording.started_at,
        ];
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let saved = async {
                if !user::exists(&mut link, recording.account_id, recording.user_id).await? {
                    return Ok(false);
                }
                link.write_rows(SAVE_RECORDING, vec![row.clone()]).await?;
                link.execute(MARK_CALL, values![recording.account_id, recording.call_id, recording.id]).await?;
                Ok(true)
            };
            let saved = saved.await;
            if let Some(saved) = tries.settle(link, saved).await? {
                return Ok(saved);
            }
        }
    }

    pub async fn recordings_of_call(&self, scope: &Scope, call: CallId) -> Result<Vec<Recording>, StoreError> {
        let rows: Vec<RecordingColumns> =
            self.reader().await?.rows(RECORDINGS_OF_CALL, values![scope.account_id, call]).await?;
        try_all(rows)
    }

    pub async fn recording(&self, scope: &Scope, id: RecordingId) -> Result<Option<Recording>, StoreError> {
        let row: Option<RecordingColumns> = self.reader().await?.row(RECORDING, values![scope.account_id, id]).await?;
        row.map(Recording::try_from).transpose()
    }

    pub async fn recording_choice(&self, scope: &Scope, user: UserId) -> Result<Option<RecordingChoice>, StoreError> {
        let rows: Vec<ChoiceColumns> =
            self.reader().await?.rows_in(CHOICES_OF_USERS, values![scope.account_id], [user]).await?;
        rows.into_iter().next().map(RecordingChoice::try_from).transpose()
    }

    /// Recordings that began before an instant, the oldest first.
    pub async fn recordings_before(
        &self,
        account: AccountId,
        before: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<Recording>, StoreError> {
        let rows: Vec<RecordingColumns> = self.reader().await?.rows(OVER, values![account, before, limit]).await?;
        try_all(rows)
    }

    /// Takes the recordings' audio away, with proof in the journal. The files are removed after this, so that none is
    /// left that nobody knows of.
    pub async fn forget_recordings(
        &self,
        scope: &Scope,
        id: ChangeId,
        now: DateTime<Utc>,
        recordings: &[RecordingId],
        summary: &str,
        user_id: Option<UserId>,
    ) -> Result<(), StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let forgotten = async {
                let own = values![scope.account_id, now];
                link.execute_in(FORGET, own, recordings.iter().copied()).await?;
                let entry = Written { user_id, ..Written::event(id, now, "delete_recordings", summary) };
                journal::write(&mut link, scope, entry).await?;
                Ok(())
            };
            let forgotten = forgotten.await;
            if tries.settle(link, forgotten).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Some message or recording has this audio.
    pub async fn audio_used(&self, audio: &str) -> Result<bool, StoreError> {
        Ok(self.reader().await?.number(AUDIO_USED, values![audio]).await? > 0)
    }
}
