//! Greetings.

use lineside_model::greeting::Greeting;
use lineside_model::id::{AccountId, UserId};
use lineside_model::plan::Record;
use sqlx::FromRow;
use uuid::Uuid;

use crate::record::Stored;
use crate::value::{Value, instant, values};
use crate::{Store, StoreError};

pub(crate) const GREETINGS_OF_USERS: &str = "
    SELECT user_id, account_id, version, file_name, duration_ms, audio, uploaded_at
    FROM greeting WHERE account_id = $1 AND user_id IN (...)";
const SAVE_GREETINGS: &str = "
    INSERT INTO greeting (user_id, account_id, version, file_name, duration_ms, audio, uploaded_at) VALUES (...)
    ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, file_name = excluded.file_name,
        duration_ms = excluded.duration_ms, audio = excluded.audio, uploaded_at = excluded.uploaded_at
    WHERE greeting.account_id = excluded.account_id AND greeting.version = excluded.version - 1";
const DELETE_GREETINGS: &str = "DELETE FROM greeting WHERE account_id = $1 AND user_id IN (...)";

const AUDIO_USED: &str = "SELECT count(*) FROM greeting WHERE audio = $1";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[GREETINGS_OF_USERS, SAVE_GREETINGS, DELETE_GREETINGS, AUDIO_USED];

#[derive(FromRow)]
pub(crate) struct GreetingColumns {
    user_id: Uuid,
    account_id: Uuid,
    version: i64,
    file_name: String,
    duration_ms: i64,
    audio: String,
    uploaded_at: i64,
}

impl TryFrom<GreetingColumns> for Greeting {
    type Error = StoreError;

    fn try_from(row: GreetingColumns) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: UserId(row.user_id),
            account_id: AccountId(row.account_id),
            version: row.version,
            file_name: row.file_name,
            duration_ms: u32::try_from(row.duration_ms)
                .map_err(|error| StoreError::row("a greeting's length", error))?,
            audio: row.audio,
            uploaded_at: instant(row.uploaded_at),
        })
    }
}

impl Stored for Greeting {
    const SAVE: &'static str = SAVE_GREETINGS;
    const DELETE: &'static str = DELETE_GREETINGS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Greeting(greeting) = record { Some(greeting) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![
            self.user_id,
            self.account_id,
            version,
            self.file_name.as_str(),
            self.duration_ms,
            self.audio.as_str(),
            self.uploaded_at,
        ])
    }
}

impl Store {
    /// Somebody's greeting has this audio.
    pub async fn greeting_used(&self, audio: &str) -> Result<bool, StoreError> {
        Ok(self.reader().await?.number(AUDIO_USED, values![audio]).await? > 0)
    }
}
