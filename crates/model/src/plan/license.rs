//! Seats, and assigning and removing licenses now.

use super::{Assignment, SEATS_MAX};
use crate::change::USERS_MAX;
use crate::id::{AssignmentId, LicenseTypeId, TrackId, UserId};
use crate::license::{LicenseType, Requirement, Seats};
use crate::plan::{Blocker, BlockerKind, Draft, Repair};

impl Draft<'_> {
    pub(super) fn set_seats(&mut self, id: LicenseTypeId, bought: i64) {
        let Some(license) = self.facts.catalogue.license_type(id).cloned() else {
            return self.block(Blocker::not_found("license type"));
        };
        self.plan.summary = format!("Hold {bought} seats of {}", license.name);
        if !(0..=SEATS_MAX).contains(&bought) {
            let message = format!("write a number of seats from 0 to {SEATS_MAX}");
            return self.block(Blocker::field(BlockerKind::Invalid, "bought", message));
        }
        let account_id = self.facts.account.id;
        match self.facts.seats.get(&id).cloned() {
            Some(seats) => {
                if bought < seats.used {
                    let message = format!("{} seats of {} are in use; free some first", seats.used, license.name);
                    let blocker =
                        Blocker::new(BlockerKind::InUse, message, vec![Repair::FreeSeat { license_type_id: id }]);
                    self.block(Blocker { field: Some("bought".to_owned()), ..blocker });
                }
                let after = Seats { bought, ..seats.clone() };
                self.update(seats, after);
            }
            None => self.create(Seats { account_id, license_type_id: id, version: 1, bought, used: 0 }),
        }
    }

    pub(super) fn assign_license(&mut self, users: &[UserId], id: LicenseTypeId) {
        let Some(license) = self.facts.catalogue.license_type(id).cloned() else {
            return self.block(Blocker::not_found("license type"));
        };
        self.plan.summary = format!("Assign {} to {}", license.name, self.whom(users));
        if !self.check_users(users) {
            return;
        }
        for user_id in users {
            if self.user(*user_id).is_some() {
                self.give_license(*user_id, id);
            }
        }
    }

    /// In place of what the user holds of the track.
    pub(super) fn give_license(&mut self, user_id: UserId, id: LicenseTypeId) {
        let Some(license) = self.facts.catalogue.license_type(id).cloned() else {
            return self.block(Blocker::not_found("license type"));
        };
        let held = self.facts.assignments_of(user_id).find(|held| held.track_id == license.track_id).cloned();
        if held.as_ref().is_some_and(|held| held.license_type_id == id) {
            return;
        }
        if license.retired {
            let message = format!("{} is retired and can't be assigned anew; choose another type", license.name);
            self.block(Blocker::new(BlockerKind::Invalid, message, Vec::new()).for_user(user_id));
        }
        for requirement in &license.requirements {
            self.check_requirement(user_id, &license, requirement);
        }
        let account_id = self.facts.account.id;
        let assignment = Assignment {
            id: held
                .as_ref()
                .map_or_else(|| AssignmentId(self.request.id.derive(&license.slug, user_id.0)), |held| held.id),
            account_id,
            version: held.as_ref().map_or(1, |held| held.version),
            user_id,
            track_id: license.track_id,
            license_type_id: id,
            starts_at: self.context.now,
        };
        self.take_seat(id, 1);
        match held {
            Some(held) => {
                self.check_replaced(user_id, &held, &license);
                self.take_seat(held.license_type_id, -1);
                self.update(held, assignment);
            }
            None => self.create(assignment),
        }
    }

    /// Another license may require the very type that is being replaced.
    fn check_replaced(&mut self, user_id: UserId, held: &Assignment, by: &LicenseType) {
        let required: Vec<(String, TrackId)> = self
            .facts
            .assignments_of(user_id)
            .filter(|other| other.track_id != held.track_id)
            .filter_map(|other| self.facts.catalogue.license_type(other.license_type_id))
            .filter(|other| other.requirements.contains(&Requirement::Type(held.license_type_id)))
            .map(|other| (other.name.clone(), other.track_id))
            .collect();
        for (name, track_id) in required {
            let message = format!("{name} requires the license that {} would replace", by.name);
            let repairs = vec![Repair::RemoveLicense { user_id, track_id }];
            self.block(Blocker::new(BlockerKind::DependentLicense, message, repairs).for_user(user_id));
        }
    }

    pub(super) fn check_requirement(&mut self, user_id: UserId, license: &LicenseType, requirement: &Requirement) {
        let Some(user) = self.facts.users.get(&user_id) else { return };
        let (name, wanted) = (user.profile.full_name(), &license.name);
        let blocker = match requirement {
            Requirement::Number(kind) if self.missing_number(user_id, *kind) => {
                let message = format!("{wanted} requires a {kind} number, and {name} has none");
                Blocker::new(BlockerKind::MissingNumber, message, vec![Repair::PickNumber { user_id, kind: *kind }])
            }
            Requirement::Track(track) if !self.facts.assignments_of(user_id).any(|held| held.track_id == *track) => {
                let track_name = self.facts.catalogue.track(*track).map(|track| track.name.clone()).unwrap_or_default();
                let message = format!("{wanted} requires an active {track_name} license, and {name} has none");
                Blocker::new(
                    BlockerKind::MissingLicense,
                    message,
                    vec![Repair::AssignLicense { user_id, track_id: *track }],
                )
            }
            Requirement::Type(needed)
                if !self.facts.assignments_of(user_id).any(|held| held.license_type_id == *needed) =>
            {
                let needed = self.facts.catalogue.license_type(*needed);
                let needed_name = needed.map(|needed| needed.name.clone()).unwrap_or_default();
                let repairs = needed
                    .map(|needed| Repair::AssignLicense { user_id, track_id: needed.track_id })
                    .into_iter()
                    .collect();
                Blocker::new(
                    BlockerKind::MissingLicense,
                    format!("{wanted} requires {needed_name}, and {name} has none"),
                    repairs,
                )
            }
            Requirement::E911Confirmed if self.facts.e911.get(&user_id).is_none_or(|e911| e911.confirmed.is_none()) => {
                let message = format!("{wanted} requires a confirmed E911 address, and {name}'s is not confirmed");
                Blocker::new(BlockerKind::E911NotConfirmed, message, vec![Repair::ConfirmE911 { user_id }])
            }
            Requirement::LocationIn(countries) => {
                let location = user.profile.location_id.and_then(|id| self.facts.locations.get(&id));
                if location.is_some_and(|location| countries.contains(&location.site.address.country)) {
                    return;
                }
                let allowed = countries.iter().map(crate::address::Country::as_str).collect::<Vec<_>>().join(", ");
                let message = format!("{wanted} is for locations in {allowed}, and {name} is at none of them");
                Blocker::new(BlockerKind::LocationNotAllowed, message, vec![Repair::SetLocation { user_id }])
            }
            _ => return,
        };
        self.block(blocker.for_user(user_id));
    }

    pub(super) fn remove_license(&mut self, users: &[UserId], track_id: TrackId) {
        let Some(track) = self.facts.catalogue.track(track_id).cloned() else {
            return self.block(Blocker::not_found("track"));
        };
        self.plan.summary = format!("Remove the {} license of {}", track.name, self.whom(users));
        if !self.check_users(users) {
            return;
        }
        for user_id in users {
            if self.user(*user_id).is_none() {
                continue;
            }
            let Some(held) = self.facts.assignments_of(*user_id).find(|held| held.track_id == track_id).cloned() else {
                continue;
            };
            self.drop_license(held);
        }
    }

    /// What requires the license falls with it, and what requires that.
    fn drop_license(&mut self, held: Assignment) {
        let (user_id, track_id, type_id) = (held.user_id, held.track_id, held.license_type_id);
        self.facts.to_mut().assignments.retain(|other| other.id != held.id);
        self.take_seat(type_id, -1);
        let name = self.facts.users.get(&user_id).map(|user| user.profile.full_name()).unwrap_or_default();
        if self.facts.catalogue.is_voice(type_id) && self.facts.devices_of(user_id).next().is_some() {
            self.warn(
                Some(user_id),
                format!("{name}'s devices get no configuration and can't register until a Voice license is back"),
            );
        }
        self.delete(held);
        let falling: Vec<Assignment> = self
            .facts
            .assignments_of(user_id)
            .filter(|other| {
                self.facts.catalogue.license_type(other.license_type_id).is_some_and(|license| {
                    license.requirements.iter().any(|requirement| {
                        *requirement == Requirement::Track(track_id) || *requirement == Requirement::Type(type_id)
                    })
                })
            })
            .cloned()
            .collect();
        for other in falling {
            // An earlier fall may have taken it along.
            if self.facts.assignments.iter().any(|still| still.id == other.id) {
                let license =
                    self.facts.catalogue.license_type(other.license_type_id).map(|license| license.name.clone());
                self.warn(
                    Some(user_id),
                    format!("{} falls with it: it requires what is removed", license.unwrap_or_default()),
                );
                self.drop_license(other);
            }
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
