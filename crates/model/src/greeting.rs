//! What callers hear before they leave a message.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, UserId};

/// An uploaded greeting. Without one, the default greeting plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    pub user_id: UserId,
    pub account_id: AccountId,
    pub version: i64,
    /// The name of the file that was uploaded, for people to read.
    pub file_name: String,
    pub duration_ms: u32,
    /// SHA-256 of the converted audio, in hex: its name in the storage.
    pub audio: String,
    pub uploaded_at: DateTime<Utc>,
}
