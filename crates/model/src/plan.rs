//! The exact, reviewed effect of a change before it happens. Planning is a pure function of the change and the facts.

mod account;
mod blocker;
mod department;
mod device;
mod e911;
mod greeting;
mod license;
mod location;
mod phone_number;
mod step;
mod user;
mod welcome;
mod words;

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::blocker::{Blocker, BlockerKind, Repair, Warning, field_errors};
pub use self::step::{FieldChange, Record, Step};
use crate::change::{Change, ChangeRequest};
use crate::facts::{Facts, Mint};
use crate::id::{LicenseTypeId, UserId};
use crate::license::{Assignment, SEATS_MAX};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// In words, such as "Assign Business to 3 users".
    pub summary: String,
    /// The user that it is mainly about.
    pub user_id: Option<UserId>,
    pub steps: Vec<Step>,
    pub blockers: Vec<Blocker>,
    pub warnings: Vec<Warning>,
    pub seats: Vec<SeatEffect>,
    /// What becomes of emergency addresses, in words.
    pub e911: Vec<String>,
}

/// Seats of one type before and after. Only `delta` is carried out and compared; others take and free seats meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatEffect {
    pub license_type_id: LicenseTypeId,
    pub name: String,
    pub bought: i64,
    pub used: i64,
    pub delta: i64,
}

impl SeatEffect {
    pub fn free_before(&self) -> i64 {
        self.bought - self.used
    }

    pub fn free_after(&self) -> i64 {
        self.bought - self.used - self.delta
    }
}

/// What two plans of one change are compared by: steps with the versions that they read, blockers, seat deltas; without
/// minted secrets and the counts that others move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

/// What planning is told beside the facts.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub now: DateTime<Utc>,
    /// The name of who asks, as it will stand beside a confirmation.
    pub actor: &'a str,
    pub mint: &'a dyn Mint,
}

pub fn plan(facts: &Facts, request: &ChangeRequest, context: Context<'_>) -> Plan {
    let mut draft = Draft { facts: Cow::Borrowed(facts), request, context, plan: Plan::new() };
    match &request.change {
        Change::OpenAccount { number, settings, owner } => draft.open_account(number, settings, owner),
        Change::EditAccount { version, settings } => draft.edit_account(*version, settings),
        Change::AddLocation { site } => draft.add_location(site),
        Change::EditLocation { location_id, version, site } => draft.edit_location(*location_id, *version, site),
        Change::DeleteLocation { location_id } => draft.delete_location(*location_id),
        Change::AddDepartment { name } => draft.add_department(name),
        Change::EditDepartment { department_id, version, name } => {
            draft.edit_department(*department_id, *version, name);
        }
        Change::DeleteDepartment { department_id } => draft.delete_department(*department_id),
        Change::AddUser { user } => draft.add_user(user),
        Change::EditProfile { user_id, version, profile } => draft.edit_profile(*user_id, *version, profile),
        Change::SetWizard { user_id, wizard } => draft.set_wizard(*user_id, *wizard),
        Change::SetSecurity { user_id, version, role, pin_hash } => {
            draft.set_security(*user_id, *version, *role, pin_hash.as_ref());
        }
        Change::SetUserState { user_id, state } => draft.set_user_state(*user_id, *state),
        Change::AddNumbers { numbers, kind, location_id } => draft.add_numbers(numbers, *kind, *location_id),
        Change::AssignNumber { number_id, user_id } => draft.assign_number(*number_id, *user_id),
        Change::ConfirmE911 { user_id, address, callback, confirmed } => {
            draft.confirm_e911(*user_id, address, callback.as_ref(), *confirmed);
        }
        Change::AddDevice { device } => draft.add_device(device),
        Change::AssignDevice { device_id, user_id } => draft.assign_device(*device_id, *user_id),
        Change::UnassignDevice { device_id } => draft.unassign_device(*device_id),
        Change::LockDevice { device_id, locked } => draft.lock_device(*device_id, *locked),
        Change::DeleteDevice { device_id } => draft.delete_device(*device_id),
        Change::Generate { device_id } => draft.generate(*device_id),
        Change::SetSeats { license_type_id, bought } => draft.set_seats(*license_type_id, *bought),
        Change::AssignLicense { user_ids, license_type_id } => draft.assign_license(user_ids, *license_type_id),
        Change::RemoveLicense { user_ids, track_id } => draft.remove_license(user_ids, *track_id),
        Change::SetGreeting { user_id, file_name, duration_ms, audio } => {
            draft.set_greeting(*user_id, file_name, *duration_ms, audio);
        }
        Change::RemoveGreeting { user_id } => draft.remove_greeting(*user_id),
        Change::SendWelcome { user_ids } => draft.send_welcome(user_ids),
    }
    draft.finish()
}

