//! What this program is carrying out in the background, by the changes' identifiers: imports, archives of greetings.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::id::ChangeId;
use tokio::sync::Notify;

use crate::Service;

/// Another node that has not finished by then died.
const LEASE: TimeDelta = TimeDelta::minutes(10);

#[derive(Debug, Default)]
pub(crate) struct Applying {
    all: Mutex<BTreeSet<ChangeId>>,
    ended: Notify,
}

impl Applying {
    /// False when it is among them already.
    pub(crate) fn insert(&self, id: ChangeId) -> bool {
        self.all().insert(id)
    }

    pub(crate) fn remove(&self, id: ChangeId) {
        self.all().remove(&id);
        self.ended.notify_waiters();
    }

    fn contains(&self, id: ChangeId) -> bool {
        self.all().contains(&id)
    }

    pub(crate) async fn ended(&self, id: ChangeId) {
        loop {
            let ended = self.ended.notified();
            if !self.contains(id) {
                return;
            }
            ended.await;
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeSet<ChangeId>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// Whether somebody may still be at work on what was begun then.
    pub(crate) fn may_be_applying(&self, id: ChangeId, begun: Option<DateTime<Utc>>) -> bool {
        let elsewhere = self.engine() != "SQLite" && begun.is_some_and(|at| self.now() < at + LEASE);
        elsewhere || self.inner.applying.contains(id)
    }
}
