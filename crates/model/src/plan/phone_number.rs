//! Phone numbers: add to the inventory, assign, take back.

use chrono::NaiveDate;

use crate::change::NUMBERS_MAX;
use crate::e911::E911Address;
use crate::id::{LocationId, NumberId, UserId};
use crate::license::Requirement;
use crate::phone_number::{E164, NumberKind, NumberState, PhoneNumber};
use crate::plan::user::primary_number;
use crate::plan::{Blocker, BlockerKind, Draft, Repair};

impl Draft<'_> {
    pub(super) fn add_numbers(&mut self, numbers: &[E164], kind: NumberKind, location_id: Option<LocationId>) {
        self.plan.summary = match numbers {
            [number] => format!("Add {kind} number {}", number.pretty()),
            numbers => format!("Add {} {kind} numbers", numbers.len()),
        };
        self.new_numbers(numbers, kind, location_id, None);
    }

    /// `ports_on`: from another carrier, on that day.
    pub(super) fn new_numbers(
        &mut self,
        numbers: &[E164],
        kind: NumberKind,
        location_id: Option<LocationId>,
        ports_on: Option<NaiveDate>,
    ) {
        if numbers.is_empty() || numbers.len() > NUMBERS_MAX {
            let message = format!("add between 1 and {NUMBERS_MAX} numbers at once");
            return self.block(Blocker::field(BlockerKind::Invalid, "numbers", message));
        }
        if location_id.is_some_and(|id| !self.facts.locations.contains_key(&id)) {
            self.block(Blocker::field(BlockerKind::NotFound, "location_id", "choose a location from the list"));
        }
        let taken: Vec<String> =
            numbers.iter().filter(|number| self.facts.taken.e164s.contains(number)).map(E164::pretty).collect();
        if let Some(first) = taken.first() {
            let more = if taken.len() > 1 { format!(" and {} more", taken.len() - 1) } else { String::new() };
            let message = format!("{first}{more} stands in an inventory already; leave it out");
            self.block(Blocker::field(BlockerKind::Taken, "numbers", message));
        }
        for number in numbers {
            let id = NumberId(self.id.derive(number.as_str(), uuid::Uuid::nil()));
            self.create(PhoneNumber {
                id,
                account_id: self.facts.account.id,
                version: 1,
                number: number.clone(),
                kind,
                state: if ports_on.is_some() { NumberState::PortingIn } else { NumberState::Free },
                location_id,
                user_id: None,
                ports_on,
                promised_to: None,
                forwarded_to: None,
                forwarded_until: None,
                kept_until: None,
                created_at: self.context.now,
            });
        }
    }

    pub(super) fn assign_number(&mut self, id: NumberId, to: Option<UserId>) {
        let Some(number) = self.facts.numbers.get(&id).cloned() else {
            return self.block(Blocker::not_found("phone number"));
        };
        if number.state == NumberState::PortingIn {
            return self.promise_number(number, to);
        }
        let pretty = number.number.pretty();
        if number.user_id == to && number.state != NumberState::Quarantined {
            self.plan.summary = format!("{pretty} stays as it is");
            return;
        }
        let freed = number.state == NumberState::Quarantined && to.is_none();
        if !matches!(number.state, NumberState::Free | NumberState::Assigned) && !freed {
            let message =
                format!("{pretty} is {}; it can be assigned once it is free", number.state.as_str().replace('_', " "));
            self.block(Blocker::field(BlockerKind::Invalid, "number_id", message));
        }
        if let Some(from) = number.user_id {
            self.take_number_from(from, &number);
        }
        let state = if to.is_some() { NumberState::Assigned } else { NumberState::Free };
        let after = PhoneNumber { user_id: to, ..number.clone().released(state) };
        match to {
            Some(to) => {
                let Some(user) = self.user(to) else { return };
                self.plan.summary = format!("Give {pretty} to {}", user.profile.full_name());
                self.plan.user_id = Some(to);
                self.replace_number_of(to, &after);
            }
            None if freed => self.plan.summary = format!("Make {pretty} free before its time"),
            None => self.plan.summary = format!("Take {pretty} back into the inventory"),
        }
        self.update(number, after);
        if let Some(to) = to {
            self.follow_callback(to);
        }
    }

    /// The number that the user held of this kind becomes free.
    pub(super) fn replace_number_of(&mut self, user_id: UserId, given: &PhoneNumber) {
        let held = self.facts.numbers_of(user_id).find(|held| held.kind == given.kind && held.id != given.id).cloned();
        if let Some(held) = held {
            self.warn(Some(user_id), format!("{} becomes free again", held.number.pretty()));
            let after = PhoneNumber { user_id: None, state: NumberState::Free, ..held.clone() };
            self.update(held, after);
        }
    }

    /// Blocked while a license of theirs requires a number of this kind.
    fn take_number_from(&mut self, user_id: UserId, number: &PhoneNumber) {
        self.plan.user_id.get_or_insert(user_id);
        let name = self.facts.users.get(&user_id).map(|user| user.profile.full_name()).unwrap_or_default();
        let needing = self.facts.assignments_of(user_id).find_map(|held| {
            let license = self.facts.catalogue.license_type(held.license_type_id)?;
            license
                .requirements
                .contains(&Requirement::Number(number.kind))
                .then(|| (license.name.clone(), held.track_id))
        });
        if let Some((license, track_id)) = needing {
            let message = format!(
                "{name}'s {license} license requires a {} number; change the license or give another number first",
                number.kind
            );
            let repairs =
                vec![Repair::PickNumber { user_id, kind: number.kind }, Repair::RemoveLicense { user_id, track_id }];
            self.block(Blocker::new(BlockerKind::DependentLicense, message, repairs).for_user(user_id));
        }
        self.facts.to_mut().numbers.remove(number.id);
        if primary_number(&self.facts, user_id).is_none() {
            self.warn(Some(user_id), format!("{name} keeps no phone number: internal calls only"));
        }
        self.follow_callback(user_id);
    }

    /// The E911 callback follows the user's own number, unless a number of somebody else's was set.
    pub(super) fn follow_callback(&mut self, user_id: UserId) {
        let Some(e911) = self.facts.e911.get(&user_id).cloned() else { return };
        let callback = primary_number(&self.facts, user_id).map(|number| number.number.clone());
        if e911.callback != callback {
            let after = E911Address { callback, ..e911.clone() };
            let name = self.facts.users.get(&user_id).map(|user| user.profile.full_name()).unwrap_or_default();
            self.plan.e911.push(match &after.callback {
                Some(number) => format!("Emergency services call {name} back on {}", number.pretty()),
                None => format!("Emergency services can't call {name} back: no number is left"),
            });
            self.update(e911, after);
        }
    }
}
