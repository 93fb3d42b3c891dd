//! The catalogue as the operator edits it: a wanted catalogue in place of the one there is, planned before it is applied.
//!
//! Tracks and types are identified by id; the slug is their stable name in addresses, files and the API, and stays.

mod check;
pub mod code;
pub mod document;
pub mod file;
mod plan;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use self::plan::plan;
use crate::field::FieldErrors;
use crate::id::{LicenseTypeId, TrackId};
use crate::journal::Actor;
use crate::license::Catalogue;
use crate::plan::{BlockerKind, FieldChange, Fingerprint};

pub const TRACKS_MAX: usize = 20;
pub const TYPES_MAX: usize = 200;
/// Of one type.
pub const REQUIREMENTS_MAX: usize = 20;
pub const SLUG_MAX: usize = 40;
pub const SUMMARY_MAX: usize = 200;

/// How much hangs on a type, over all accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TypeUsage {
    /// Users who hold it.
    pub held: i64,
    /// Seats that accounts bought.
    pub bought: i64,
    /// Entries of schedules, failed ones among them, that name it.
    pub scheduled: i64,
}

impl TypeUsage {
    pub fn is_used(self) -> bool {
        self != Self::default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogueUsage {
    pub types: BTreeMap<LicenseTypeId, TypeUsage>,
    /// Entries of schedules of each track, those that remove a license among them.
    pub scheduled: BTreeMap<TrackId, i64>,
}

impl CatalogueUsage {
    pub fn of(&self, id: LicenseTypeId) -> TypeUsage {
        self.types.get(&id).copied().unwrap_or_default()
    }
}

/// The catalogue with its version and what hangs on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogueNow {
    /// 0: there is none yet.
    pub version: i64,
    pub catalogue: Catalogue,
    pub usage: CatalogueUsage,
}

/// What another catalogue would change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CataloguePlan {
    /// In words.
    pub summary: String,
    pub steps: Vec<CatalogueStep>,
    pub blockers: Vec<CatalogueBlocker>,
    pub warnings: Vec<String>,
}

/// One track or type, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueStep {
    pub action: CatalogueAction,
    /// What it is about, where the history knows: it did not at first.
    #[serde(default)]
    pub record: Option<CatalogueRecord>,
    /// Such as `license type Business`.
    pub title: String,
    pub changes: Vec<FieldChange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "record", content = "id")]
pub enum CatalogueRecord {
    Track(TrackId),
    LicenseType(LicenseTypeId),
    /// Of the types of a track, or of the tracks.
    Order(Option<TrackId>),
}

impl CatalogueRecord {
    pub fn kind(self) -> &'static str {
        match self {
            Self::Track(_) => "track",
            Self::LicenseType(_) => "license type",
            Self::Order(_) => "order",
        }
    }

    /// Nil for the order of tracks.
    pub fn id(self) -> Uuid {
        match self {
            Self::Track(id) | Self::Order(Some(id)) => id.0,
            Self::LicenseType(id) => id.0,
            Self::Order(None) => Uuid::nil(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogueAction {
    Add,
    Change,
    Retire,
    BringBack,
    /// To another place in the order.
    Move,
    Delete,
}

impl CatalogueAction {
    pub fn verb(self) -> &'static str {
        match self {
            Self::Add => "Add",
            Self::Change => "Change",
            Self::Retire => "Retire",
            Self::BringBack => "Bring back",
            Self::Move => "Move",
            Self::Delete => "Delete",
        }
    }
}

/// What makes it impossible, and how to repair it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueBlocker {
    #[serde(default = "invalid")]
    pub kind: BlockerKind,
    /// The track or type that it is about.
    pub slug: String,
    /// The form's field that it belongs to, if one does.
    pub field: Option<String>,
    pub message: String,
    pub repair: String,
}

fn invalid() -> BlockerKind {
    BlockerKind::Invalid
}

/// One applied change, as the history shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatalogueChange {
    /// The catalogue's version that it made.
    pub version: i64,
    pub at: DateTime<Utc>,
    pub actor: Actor,
    pub plan: CataloguePlan,
}

impl CataloguePlan {
    pub fn blocked(&self) -> bool {
        !self.blockers.is_empty()
    }

    /// Nothing would change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && !self.blocked()
    }

    /// Two plans that do the same have the same one. How many users a warning counts is no part of it: they come and go.
    pub fn fingerprint(&self) -> Fingerprint {
        let steps: Vec<_> = self.steps.iter().map(|step| (step.action, &step.title, &step.changes)).collect();
        let seen = serde_json::to_vec(&(steps, &self.blockers)).unwrap_or_default();
        Fingerprint(hex::encode(Sha256::digest(seen)))
    }

    /// What stands in the way of one track or type, beside its fields.
    pub fn errors_of(&self, slug: &str) -> FieldErrors {
        let mut errors = FieldErrors::default();
        for blocker in self.blockers.iter().filter(|blocker| blocker.slug == slug) {
            if let Some(field) = &blocker.field {
                errors.push(field, blocker.in_words());
            }
        }
        errors
    }
}

impl CatalogueBlocker {
    /// `…; choose another`
    pub fn in_words(&self) -> String {
        format!("{}; {}", self.message, self.repair)
    }
}

impl Catalogue {
    /// Types of one track beside each other, in the order of tracks. The order within a track is kept.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        let position: BTreeMap<TrackId, usize> =
            self.tracks.iter().zip(0..).map(|(track, at)| (track.id, at)).collect();
        self.types.sort_by_key(|license| position.get(&license.track_id).copied().unwrap_or(usize::MAX));
        self
    }
}

/// `1 user`, `2 users`.
fn count(n: i64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

#[cfg(test)]
mod tests;
