//! Users who leave: what they hold, and who counts on them, decided in one plan.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Days;

use crate::extension::{Destination, Extension};
use crate::facts::Facts;
use crate::forwarding::{Forwarding, ForwardingKind};
use crate::id::UserId;
use crate::leaving::{Leaving, LeftDevices, LeftMailbox, LeftNumbers, LeftRecordings};
use crate::phone_number::{NumberState, PhoneNumber};
use crate::plan::{Blocker, BlockerKind, Draft, Record};
use crate::schedule::in_words;
use crate::user::{KEPT_DAYS, Role, User, UserState};
use crate::voicemail::VoicemailMessage;

impl Draft<'_> {
    pub(super) fn delete_users(&mut self, users: &[UserId], leaving: &Leaving) {
        self.plan.summary = format!("Delete {}", self.whom(users));
        if !self.check_users(users) || !self.check_leaving(users, leaving) {
            return;
        }
        let mut messages: BTreeMap<UserId, Vec<VoicemailMessage>> = BTreeMap::new();
        for message in self.facts.messages.values() {
            messages.entry(message.user_id).or_default().push(message.clone());
        }
        for user_id in users {
            let Some(user) = self.user(*user_id) else { continue };
            if self.may_leave(&user) {
                self.leave(&user, messages.remove(user_id).unwrap_or_default(), leaving);
            }
        }
        self.take_forwarded(users);
        self.send_elsewhere(users, leaving.forwarders.as_ref());
        if !self.plan.blocked() {
            self.tell_of_leaving(users, leaving);
        }
    }

    pub(super) fn may_leave(&mut self, user: &User) -> bool {
        let owner = user.role == Role::AccountOwner;
        if owner {
            let message = "the Account Owner can't be deleted; ask the operator to name another owner first";
            self.block(Blocker::new(BlockerKind::Invalid, message, Vec::new()).for_user(user.id));
        }
        !owner
    }

    fn tell_of_leaving(&mut self, users: &[UserId], leaving: &Leaving) {
        let until = in_words(self.today() + Days::new(KEPT_DAYS));
        let who = if users.len() == 1 { "the user" } else { "these users" };
        self.warn(
            None,
            format!("until {until} {who} can be brought back; then names, mailbox and greeting are erased"),
        );
        match (leaving.mailbox, &leaving.mailbox_to) {
            (LeftMailbox::Delete, _) => {
                self.warn(None, "voicemail messages are deleted at once, and nothing brings them back");
            }
            (LeftMailbox::HandOver, Some(to)) => {
                let users: BTreeSet<&UserId> = users.iter().collect();
                let messages = self.facts.messages.values();
                let count =
                    messages.filter(|message| message.forwarded_by.is_some_and(|by| users.contains(&by))).count();
                let messages = if count == 1 { "message goes" } else { "messages go" };
                let name = self.facts.taken.extensions.get(to).map(|id| self.facts.name_of(*id)).unwrap_or_default();
                self.warn(None, format!("{count} voicemail {messages} to {name}, extension {to}"));
            }
            (LeftMailbox::Keep | LeftMailbox::HandOver, _) => {}
        }
        if leaving.recordings == LeftRecordings::Delete {
            self.warn(None, format!("recordings of their calls are deleted after {until}"));
        }
        for import in self.read.pending_imports.clone() {
            self.warn(
                None,
                format!("the import {import} waits to be applied; a row that names them would add them anew"),
            );
        }
    }

    /// Who is to answer in their place stays, and exists.
    pub(super) fn check_leaving(&mut self, users: &[UserId], leaving: &Leaving) -> bool {
        let blockers = self.plan.blockers.len();
        if let Some(Destination::Extension(to)) = &leaving.forwarders {
            self.check_stays(users, to, "forwarders");
        }
        if let Some(to) = &leaving.forward_to {
            self.check_stays(users, to, "forward_to");
        }
        if let Some(to) = &leaving.mailbox_to {
            self.check_stays(users, to, "mailbox_to");
        }
        self.plan.blockers.len() == blockers
    }

    fn check_stays(&mut self, leaving: &[UserId], extension: &Extension, field: &str) {
        if self.facts.taken.extensions.get(extension).is_none_or(|holder| leaving.contains(holder)) {
            let message = format!("nobody who stays has extension {extension}; choose one that exists");
            self.block(Blocker::field(BlockerKind::Invalid, field, message));
        }
    }

    /// Takes away all that the user holds, these voicemail messages among it, and then the user.
    pub(super) fn leave(&mut self, user: &User, messages: Vec<VoicemailMessage>, leaving: &Leaving) {
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
                    let after = crate::device::Device { user_id: None, lamp_keys: Vec::new(), ..device.clone() };
                    self.update(device, after);
                }
            }
        }
        for number in self.facts.numbers_of(id).cloned().collect::<Vec<_>>() {
            let after = self.left_number(number.clone(), leaving);
            self.update(number, after);
        }
        for message in messages {
            self.leave_message(message, leaving);
        }
        if self.facts.e911.contains_key(&id) {
            self.plan.e911.push(format!("{} has no emergency address any more", user.profile.full_name()));
        }
        let after = User {
            state: UserState::Deleted,
            deleted_at: Some(self.context.now),
            recordings_go: leaving.recordings == LeftRecordings::Delete,
            wizard: None,
            ..user.clone()
        };
        self.update(user.clone(), after);
    }

    fn leave_message(&mut self, message: VoicemailMessage, leaving: &Leaving) {
        let heir = leaving.mailbox_to.as_ref().and_then(|to| self.facts.taken.extensions.get(to)).copied();
        match (leaving.mailbox, heir) {
            (LeftMailbox::Delete, _) => self.delete(message),
            (LeftMailbox::HandOver, Some(heir)) => {
                let forwarded_by = Some(message.user_id);
                self.update(message.clone(), VoicemailMessage { user_id: heir, forwarded_by, ..message });
            }
            (LeftMailbox::Keep | LeftMailbox::HandOver, _) => {}
        }
    }

    fn left_number(&self, number: PhoneNumber, leaving: &Leaving) -> PhoneNumber {
        let zone = self.facts.account.settings.time_zone;
        let after = |days: u16| zone.start_of_day(self.today() + Days::new(days.into()));
        let answers = leaving.forward_to.as_ref().and_then(|to| self.facts.taken.extensions.get(to)).copied();
        match (leaving.numbers, answers) {
            (LeftNumbers::Free, _) => number.released(NumberState::Free),
            (LeftNumbers::Forward, Some(answers)) => PhoneNumber {
                forwarded_to: Some(answers),
                forwarded_until: Some(after(leaving.forward_days)),
                kept_until: Some(after(leaving.forward_days.saturating_add(leaving.keep_back_days))),
                ..number.released(NumberState::Quarantined)
            },
            (LeftNumbers::Quarantine | LeftNumbers::Forward, _) => PhoneNumber {
                kept_until: Some(after(leaving.keep_back_days)),
                ..number.released(NumberState::Quarantined)
            },
        }
    }

    /// Numbers of others who left that these users answered: nobody does any more.
    pub(super) fn take_forwarded(&mut self, users: &[UserId]) {
        let gone: BTreeSet<UserId> = users.iter().copied().collect();
        let answered = |number: &&PhoneNumber| number.forwarded_to.is_some_and(|to| gone.contains(&to));
        for number in self.facts.numbers.values().filter(answered).cloned().collect::<Vec<_>>() {
            let after = PhoneNumber { forwarded_to: None, forwarded_until: None, ..number.clone() };
            self.warn(None, format!("{} is answered by nobody any more", number.number.pretty()));
            self.update(number, after);
        }
    }

    /// Those who sent calls to somebody who left.
    pub(super) fn send_elsewhere(&mut self, left: &[UserId], to: Option<&Destination>) {
        let gone = destinations_of(self.read, left);
        let left: BTreeSet<&UserId> = left.iter().collect();
        for id in self.read.forwarders.iter().filter(|id| !left.contains(id)) {
            let Some(user) = self.facts.users.get(id).filter(|user| !user.is_deleted()).cloned() else { continue };
            let own = |to: &&Destination| match to {
                Destination::Extension(extension) => user.profile.extension.as_ref() == Some(extension),
                Destination::Number(number) => self.facts.numbers_of(*id).any(|held| held.number == *number),
            };
            let to = to.filter(|to| !own(to)).cloned();
            self.send_rules_elsewhere(&user, &gone, to.as_ref());
            if user.profile.unreachable.as_ref().is_some_and(|was| gone.contains(was)) {
                let mut after = user.clone();
                after.profile.unreachable.clone_from(&to);
                let name = user.profile.full_name();
                let message = match &to {
                    Some(to) => format!("{name}'s calls go to {} when {name} is unreachable", to.pretty()),
                    None => format!("{name} has nobody any more who takes calls when {name} is unreachable"),
                };
                self.warn(Some(*id), message);
                self.update(Record::from(user), after);
            }
        }
    }

    fn send_rules_elsewhere(&mut self, user: &User, gone: &BTreeSet<Destination>, to: Option<&Destination>) {
        let Some(before) = self.facts.forwarding.get(&user.id).cloned() else { return };
        let kinds: Vec<ForwardingKind> =
            before.rules.set().filter(|(_, to)| gone.contains(to)).map(|(kind, _)| kind).collect();
        if kinds.is_empty() {
            return;
        }
        let rules = kinds.iter().fold(before.rules.clone(), |rules, kind| rules.with(*kind, to.cloned()));
        let name = user.profile.full_name();
        let when = kinds.iter().map(|kind| kind.label().to_lowercase()).collect::<Vec<_>>().join(", ");
        let message = match to {
            Some(to) => format!("{name}'s calls are forwarded to {} instead ({when})", to.pretty()),
            None => format!("{name}'s calls are forwarded to nobody any more ({when})"),
        };
        self.warn(Some(user.id), message);
        let after = Forwarding { rules, ..before.clone() };
        self.update(before, after);
    }
}

/// By what others reach these users.
fn destinations_of(facts: &Facts, users: &[UserId]) -> BTreeSet<Destination> {
    let mut destinations = BTreeSet::new();
    for user in users.iter().filter_map(|id| facts.users.get(id)) {
        destinations.extend(user.profile.extension.clone().map(Destination::Extension));
        destinations.extend(facts.numbers_of(user.id).map(|number| Destination::Number(number.number.clone())));
    }
    destinations
}
