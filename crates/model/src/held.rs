//! Rows that users hold, found by identifier and by holder: with 10,000 users in one plan, looking through all numbers for
//! each of them would cost more than the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, RangeInclusive};

use uuid::Uuid;

use crate::device::Device;
use crate::id::{DeviceId, NumberId, ScheduleEntryId, UserId};
use crate::phone_number::PhoneNumber;
use crate::schedule::ScheduleEntry;
use crate::shared::Shared;

/// A row that a user may hold.
pub trait Holdable {
    type Id: Copy + Ord + From<Uuid>;

    fn id(&self) -> Self::Id;
    fn holder(&self) -> Option<UserId>;

    /// Who is to hold it later.
    fn promised_to(&self) -> Option<UserId> {
        None
    }
}

#[derive(Debug, Clone)]
pub struct Held<T: Holdable> {
    all: Shared<BTreeMap<T::Id, T>>,
    of_users: Shared<BTreeSet<(UserId, T::Id)>>,
    promised: Shared<BTreeSet<(UserId, T::Id)>>,
}

impl<T: Holdable> Default for Held<T> {
    fn default() -> Self {
        Self { all: Shared::default(), of_users: Shared::default(), promised: Shared::default() }
    }
}

impl<T: Holdable + Clone> Held<T> {
    pub fn insert(&mut self, row: T) {
        let (id, holder, promised_to) = (row.id(), row.holder(), row.promised_to());
        let before = self.all.insert(id, row);
        let (was, was_promised) = before.map_or((None, None), |before| (before.holder(), before.promised_to()));
        if was != holder {
            was.map(|user| self.of_users.remove(&(user, id)));
            holder.map(|user| self.of_users.insert((user, id)));
        }
        if was_promised != promised_to {
            was_promised.map(|user| self.promised.remove(&(user, id)));
            promised_to.map(|user| self.promised.insert((user, id)));
        }
    }

    pub fn remove(&mut self, id: T::Id) {
        let Some(row) = self.all.remove(&id) else { return };
        if let Some(holder) = row.holder() {
            self.of_users.remove(&(holder, id));
        }
        if let Some(user) = row.promised_to() {
            self.promised.remove(&(user, id));
        }
    }
}

impl<T: Holdable> Held<T> {
    pub fn of(&self, user: UserId) -> impl Iterator<Item = &T> {
        self.of_users.range(of_user(user)).filter_map(|(_, id)| self.all.get(id))
    }

    /// Those that the user is to hold later.
    pub fn promised_to(&self, user: UserId) -> impl Iterator<Item = &T> {
        self.promised.range(of_user(user)).filter_map(|(_, id)| self.all.get(id))
    }

    pub fn holders(&self) -> impl Iterator<Item = UserId> {
        self.of_users.iter().map(|(holder, _)| *holder)
    }
}

impl<T: Holdable> Deref for Held<T> {
    type Target = BTreeMap<T::Id, T>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl<T: Holdable + Clone> Extend<T> for Held<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, rows: I) {
        rows.into_iter().for_each(|row| self.insert(row));
    }
}

fn of_user<Id: From<Uuid>>(user: UserId) -> RangeInclusive<(UserId, Id)> {
    (user, Id::from(Uuid::nil()))..=(user, Id::from(Uuid::max()))
}

impl Holdable for PhoneNumber {
    type Id = NumberId;

    fn id(&self) -> NumberId {
        self.id
    }

    fn holder(&self) -> Option<UserId> {
        self.user_id
    }

    fn promised_to(&self) -> Option<UserId> {
        self.promised_to
    }
}

impl Holdable for Device {
    type Id = DeviceId;

    fn id(&self) -> DeviceId {
        self.id
    }

    fn holder(&self) -> Option<UserId> {
        self.user_id
    }
}

impl Holdable for ScheduleEntry {
    type Id = ScheduleEntryId;

    fn id(&self) -> ScheduleEntryId {
        self.id
    }

    fn holder(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}
