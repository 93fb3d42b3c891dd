//! Suspension, return and deletion on a date: they wait in the schedule, and are carried out as if somebody asked that day.

use chrono::NaiveDate;

use crate::extension::Destination;
use crate::id::UserId;
use crate::leaving::Leaving;
use crate::lifecycle::{Lifecycle, TRACK};
use crate::plan::{Blocker, BlockerKind, Draft, Record, Step};
use crate::schedule::{ScheduleEntry, in_words};
use crate::user::{Role, User, UserState};

/// Steps of a later deletion that the plan tells of one by one.
const TOLD: usize = 20;

impl Draft<'_> {
    pub(super) fn delete_users_on(&mut self, users: &[UserId], leaving: &Leaving, date: NaiveDate) {
        self.plan.summary = format!("Delete {} on {}", self.whom(users), in_words(date));
        if !self.check_users(users) || !self.check_date(date) || !self.check_leaving(users, leaving) {
            return;
        }
        let lifecycle = Lifecycle::Deleted { leaving: leaving.clone() };
        for id in users {
            let Some(user) = self.user(*id) else { return };
            if self.may_leave(&user) {
                self.schedule_lifecycle(*id, &lifecycle, date);
            }
        }
        if !self.plan.blocked() {
            self.tell_of_later(users, leaving, date);
        }
    }

    /// As things stand: what the deletion would do today.
    fn tell_of_later(&mut self, users: &[UserId], leaving: &Leaving, date: NaiveDate) {
        let mut then = Draft::new(self.read, self.id, self.context);
        then.delete_users(users, leaving);
        let told = |step: &&Step| !matches!(step.record(), Some(Record::User(_) | Record::ScheduleEntry(_)));
        let steps: Vec<&Step> = then.plan.steps.iter().filter(told).collect();
        let on = in_words(date);
        self.warn(
            None,
            format!("until {on} nothing changes; it waits in the schedule, and can be moved or removed there"),
        );
        for step in steps.iter().take(TOLD) {
            self.warn(None, format!("on {on}: {} {}", step.verb().to_lowercase(), step.title));
        }
        if steps.len() > TOLD {
            self.warn(None, format!("on {on}: {} more changes", steps.len() - TOLD));
        }
        for warning in then.plan.warnings.iter().filter(|warning| warning.user_id.is_some()) {
            self.warn(warning.user_id, format!("on {on}: {}", warning.message));
        }
    }

    pub(super) fn set_state_on(&mut self, users: &[UserId], lifecycle: &Lifecycle, date: NaiveDate) {
        let what = if *lifecycle == Lifecycle::Suspended { "Suspend" } else { "Resume" };
        self.plan.summary = format!("{what} {} on {}", self.whom(users), in_words(date));
        if !self.check_users(users) || !self.check_date(date) {
            return;
        }
        for id in users {
            let Some(user) = self.user(*id) else { return };
            if user.role == Role::AccountOwner && *lifecycle == Lifecycle::Suspended {
                let message = "the Account Owner can't be suspended; ask the operator to name another owner first";
                self.block(Blocker::new(BlockerKind::Invalid, message, Vec::new()).for_user(*id));
            }
            self.schedule_lifecycle(*id, lifecycle, date);
        }
    }

    /// One of a kind waits at a time: another date takes the place of the one before.
    pub(super) fn schedule_lifecycle(&mut self, user_id: UserId, lifecycle: &Lifecycle, date: NaiveDate) {
        let same_kind = |entry: &&ScheduleEntry| {
            entry.is_scheduled() && entry.lifecycle.as_ref().is_some_and(|other| other.as_str() == lifecycle.as_str())
        };
        let earlier: Vec<ScheduleEntry> = self.facts.schedule.of(user_id).filter(same_kind).cloned().collect();
        if earlier.iter().any(|entry| entry.date == date && entry.lifecycle.as_ref() == Some(lifecycle)) {
            return;
        }
        for entry in earlier {
            self.delete(entry);
        }
        if let Some(other) = self.same_day(user_id, TRACK, date, None) {
            return self.block_same_day(&other);
        }
        let entry = self.entry_on(user_id, TRACK, date);
        self.create(ScheduleEntry { lifecycle: Some(lifecycle.clone()), ..entry });
    }

    /// The day has come, and rehearsal found nothing against it.
    pub(super) fn live(&mut self, entry: &ScheduleEntry, lifecycle: &Lifecycle) {
        let Some(user) = self.facts.users.get(&entry.user_id).filter(|user| !user.is_deleted()).cloned() else {
            return self.delete(entry.clone());
        };
        match lifecycle {
            Lifecycle::Suspended => self.become_state(user, UserState::Suspended),
            Lifecycle::Resumed => self.become_state(user, UserState::Active),
            Lifecycle::Deleted { leaving } => {
                let left = [user.id];
                // Chosen when it was planned; by now it may be nobody's.
                let to = leaving.forwarders.as_ref().filter(|to| self.is_there(to)).cloned();
                let messages = self.facts.messages.values().filter(|message| message.user_id == user.id);
                self.leave(&user, messages.cloned().collect(), leaving);
                self.take_forwarded(&left);
                self.send_elsewhere(&left, to.as_ref());
            }
        }
        self.delete(entry.clone());
    }

    fn become_state(&mut self, user: User, state: UserState) {
        let after = User { state, ..user.clone() };
        self.update(user, after);
    }

    fn is_there(&self, to: &Destination) -> bool {
        match to {
            Destination::Extension(extension) => self.facts.taken.extensions.contains_key(extension),
            Destination::Number(_) => true,
        }
    }

    /// In spite of its date.
    pub(super) fn lifecycle_now(&mut self, entry: &ScheduleEntry, lifecycle: &Lifecycle) {
        let users = [entry.user_id];
        match lifecycle {
            Lifecycle::Suspended => self.set_user_state(&users, UserState::Suspended, None),
            Lifecycle::Resumed => self.set_user_state(&users, UserState::Active, None),
            Lifecycle::Deleted { leaving } => self.delete_users(&users, leaving),
        }
        if self.facts.schedule.get(&entry.id).is_some() {
            self.delete(entry.clone());
        }
    }
}
