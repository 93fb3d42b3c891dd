//! Who did what: the journal is the audit log.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::{AccountId, ChangeId, UserId};
use crate::plan::Step;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    Operator,
    User,
    /// Lineside itself: a schedule, a phone, the demo.
    System,
}

impl ActorKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::User => "user",
            Self::System => "system",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Operator, Self::User, Self::System].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Which way a change came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    Portal,
    Api,
    /// By telephone: a star code, a greeting that was spoken.
    Phone,
    System,
}

impl Via {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Api => "api",
            Self::Phone => "phone",
            Self::System => "system",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Portal, Self::Api, Self::Phone, Self::System].into_iter().find(|via| via.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    /// The user's or operator's identifier.
    pub id: Option<Uuid>,
    /// The name as it stood then.
    pub name: String,
    pub via: Via,
    /// The address that the request came from.
    pub from: Option<String>,
}

impl Actor {
    pub fn system(name: &str) -> Self {
        Self { kind: ActorKind::System, id: None, name: name.to_owned(), via: Via::System, from: None }
    }
}

/// An account and who acts on it: the only way to account rows. Made by the service after it has checked the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub account_id: AccountId,
    pub actor: Actor,
}

/// One applied change, or one event worth keeping (a failed sign-in, a fetched configuration).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    pub id: ChangeId,
    pub account_id: AccountId,
    pub at: DateTime<Utc>,
    pub actor: Actor,
    /// The change's kind, such as `edit_profile`; or the event's, such as `sign_in_failed`.
    pub action: String,
    /// In words, such as "Changed Ana Duarte's profile".
    pub summary: String,
    /// The user that it is mainly about.
    pub user_id: Option<UserId>,
    /// The fingerprint of the request that asked for it, where that may be sent again under the same key.
    pub request: Option<String>,
    /// All of them, or those that were asked for: see [`Steps`].
    pub steps: Vec<Step>,
    /// How many steps there are in all.
    pub step_count: usize,
}

/// Which steps of an entry are read: a change to thousands has thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    All,
    /// [`STEPS_PAGE`] of them, counted from page 1.
    Page(usize),
    /// Those about one user.
    Of(UserId),
}

/// Steps that are read with each entry of a list, and that its own page shows at once.
pub const STEPS_PAGE: usize = 50;

impl JournalEntry {
    /// More steps than lists carry.
    pub fn is_long(&self) -> bool {
        self.step_count > STEPS_PAGE
    }
}
