//! Users: add, edit, their wizard, their role and state.

use chrono::NaiveDate;

use crate::e911::E911Address;
use crate::facts::Facts;
use crate::id::{LicenseTypeId, NumberId, UserId};
use crate::leaving::Leaving;
use crate::license::Requirement;
use crate::lifecycle::Lifecycle;
use crate::phone_number::{NumberKind, NumberState, PhoneNumber};
use crate::plan::{Blocker, BlockerKind, Draft, Repair};
use crate::secret::Opaque;
use crate::user::{NewUser, Profile, Role, User, UserState, WizardStep};

impl Draft<'_> {
    pub(super) fn add_user(&mut self, new: &NewUser) {
        self.plan.summary = format!("Add user {}", new.profile.full_name());
        if new.package.is_none() && !new.without_license {
            let message = "no package is chosen: without a Voice license this phone will not ring";
            let confirm = Blocker::new(BlockerKind::NeedsConfirmation, message, vec![Repair::Confirm]);
            self.block(Blocker { field: Some("package".to_owned()), ..confirm });
        }
        if new.role == Role::AccountOwner {
            let message = "an account has one owner; only the operator changes who that is";
            self.block(Blocker::field(BlockerKind::Invalid, "role", message));
        }
        self.new_user(new);
    }

    pub(super) fn new_user(&mut self, new: &NewUser) {
        let id = self.id.new_user_id();
        let account_id = self.facts.account.id;
        self.plan.user_id = Some(id);
        self.check_profile(id, &new.profile, None);
        self.check_role(new.role, new.pin_hash.as_ref());
        if new.welcome_wanted && new.profile.email.is_none() {
            let message = "fill in the address that the welcome mail is sent to, or clear Send a welcome email";
            self.block(Blocker::field(BlockerKind::Invalid, "email", message));
        }
        let user = User {
            id,
            account_id,
            version: 1,
            profile: new.profile.clone(),
            role: new.role,
            state: UserState::Active,
            pin_hash: new.pin_hash.clone(),
            wizard: new.wizard,
            welcome_wanted: new.welcome_wanted && new.wizard.is_some(),
            created_at: self.context.now,
            deleted_at: None,
            recordings_go: false,
            purged_at: None,
        };
        self.create(user);

        let landline = self.new_number(id, "number_id", new.number_id);
        let mobile = self.new_number(id, "mobile_number_id", new.mobile_number_id);
        if let (Some(first), Some(second)) = (&landline, &mobile)
            && first.kind == second.kind
        {
            let message = format!("a user has one {} number; choose one of the other kind", first.kind);
            self.block(Blocker::field(BlockerKind::Invalid, "mobile_number_id", message));
        }
        let primary = landline.iter().chain(&mobile).min_by_key(|number| number.kind).cloned();
        if let Some(location) = new.profile.location_id.and_then(|id| self.facts.locations.get(&id)).cloned() {
            let callback = primary.as_ref().map(|number| number.number.clone());
            let e911 = E911Address {
                user_id: id,
                account_id,
                version: 1,
                address: location.site.address.clone(),
                callback,
                confirmed: None,
            };
            self.plan
                .e911
                .push(format!("The E911 address is filled in from {} and waits to be confirmed", location.site.name));
            self.create(e911);
        }
        if let Some(package) = new.package {
            self.new_package(id, package);
        }
        if new.welcome_wanted && new.wizard.is_none() {
            self.queue_welcome(id);
        }
    }

    /// Takes a free number from the inventory for a new user.
    fn new_number(&mut self, user_id: UserId, field: &str, id: Option<NumberId>) -> Option<PhoneNumber> {
        let id = id?;
        let Some(number) = self.facts.numbers.get(&id).cloned() else {
            self.block(Blocker::field(BlockerKind::NotFound, field, "choose a phone number from the list"));
            return None;
        };
        if number.state != NumberState::Free {
            let message = format!("{} was taken meanwhile; choose another number", number.number.pretty());
            self.block(Blocker::field(BlockerKind::Taken, field, message));
            return None;
        }
        let after = PhoneNumber { user_id: Some(user_id), state: NumberState::Assigned, ..number.clone() };
        self.update(number, after.clone());
        Some(after)
    }

    fn new_package(&mut self, user_id: UserId, package: LicenseTypeId) {
        if !self.facts.catalogue.is_voice(package) {
            self.block(Blocker::field(BlockerKind::Invalid, "package", "choose one of the Voice licenses"));
            return;
        }
        let blockers = self.plan.blockers.len();
        self.give_license(user_id, package);
        for blocker in &mut self.plan.blockers[blockers..] {
            blocker.field.get_or_insert_with(|| "package".to_owned());
        }
    }

    pub(super) fn edit_profile(&mut self, id: UserId, version: Option<i64>, profile: &Profile) {
        let Some(user) = self.user(id) else { return };
        self.plan.summary = format!("Change {}'s profile", user.profile.full_name());
        self.plan.user_id = Some(id);
        self.check_version(version, user.version, "user");
        self.check_profile(id, profile, Some(&user.profile));
        if profile.email.is_none() && user.welcome_wanted {
            let message = "the welcome mail still has to go out; keep an address for it";
            self.block(Blocker::field(BlockerKind::Invalid, "email", message));
        }
        if profile.location_id != user.profile.location_id {
            self.reopen_for_location(&user, profile);
        }
        let after = User { profile: profile.clone(), ..user.clone() };
        self.update(user, after);
        for requirement_of in self.facts.assignments_of(id).map(|held| held.license_type_id).collect::<Vec<_>>() {
            self.keep_location_requirement(id, requirement_of);
        }
    }

    /// A user who moves is not where the confirmed address says: it opens again, filled in from the new location.
    fn reopen_for_location(&mut self, user: &User, profile: &Profile) {
        let location = profile.location_id.and_then(|id| self.facts.locations.get(&id)).cloned();
        let current = self.facts.e911.get(&user.id).cloned();
        match (current, location) {
            (Some(e911), Some(location)) => {
                let after = E911Address { address: location.site.address.clone(), confirmed: None, ..e911.clone() };
                self.plan.e911.push(format!(
                    "The E911 address is filled in from {} and has to be confirmed anew",
                    location.site.name
                ));
                self.update(e911, after);
            }
            (Some(e911), None) => {
                self.plan.e911.push("The E911 address stays and has to be confirmed anew".to_owned());
                let after = E911Address { confirmed: None, ..e911.clone() };
                self.update(e911, after);
            }
            (None, Some(location)) => {
                let callback = primary_number(&self.facts, user.id).map(|number| number.number.clone());
                let (user_id, account_id) = (user.id, user.account_id);
                let address = location.site.address;
                self.create(E911Address { user_id, account_id, version: 1, address, callback, confirmed: None });
            }
            (None, None) => {}
        }
    }

    fn keep_location_requirement(&mut self, user_id: UserId, license: LicenseTypeId) {
        let Some(license) = self.facts.catalogue.license_type(license).cloned() else { return };
        for requirement in license.requirements.iter().filter(|r| matches!(r, Requirement::LocationIn(_))) {
            self.check_requirement(user_id, &license, requirement);
        }
    }

    pub(super) fn check_profile(&mut self, id: UserId, profile: &Profile, before: Option<&Profile>) {
        let taken = &self.facts.taken;
        let mut blockers = Vec::new();
        if taken.usernames.get(&profile.username.key()).is_some_and(|holder| *holder != Some(id)) {
            blockers.push(Blocker::field(
                BlockerKind::Taken,
                "username",
                format!("{} is taken; choose another username", profile.username),
            ));
        }
        if let Some(extension) = &profile.extension {
            if let Some(holder) = taken.extensions.get(extension).filter(|holder| **holder != id) {
                let name = self
                    .facts
                    .users
                    .get(holder)
                    .map_or_else(|| "another user".to_owned(), |user| user.profile.full_name());
                let message = format!("extension {extension} belongs to {name}; choose another");
                blockers.push(Blocker::field(BlockerKind::Taken, "extension", message));
            }
            if let Err(error) = self.facts.account.settings.dial_plan.check(extension)
                && before.and_then(|before| before.extension.as_ref()) != Some(extension)
            {
                blockers.push(Blocker::field(BlockerKind::Invalid, "extension", error.to_string()));
            }
        }
        if let Some(to) = &profile.unreachable
            && let Some(blocker) = self.destination_blocker(id, profile.extension.as_ref(), "unreachable", to)
        {
            blockers.push(blocker);
        }
        if profile.location_id.is_some_and(|location| !self.facts.locations.contains_key(&location)) {
            blockers.push(Blocker::field(BlockerKind::NotFound, "location_id", "choose a location from the list"));
        }
        if profile.department_id.is_some_and(|department| !self.facts.departments.contains_key(&department)) {
            blockers.push(Blocker::field(BlockerKind::NotFound, "department_id", "choose a department from the list"));
        }
        self.plan.blockers.extend(blockers);
    }

    fn check_role(&mut self, role: Role, pin_hash: Option<&Opaque>) {
        if role == Role::AuthorizedUser && pin_hash.is_none() {
            self.block(Blocker::field(BlockerKind::Invalid, "pin", "an Authorized User needs a PIN of 4 digits"));
        }
    }

    pub(super) fn set_wizard(&mut self, id: UserId, wizard: Option<WizardStep>) {
        let Some(user) = self.user(id) else { return };
        let name = user.profile.full_name();
        self.plan.user_id = Some(id);
        let finished = user.wizard.is_some() && wizard.is_none();
        self.plan.summary = if finished { format!("Finish adding {name}") } else { format!("Go on adding {name}") };
        let welcome = finished && user.welcome_wanted;
        let after = User { wizard, welcome_wanted: user.welcome_wanted && !welcome, ..user.clone() };
        self.update(user, after);
        if welcome {
            self.queue_welcome(id);
        }
    }

    pub(super) fn set_security(&mut self, id: UserId, version: Option<i64>, role: Role, pin_hash: Option<&Opaque>) {
        let Some(user) = self.user(id) else { return };
        self.plan.summary = format!("Change {}'s security information", user.profile.full_name());
        self.plan.user_id = Some(id);
        self.check_version(version, user.version, "user");
        if (user.role == Role::AccountOwner) != (role == Role::AccountOwner) {
            let message = "an account has one owner; only the operator changes who that is";
            self.block(Blocker::field(BlockerKind::Invalid, "role", message));
        }
        let pin_hash =
            pin_hash.or(user.pin_hash.as_ref()).filter(|_| role != Role::User && role != Role::Administrator).cloned();
        self.check_role(role, pin_hash.as_ref());
        let after = User { role, pin_hash, ..user.clone() };
        self.update(user, after);
    }

    pub(super) fn set_user_state(&mut self, users: &[UserId], state: UserState, date: Option<NaiveDate>) {
        match (state, date) {
            (_, None) => {}
            (UserState::Suspended, Some(date)) => return self.set_state_on(users, &Lifecycle::Suspended, date),
            (UserState::Active, Some(date)) => return self.set_state_on(users, &Lifecycle::Resumed, date),
            (UserState::Deleted, Some(date)) => return self.delete_users_on(users, &Leaving::default(), date),
        }
        let whom = self.whom(users);
        self.plan.summary = match state {
            UserState::Suspended => format!("Suspend {whom}"),
            UserState::Active => format!("Resume {whom}"),
            UserState::Deleted => return self.delete_users(users, &Leaving::default()),
        };
        if !self.check_users(users) {
            return;
        }
        let mut suspended = 0;
        for id in users {
            let Some(user) = self.user(*id) else { return };
            if user.role == Role::AccountOwner && state == UserState::Suspended {
                let message = "the Account Owner can't be suspended; ask the operator to name another owner first";
                self.block(Blocker::new(BlockerKind::Invalid, message, Vec::new()).for_user(*id));
            }
            suspended += usize::from(state == UserState::Suspended && user.state == UserState::Active);
            let after = User { state, ..user.clone() };
            self.update(user, after);
        }
        if suspended > 0 {
            let who = match (users.len(), suspended) {
                (1, _) => whom,
                (_, 1) => "1 user".to_owned(),
                (_, many) => format!("{many} users"),
            };
            let message = format!("{who} can neither sign in nor register a phone until resumed; nothing else changes");
            self.warn(self.plan.user_id, message);
        }
    }
}

/// The landline, or else the mobile number.
pub(super) fn primary_number(facts: &Facts, user: UserId) -> Option<&PhoneNumber> {
    facts.numbers_of(user).min_by_key(|number| number.kind)
}

/// Whether the user holds a number of this kind.
pub(super) fn has_number(facts: &Facts, user: UserId, kind: NumberKind) -> bool {
    facts.numbers_of(user).any(|number| number.kind == kind)
}
