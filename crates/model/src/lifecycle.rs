//! What becomes of a user as a whole, on a date.

use serde::{Deserialize, Serialize};

use crate::id::TrackId;
use crate::leaving::Leaving;

/// It waits in the schedule as a license does, in a track of its own, so that a user has one of these a day at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "becomes", rename_all = "snake_case")]
pub enum Lifecycle {
    Suspended,
    Resumed,
    Deleted { leaving: Leaving },
}

/// The track of no license.
pub const TRACK: TrackId = TrackId(uuid::Uuid::nil());

impl Lifecycle {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Resumed => "resumed",
            Self::Deleted { .. } => "deleted",
        }
    }

    /// For people to read: "the deletion".
    pub fn label(&self) -> &'static str {
        match self {
            Self::Suspended => "suspension",
            Self::Resumed => "return from suspension",
            Self::Deleted { .. } => "deletion",
        }
    }
}
