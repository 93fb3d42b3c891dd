//! Users who leave: what they hold, and who counts on them, decided in one plan.

use crate::extension::Destination;
use crate::id::UserId;
use crate::leaving::{Leaving, LeftDevices, LeftNumbers};
use crate::phone_number::{NumberState, PhoneNumber};
use crate::plan::{Blocker, BlockerKind, Draft, Record};
use crate::schedule::in_words;
use crate::user::{KEPT_DAYS, Role, User, UserState};

impl Draft<'_> {
    pub(super) fn delete_users(&mut self, users: &[UserId], leaving: &Leaving) {
        self.plan.summary = format!("Delete {}", self.whom(users));
        if !self.check_users(users) || !self.check_forwarders_to(users, leaving.forwarders.as_ref()) {
            return;
        }
        for user_id in users {
            let Some(user) = self.user(*user_id) else { continue };
            if user.role == Role::AccountOwner {
                let message = "the Account Owner can't be deleted; ask the operator to name another owner first";
                self.block(Blocker::new(BlockerKind::Invalid, message, Vec::new()).for_user(*user_id));
                continue;
            }
            self.leave(&user, leaving);
        }
        self.send_elsewhere(users, leaving.forwarders.as_ref());
        if !self.plan.blocked() {
            let until = self.today() + chrono::Days::new(KEPT_DAYS);
            let who = if users.len() == 1 { "the user" } else { "these users" };
            self.warn(None, format!("until {} {who} can be brought back", in_words(until)));
        }
    }

    /// Calls that went to who leaves must not be sent to somebody who leaves too, or to nobody.
    fn check_forwarders_to(&mut self, leaving: &[UserId], to: Option<&Destination>) -> bool {
        let Some(Destination::Extension(extension)) = to else { return true };
        let fits = self.facts.taken.extensions.get(extension).is_some_and(|holder| !leaving.contains(holder));
        if !fits {
            let message = format!("nobody who stays has extension {extension}; choose one that exists");
            self.block(Blocker::field(BlockerKind::Invalid, "forwarders", message));
        }
        fits
    }

    /// Takes away all that the user holds, and then the user.
    pub(super) fn leave(&mut self, user: &User, leaving: &Leaving) {
        let id = user.id;
        for entry in self.facts.schedule.of(id).cloned().collect::<Vec<_>>() {
            self.delete(entry);
        }
        for held in self.facts.assignments_of(id).cloned().collect::<Vec<_>>() {
            self.take_seat(held.license_type_id, -1);
            self.delete(held);
        }
        for device in self.facts.devices_of(id).cloned().collect::<Vec<_>>() {
            if let Some(line) = self.facts.lines.get(&device.id).cloned() {
                self.delete(line);
            }
            match leaving.devices {
                LeftDevices::Delete => self.delete(device),
                LeftDevices::Unassign => {
                    let after = crate::device::Device { user_id: None, ..device.clone() };
                    self.update(device, after);
                }
            }
        }
        for number in self.facts.numbers_of(id).cloned().collect::<Vec<_>>() {
            let state = match leaving.numbers {
                LeftNumbers::Quarantine => NumberState::Quarantined,
                LeftNumbers::Free => NumberState::Free,
            };
            let after = PhoneNumber { user_id: None, state, ..number.clone() };
            self.update(number, after);
        }
        if self.facts.e911.contains_key(&id) {
            self.plan.e911.push(format!("{} has no emergency address any more", user.profile.full_name()));
        }
        let after =
            User { state: UserState::Deleted, deleted_at: Some(self.context.now), wizard: None, ..user.clone() };
        self.update(user.clone(), after);
    }

    /// Those who sent calls to somebody who left.
    fn send_elsewhere(&mut self, left: &[UserId], to: Option<&Destination>) {
        for id in self.read.forwarders.iter().filter(|id| !left.contains(id)) {
            let Some(user) = self.facts.users.get(id).filter(|user| !user.is_deleted()).cloned() else { continue };
            let own = |to: &&Destination| match to {
                Destination::Extension(extension) => user.profile.extension.as_ref() == Some(extension),
                Destination::Number(number) => self.facts.numbers_of(*id).any(|held| held.number == *number),
            };
            let mut after = user.clone();
            after.profile.unreachable = to.filter(|to| !own(to)).cloned();
            let name = user.profile.full_name();
            let message = match &after.profile.unreachable {
                Some(to) => format!("{name}'s calls go to {} when {name} is unreachable", to.pretty()),
                None => format!("{name} has nobody any more who takes calls when {name} is unreachable"),
            };
            self.warn(Some(*id), message);
            self.update(Record::from(user), after);
        }
    }
}