impl Plan {
    fn new() -> Self {
        Self {
            summary: String::new(),
            user_id: None,
            steps: Vec::new(),
            blockers: Vec::new(),
            warnings: Vec::new(),
            seats: Vec::new(),
            e911: Vec::new(),
        }
    }

    pub fn blocked(&self) -> bool {
        !self.blockers.is_empty()
    }

    /// Nothing would change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && !self.blocked()
    }

    /// More than one record would change: the person is shown the plan first.
    pub fn wants_review(&self) -> bool {
        self.steps.len() > 1 || !self.warnings.is_empty()
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let deltas: Vec<_> = self.seats.iter().map(|seats| (seats.license_type_id, seats.delta)).collect();
        let blockers: Vec<_> = self.blockers.iter().map(|blocker| (blocker.kind, &blocker.message)).collect();
        let mut hash = Sha256::new();
        // The instant is part of what is written (`created_at`, `confirmed.at`) and differs between two plans, so records
        // are compared by their before-image and by the fields that a person reads.
        for step in &self.steps {
            let seen = serde_json::to_vec(&(step.identity(), step.version_before(), &step.changes)).unwrap_or_default();
            hash.update(seen);
        }
        hash.update(serde_json::to_vec(&(deltas, blockers)).unwrap_or_default());
        Fingerprint(hex::encode(hash.finalize()))
    }

    /// Users whose page, readiness or calls this plan touches.
    pub fn touched_users(&self) -> BTreeSet<UserId> {
        self.steps.iter().flat_map(Step::users).collect()
    }
}

/// A plan in the making.
struct Draft<'a> {
    /// Borrowed until a step has to be seen by a later one: a new user's number, by the license that requires it.
    facts: Cow<'a, Facts>,
    request: &'a ChangeRequest,
    context: Context<'a>,
    plan: Plan,
}

impl Draft<'_> {
    fn step(&mut self, before: Option<Record>, after: Option<Record>) {
        if before != after {
            let step = Step::new(before, after, &self.facts);
            self.plan.steps.push(step);
        }
    }

    fn create(&mut self, record: impl Into<Record>) {
        self.step(None, Some(record.into()));
    }

    fn update(&mut self, before: impl Into<Record>, after: impl Into<Record>) {
        self.step(Some(before.into()), Some(after.into()));
    }

    fn delete(&mut self, record: impl Into<Record>) {
        self.step(Some(record.into()), None);
    }

    fn block(&mut self, blocker: Blocker) {
        self.plan.blockers.push(blocker);
    }

    fn warn(&mut self, user_id: Option<UserId>, message: impl Into<String>) {
        self.plan.warnings.push(Warning { user_id, message: message.into() });
    }

    /// The user, or a blocker that says there is none.
    fn user(&mut self, id: UserId) -> Option<crate::user::User> {
        let user = self.facts.users.get(&id).cloned();
        if user.is_none() {
            self.block(Blocker::not_found("user"));
        }
        user
    }

    /// Blocks when the record moved on since the person saw it.
    fn check_version(&mut self, seen: Option<i64>, current: i64, what: &str) {
        if seen.is_some_and(|seen| seen != current) {
            self.block(Blocker::stale(what));
        }
    }

    fn take_seat(&mut self, license_type_id: LicenseTypeId, delta: i64) {
        if let Some(effect) = self.plan.seats.iter_mut().find(|effect| effect.license_type_id == license_type_id) {
            effect.delta += delta;
            return;
        }
        let name =
            self.facts.catalogue.license_type(license_type_id).map(|license| license.name.clone()).unwrap_or_default();
        let (bought, used) = self.facts.seats.get(&license_type_id).map_or((0, 0), |seats| (seats.bought, seats.used));
        self.plan.seats.push(SeatEffect { license_type_id, name, bought, used, delta });
    }

    fn finish(mut self) -> Plan {
        self.plan.seats.retain(|effect| effect.delta != 0);
        let short: Vec<SeatEffect> =
            self.plan.seats.iter().filter(|effect| effect.delta > 0 && effect.free_after() < 0).cloned().collect();
        for effect in short {
            self.block(Blocker::no_free_seat(&effect));
        }
        // What is blocked is not carried out; its steps would only mislead.
        if self.plan.blocked() && self.plan.steps.is_empty() {
            self.plan.seats.clear();
        }
        self.plan
    }
}

#[cfg(test)]
mod tests;
