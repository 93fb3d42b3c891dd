//! Rows that users hold, found by identifier and by holder: with 10,000 users in one plan, looking through all numbers for
//! each of them would cost more than the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use uuid::Uuid;

use crate::device::Device;
use crate::id::{DeviceId, NumberId, ScheduleEntryId, UserId};
use crate::phone_number::PhoneNumber;
use crate::schedule::ScheduleEntry;

/// A row that a user may hold.
pub trait Holdable {
    type Id: Copy + Ord + From<Uuid>;

    fn id(&self) -> Self::Id;
    fn holder(&self) -> Option<UserId>;
}

#[derive(Debug, Clone)]
pub struct Held<T: Holdable> {
    all: BTreeMap<T::Id, T>,
    of_users: BTreeSet<(UserId, T::Id)>,
}

impl<T: Holdable> Default for Held<T> {
    fn default() -> Self {
        Self { all: BTreeMap::new(), of_users: BTreeSet::new() }
    }
}

impl<T: Holdable> Held<T> {
    pub fn insert(&mut self, row: T) {
        let id = row.id();
        if let Some(holder) = row.holder() {
            self.of_users.insert((holder, id));
        }
        let new_holder = row.holder();
        if let Some(before) = self.all.insert(id, row).and_then(|before| before.holder())
            && Some(before) != new_holder
        {
            self.of_users.remove(&(before, id));
        }
    }

    pub fn remove(&mut self, id: T::Id) {
        if let Some(holder) = self.all.remove(&id).and_then(|row| row.holder()) {
            self.of_users.remove(&(holder, id));
        }
    }

    pub fn of(&self, user: UserId) -> impl Iterator<Item = &T> {
        let from = (user, T::Id::from(Uuid::nil()));
        let to = (user, T::Id::from(Uuid::max()));
        self.of_users.range(from..=to).filter_map(|(_, id)| self.all.get(id))
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

impl<T: Holdable> Extend<T> for Held<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, rows: I) {
        rows.into_iter().for_each(|row| self.insert(row));
    }
}

impl Holdable for PhoneNumber {
    type Id = NumberId;

    fn id(&self) -> NumberId {
        self.id
    }

    fn holder(&self) -> Option<UserId> {
        self.user_id
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
