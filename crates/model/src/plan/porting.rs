//! Numbers that port in: expected on a date, promised to a user, completed.

use chrono::NaiveDate;

use crate::id::{LocationId, NumberId, UserId};
use crate::phone_number::{E164, NumberKind, NumberState, PhoneNumber};
use crate::plan::{Blocker, BlockerKind, Draft, Repair};
use crate::schedule::{EntryState, ScheduleEntry, in_words, last_date};

impl Draft<'_> {
    pub(super) fn port_numbers(
        &mut self,
        numbers: &[E164],
        kind: NumberKind,
        location_id: Option<LocationId>,
        date: NaiveDate,
    ) {
        let on = in_words(date);
        self.plan.summary = match numbers {
            [number] => format!("Add {kind} number {}, porting in on {on}", number.pretty()),
            numbers => format!("Add {} {kind} numbers, porting in on {on}", numbers.len()),
        };
        self.check_port_date(date);
        self.new_numbers(numbers, kind, location_id, Some(date));
    }

    /// Entries that wait for the number are rehearsed anew: the plan touches whom it is promised to.
    pub(super) fn move_port(&mut self, id: NumberId, version: Option<i64>, date: NaiveDate) {
        let Some(number) = self.porting(id) else { return };
        self.plan.summary = format!("Expect {} on {}", number.number.pretty(), in_words(date));
        self.check_version(version, number.version, "phone number");
        self.check_port_date(date);
        let after = PhoneNumber { ports_on: Some(date), ..number.clone() };
        self.update(number, after);
    }

    /// From now on it is used: by whom it was promised to, or it is free. What failed only for lack of it goes on.
    pub(super) fn complete_port(&mut self, id: NumberId) {
        let Some(number) = self.porting(id) else { return };
        let pretty = number.number.pretty();
        let to = number.promised_to;
        let state = if to.is_some() { NumberState::Assigned } else { NumberState::Free };
        let after = PhoneNumber { state, user_id: to, ports_on: None, promised_to: None, ..number.clone() };
        let Some(to) = to else {
            self.plan.summary = format!("{pretty} has arrived and is free");
            return self.update(number, after);
        };
        self.plan.summary = format!("{pretty} has arrived for {}", self.facts.name_of(to));
        self.replace_number_of(to, &after);
        self.update(number, after);
        self.follow_callback(to);
        self.go_on_with(to, id);
    }

    /// To whom it goes when it arrives; to nobody.
    pub(super) fn promise_number(&mut self, number: PhoneNumber, to: Option<UserId>) {
        let pretty = number.number.pretty();
        let on = number.ports_on.map(in_words).unwrap_or_default();
        if number.promised_to == to {
            self.plan.summary = format!("{pretty} stays as it is");
            return;
        }
        self.plan.user_id = to.or(number.promised_to);
        self.plan.summary = format!("Promise {pretty} to nobody");
        if let Some(to) = to {
            let Some(user) = self.user(to) else { return };
            self.plan.summary = format!("Give {pretty} to {} when it ports in on {on}", user.profile.full_name());
            let other = self.facts.numbers_promised_to(to).find(|other| other.kind == number.kind).cloned();
            if let Some(other) = other {
                self.warn(Some(to), format!("{} is promised to nobody any more", other.number.pretty()));
                let after = PhoneNumber { promised_to: None, ..other.clone() };
                self.update(other, after);
            }
        }
        let after = PhoneNumber { promised_to: to, ..number.clone() };
        self.update(number, after);
    }

    /// Entries that failed for want of this number alone are due again today: they are looked at once more like all others.
    fn go_on_with(&mut self, user: UserId, number: NumberId) {
        let waited = |entry: &&ScheduleEntry| {
            entry.state == EntryState::Failed
                && entry.has_conflicts()
                && entry.conflicts.iter().all(|conflict| conflict.waits_for(number))
        };
        let entries: Vec<ScheduleEntry> = self.facts.schedule.of(user).filter(waited).cloned().collect();
        let today = self.today();
        for entry in entries {
            if self.same_day(user, entry.track_id, today, Some(entry.id)).is_none() {
                self.move_entry(entry, today);
            }
        }
    }

    fn porting(&mut self, id: NumberId) -> Option<PhoneNumber> {
        let Some(number) = self.facts.numbers.get(&id).cloned() else {
            self.block(Blocker::not_found("phone number"));
            return None;
        };
        if number.state != NumberState::PortingIn {
            let message = format!("{} is not porting in", number.number.pretty());
            self.block(Blocker::new(BlockerKind::Invalid, message, vec![Repair::Reload]));
            return None;
        }
        Some(number)
    }

    fn check_port_date(&mut self, date: NaiveDate) {
        let today = self.today();
        if date < today || date > last_date(today) {
            let message = format!("choose a date from {} to {}", in_words(today), in_words(last_date(today)));
            self.block(Blocker::field(BlockerKind::Invalid, "ports_on", message));
        }
    }
}

impl Blocker {
    /// Nothing but this number, which is porting in, is missing.
    fn waits_for(&self, number: NumberId) -> bool {
        self.kind == BlockerKind::MissingNumber
            && self.repairs.iter().any(|repair| match repair {
                Repair::WaitForPort { number_id, .. } | Repair::CompletePort { number_id } => *number_id == number,
                _ => false,
            })
    }
}
