//! Seats, and licenses assigned and removed: now, or scheduled for a date.

use chrono::NaiveDate;

use super::requirement::{Day, dependent, falling, missing, unmet};
use super::{Assignment, SEATS_MAX};
use crate::change::USERS_MAX;
use crate::id::{AssignmentId, LicenseTypeId, TrackId, UserId};
use crate::license::{BINDINGS_MAX, LicenseType, Requirement, SeatBinding, Seats};
use crate::plan::{Blocker, BlockerKind, Draft, Repair};
use crate::schedule::in_words;

impl Draft<'_> {
    pub(super) fn set_seats(&mut self, id: LicenseTypeId, bought: i64, bound: Option<&[SeatBinding]>) {
        let Some(license) = self.facts.catalogue.license_type(id).cloned() else {
            return self.block(Blocker::not_found("license type"));
        };
        self.plan.summary = format!("Hold {bought} seats of {}", license.name);
        if !(0..=SEATS_MAX).contains(&bought) {
            let message = format!("write a number of seats from 0 to {SEATS_MAX}");
            return self.block(Blocker::field(BlockerKind::Invalid, "bought", message));
        }
        let before = self.facts.seats.get(&id).cloned();
        let mut bound = match (bound, &before) {
            (Some(bound), _) => bound.to_vec(),
            (None, Some(seats)) => seats.bound.clone(),
            (None, None) => Vec::new(),
        };
        let today = self.today();
        bound.retain(|binding| binding.until >= today && binding.seats != 0);
        bound.sort();
        let account_id = self.facts.account.id;
        let after = Seats {
            account_id,
            license_type_id: id,
            version: before.as_ref().map_or(1, |seats| seats.version),
            bought,
            bound,
            used: before.as_ref().map_or(0, |seats| seats.used),
        };
        self.check_bound(&after, before.as_ref(), &license.name);
        let peak = self.facts.seat_timeline(id).peak();
        if bought < peak {
            let message = if bought < after.used {
                format!("{} seats of {} are in use; free some first", after.used, license.name)
            } else {
                let from = self.facts.seat_timeline(id).first_above(bought).map(in_words).unwrap_or_default();
                format!(
                    "{peak} seats of {} are needed from {from} on by what is scheduled; free or reschedule some first",
                    license.name
                )
            };
            let blocker = Blocker::new(BlockerKind::InUse, message, vec![Repair::FreeSeat { license_type_id: id }]);
            self.block(Blocker { field: Some("bought".to_owned()), ..blocker });
        }
        match before {
            Some(before) => self.update(before, after),
            None => self.create(after),
        }
    }

    fn check_bound(&mut self, seats: &Seats, before: Option<&Seats>, name: &str) {
        let today = self.today();
        let invalid = seats.bound.len() > BINDINGS_MAX
            || seats.bound.iter().any(|binding| !(1..=SEATS_MAX).contains(&binding.seats));
        if invalid {
            let message = format!("write at most {BINDINGS_MAX} bindings, each with a number of seats and an end date");
            return self.block(Blocker::field(BlockerKind::Invalid, "bound", message));
        }
        let now = seats.bound_on(today);
        if let Some(last) = seats.bound.last().filter(|_| seats.bought < now) {
            let message = format!(
                "{now} seats of {name} are bound, the last until {}; hold at least {now}",
                in_words(last.until)
            );
            self.block(Blocker::field(BlockerKind::InUse, "bought", message));
        }
        let was_bound = before.map_or(0, |before| before.bound_on(today));
        if now < was_bound {
            self.warn(None, format!("{} seats of {name} are no longer held as bound", was_bound - now));
        }
    }

    pub(super) fn assign_license(&mut self, users: &[UserId], id: LicenseTypeId, date: Option<NaiveDate>) {
        let Some(license) = self.facts.catalogue.license_type(id).cloned() else {
            return self.block(Blocker::not_found("license type"));
        };
        let on = date.map(|date| format!(" on {}", in_words(date))).unwrap_or_default();
        self.plan.summary = format!("Assign {} to {}{on}", license.name, self.whom(users));
        if !self.check_users(users) {
            return;
        }
        if date.is_some_and(|date| !self.check_date(date)) {
            return;
        }
        for user_id in users {
            if !self.knows_user(*user_id) {
                continue;
            }
            match date {
                Some(date) => {
                    self.warn_of_devices(*user_id, &license, Some(date));
                    self.schedule(*user_id, license.track_id, Some(id), date);
                }
                None => self.give_license(*user_id, id),
            }
        }
    }

    /// Now, in place of what the user holds of the track; blocked by whatever requirement is not met.
    pub(super) fn give_license(&mut self, user_id: UserId, id: LicenseTypeId) {
        let Some(license) = self.facts.catalogue.license_type(id).cloned() else {
            return self.block(Blocker::not_found("license type"));
        };
        let mut holding = self.facts.holding(user_id);
        let held = holding.remove(&license.track_id);
        if held == Some(id) {
            return;
        }
        let mut blockers = unmet(&self.facts, user_id, &license, &holding, Day::now(self.today()));
        blockers.extend(held.iter().flat_map(|held| dependent(&self.facts, user_id, *held, &license, &holding)));
        self.plan.blockers.extend(blockers);
        self.put_license(user_id, &license, self.context.now);
    }

    /// Without looking at requirements.
    pub(super) fn put_license(&mut self, user_id: UserId, license: &LicenseType, at: chrono::DateTime<chrono::Utc>) {
        self.warn_of_devices(user_id, license, None);
        let held = self.facts.assignments.get(&(user_id, license.track_id)).cloned();
        let new_id = || AssignmentId(self.id.derive(&license.slug, user_id.0));
        let assignment = Assignment {
            id: held.as_ref().map_or_else(new_id, |held| held.id),
            account_id: self.facts.account.id,
            version: held.as_ref().map_or(1, |held| held.version),
            user_id,
            track_id: license.track_id,
            license_type_id: license.id,
            starts_at: at,
            change_id: Some(self.change_id),
        };
        self.take_seat(license.id, 1);
        match held {
            Some(held) => {
                self.take_seat(held.license_type_id, -1);
                self.update(held, assignment);
            }
            None => self.create(assignment),
        }
    }

    pub(super) fn check_requirement(&mut self, user_id: UserId, license: &LicenseType, requirement: &Requirement) {
        let holding = self.facts.holding(user_id);
        if let Some(blocker) = missing(&self.facts, user_id, license, requirement, &holding, Day::now(self.today())) {
            self.block(blocker);
        }
    }

    pub(super) fn remove_license(&mut self, users: &[UserId], track_id: TrackId, date: Option<NaiveDate>) {
        let Some(track) = self.facts.catalogue.track(track_id).cloned() else {
            return self.block(Blocker::not_found("track"));
        };
        let on = date.map(|date| format!(" on {}", in_words(date))).unwrap_or_default();
        self.plan.summary = format!("Remove the {} license of {}{on}", track.name, self.whom(users));
        if !self.check_users(users) {
            return;
        }
        if date.is_some_and(|date| !self.check_date(date)) {
            return;
        }
        for user_id in users {
            if !self.knows_user(*user_id) {
                continue;
            }
            match date {
                Some(date) => self.schedule(*user_id, track_id, None, date),
                None => self.drop_license(*user_id, track_id),
            }
        }
    }

    /// What requires the license falls with it, and what requires that.
    pub(super) fn drop_license(&mut self, user_id: UserId, track_id: TrackId) {
        let Some(held) = self.facts.assignments.get(&(user_id, track_id)).cloned() else { return };
        let holding = self.facts.holding(user_id);
        let fallen = falling(&self.facts, held.license_type_id, &holding);
        let name = self.facts.name_of(user_id);
        if self.facts.catalogue.is_voice(held.license_type_id) && self.facts.devices_of(user_id).next().is_some() {
            self.warn(
                Some(user_id),
                format!("{name}'s devices get no configuration and can't register until a Voice license is back"),
            );
        }
        self.take_seat(held.license_type_id, -1);
        self.delete(held);
        for license_type_id in fallen {
            let other =
                self.facts.assignments_of(user_id).find(|held| held.license_type_id == license_type_id).cloned();
            let Some(other) = other else { continue };
            let license = self.facts.license_name(license_type_id);
            self.warn(Some(user_id), format!("{license} falls with it: it requires what is removed"));
            self.take_seat(license_type_id, -1);
            self.delete(other);
        }
    }

    pub(super) fn check_users(&mut self, users: &[UserId]) -> bool {
        let fits = (1..=USERS_MAX).contains(&users.len());
        if !fits {
            let message = format!("choose between 1 and {USERS_MAX} users");
            self.block(Blocker::field(BlockerKind::Invalid, "user_ids", message));
        }
        if let [user_id] = users {
            self.plan.user_id = Some(*user_id);
        }
        fits
    }

    pub(super) fn whom(&self, users: &[UserId]) -> String {
        match users {
            [id] => self.facts.users.get(id).map_or_else(|| "1 user".to_owned(), |user| user.profile.full_name()),
            users => format!("{} users", users.len()),
        }
    }
}
