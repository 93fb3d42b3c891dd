//! What is wrong with calls, from when to when: a trunk that is down, a limit that was reached, a destination that is shut.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::AccountId;
use crate::text::Name;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// Ends when the trunk is back.
    TrunkDown,
    /// Once a day for each user, or the account.
    LimitReached,
    DestinationRefused,
}

impl IncidentKind {
    pub const ALL: [Self; 3] = [Self::TrunkDown, Self::LimitReached, Self::DestinationRefused];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::TrunkDown => "trunk_down",
            Self::LimitReached => "limit_reached",
            Self::DestinationRefused => "destination_refused",
        }
    }

    /// For people to read.
    pub fn label(self) -> &'static str {
        match self {
            Self::TrunkDown => "Trunk is down",
            Self::LimitReached => "Limit reached",
            Self::DestinationRefused => "Destination is shut",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub kind: IncidentKind,
    /// The trunk, the user or the account.
    pub subject: Uuid,
    pub began_at: DateTime<Utc>,
    /// `None`: it goes on.
    pub ended_at: Option<DateTime<Utc>>,
    /// What happened, in a sentence.
    pub said: String,
}

impl Incident {
    pub fn goes_on(&self) -> bool {
        self.ended_at.is_none()
    }
}

/// As the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountIncident {
    /// `None`: of a trunk of the operator's.
    pub account: Option<(AccountId, Name)>,
    pub incident: Incident,
}

/// Which of all accounts' incidents the operator looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentFilter {
    /// The beginning of the account's name, number or SIP domain.
    pub search: String,
    pub account_id: Option<AccountId>,
    pub kind: Option<IncidentKind>,
    /// `Some(false)`: those that are over.
    pub goes_on: Option<bool>,
    /// Began at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Began before this instant.
    pub until: Option<DateTime<Utc>>,
    /// From 1.
    pub page: i64,
}
