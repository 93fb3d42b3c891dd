//! The exact, reviewed effect of a change before it happens. Planning is a pure function of the change and the facts.

mod account;
mod blocker;
mod call_settings;
mod department;
mod device;
mod e911;
mod fingerprint;
mod forwarding;
mod greeting;
mod import;
mod lamp_keys;
mod leaving;
mod license;
mod lifecycle;
mod location;
mod mass_edit;
mod operator_trunk;
mod parts;
mod phone_number;
mod porting;
mod purge;
mod record;
mod recording;
mod rehearsal;
mod requirement;
mod resync;
mod schedule;
mod step;
mod together;
mod trunk;
mod undo;
mod user;
mod voicemail;
mod welcome;
mod words;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::blocker::{Blocker, BlockerKind, Repair, Warning, field_errors};
pub use self::fingerprint::Fingerprint;
pub use self::operator_trunk::plan_operator_trunk;
pub use self::parts::{Earlier, Planning, Turn};
pub use self::record::Record;
pub use self::step::{FieldChange, Step};
use crate::change::{Change, ChangeRequest};
use crate::facts::{Facts, Mint, SeatDays};
use crate::id::{ChangeId, DeviceId, LicenseTypeId, ScheduleEntryId, UserId};
use crate::import::PlannedRow;
use crate::license::{Assignment, SEATS_MAX};
use crate::resync::ResyncOrder;
use crate::undo::Chosen;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// In words, such as "Assign Business to 3 users".
    pub summary: String,
    /// The user that it is mainly about.
    pub user_id: Option<UserId>,
    pub steps: Vec<Step>,
    pub blockers: Vec<Blocker>,
    pub warnings: Vec<Warning>,
    /// What would make the scheduled part of this change fail on its date. It can be scheduled all the same.
    #[serde(default)]
    pub conflicts: Vec<Blocker>,
    pub seats: Vec<SeatEffect>,
    /// What becomes of emergency addresses, in words.
    pub e911: Vec<String>,
    /// Phones that are asked to fetch their configuration once it is carried out.
    #[serde(default)]
    pub resyncs: Vec<ResyncOrder>,
    /// What becomes of each row of a file.
    #[serde(default)]
    pub rows: Vec<PlannedRow>,
    /// What stays of parts that were handed over.
    #[serde(skip)]
    pub earlier: Earlier,
}

/// Seats of one type before and after: now, or on the date of a scheduled change. Only `delta` is carried out and compared;
/// others take and free seats meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatEffect {
    pub license_type_id: LicenseTypeId,
    pub name: String,
    pub bought: i64,
    pub used: i64,
    pub delta: i64,
    /// `None`: now.
    #[serde(default)]
    pub date: Option<NaiveDate>,
}

impl SeatEffect {
    pub fn free_before(&self) -> i64 {
        self.bought - self.used
    }

    pub fn free_after(&self) -> i64 {
        self.bought - self.used - self.delta
    }
}

/// What planning is told beside the facts.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub now: DateTime<Utc>,
    /// The name of who asks, as it will stand beside a confirmation.
    pub actor: &'a str,
    pub mint: &'a dyn Mint,
}

/// Of a file of thousands of rows without the steps of all but the last part.
pub fn plan(facts: &Facts, request: &ChangeRequest, context: Context<'_>) -> Plan {
    let mut planning = Planning::new(facts, request, context);
    while planning.next_part().is_some() {}
    planning.finish()
}

impl Draft<'_> {
    fn change(&mut self, change: &Change) {
        let draft = self;
        match change {
            Change::OpenAccount { number, settings, owner } => draft.open_account(number, settings, owner),
            Change::EditAccount { account_id, version, settings } => {
                draft.edit_account(*account_id, *version, settings);
            }
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
            Change::EditUsers { user_ids, edit } => draft.edit_users(user_ids, edit),
            Change::SetUserState { user_ids, state, date } => draft.set_user_state(user_ids, *state, *date),
            Change::DeleteUsers { user_ids, leaving, date: None } => draft.delete_users(user_ids, leaving),
            Change::DeleteUsers { user_ids, leaving, date: Some(date) } => {
                draft.delete_users_on(user_ids, leaving, *date);
            }
            Change::ReleaseNumbers => draft.release_numbers(),
            Change::PurgeUsers => draft.purge_users(),
            Change::Undo { since, users, .. } => draft.undo(Chosen { rest: *since, users }),
            Change::AddNumbers { numbers, kind, location_id } => draft.add_numbers(numbers, *kind, *location_id),
            Change::PortNumbers { numbers, kind, location_id, date } => {
                draft.port_numbers(numbers, *kind, *location_id, *date);
            }
            Change::MovePort { number_id, version, date } => draft.move_port(*number_id, *version, *date),
            Change::CompletePort { number_id } => draft.complete_port(*number_id),
            Change::AssignNumber { number_id, user_id } => draft.assign_number(*number_id, *user_id),
            Change::ConfirmE911 { user_id, address, callback, confirmed } => {
                draft.confirm_e911(*user_id, address, callback.as_ref(), *confirmed);
            }
            Change::ConfirmOwnE911 { user_id, address } => draft.confirm_own_e911(*user_id, address),
            Change::AddDevice { device } => draft.add_device(device),
            Change::AssignDevice { device_id, user_id } => draft.assign_device(*device_id, *user_id),
            Change::UnassignDevice { device_id } => draft.unassign_device(*device_id),
            Change::LockDevice { device_id, locked } => draft.lock_device(*device_id, *locked),
            Change::DeleteDevice { device_id } => draft.delete_device(*device_id),
            Change::SetLampKeys { device_id, version, colleagues } => {
                draft.set_lamp_keys(*device_id, *version, colleagues);
            }
            Change::Generate { device_id } => draft.generate(*device_id),
            Change::Resync { device_id } => draft.resync(*device_id),
            Change::SetSeats { license_type_id, bought, bound } => {
                draft.set_seats(*license_type_id, *bought, bound.as_deref());
            }
            Change::AssignLicense { user_ids, license_type_id, date } => {
                draft.assign_license(user_ids, *license_type_id, *date);
            }
            Change::RemoveLicense { user_ids, track_id, date } => draft.remove_license(user_ids, *track_id, *date),
            Change::SetGreeting { user_id, file_name, duration_ms, audio } => {
                draft.set_greeting(*user_id, file_name, *duration_ms, audio);
            }
            Change::RemoveGreeting { user_id } => draft.remove_greeting(*user_id),
            Change::SendWelcome { user_ids } => draft.send_welcome(user_ids),
            Change::EditScheduleEntry { entry_id, version, date } => {
                draft.edit_schedule_entry(*entry_id, *version, *date);
            }
            Change::RemoveScheduleEntry { entry_id } => draft.remove_schedule_entry(*entry_id),
            Change::MoveSchedule { user_id, date } => draft.move_schedule(*user_id, *date),
            Change::RetryScheduleEntry { entry_id } => draft.retry_schedule_entry(*entry_id),
            Change::RunSchedule => draft.run_schedule(),
            Change::WarnOfSchedule => draft.warn_of_schedule(),
            Change::Rehearse { .. } => draft.settle(),
            Change::Import { import } => draft.import(import),
            Change::SetForwarding { user_id, version, rules, unreachable } => {
                draft.set_forwarding(*user_id, *version, rules, unreachable.as_ref());
            }
            Change::SetVoicemail { user_id, version, settings, pin } => {
                draft.set_voicemail(*user_id, *version, *settings, pin);
            }
            Change::SetRecording { user_ids, mode } => draft.set_recording(user_ids, *mode),
            Change::DeleteMessages { user_id, message_ids } => draft.delete_messages(*user_id, message_ids),
            Change::SetCallRules { version, rules } => draft.set_call_rules(*version, rules),
            Change::AddTrunk { settings, password, serves: _ } => draft.add_trunk(settings, password.as_ref()),
            Change::EditTrunk { trunk_id, version, settings, password, serves: _ } => {
                draft.edit_trunk(*trunk_id, *version, settings, password.as_ref());
            }
            Change::DeleteTrunk { trunk_id } => draft.delete_trunk(*trunk_id),
            Change::Together { changes } => draft.together(changes),
        }
    }
}

impl Plan {
    fn new() -> Self {
        Self {
            summary: String::new(),
            user_id: None,
            steps: Vec::new(),
            blockers: Vec::new(),
            warnings: Vec::new(),
            conflicts: Vec::new(),
            seats: Vec::new(),
            e911: Vec::new(),
            resyncs: Vec::new(),
            rows: Vec::new(),
            earlier: Earlier::default(),
        }
    }

    pub fn blocked(&self) -> bool {
        !self.blockers.is_empty()
    }

    /// Nothing would change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.earlier.is_none() && self.resyncs.is_empty() && !self.blocked()
    }

    /// More than one record would change, or seats: the person is shown the plan first.
    pub fn wants_review(&self) -> bool {
        self.steps.len() > 1 || !self.warnings.is_empty() || !self.conflicts.is_empty() || !self.seats.is_empty()
    }

    /// What the plan's scheduled entries take and free more than before.
    pub fn seat_days(&self) -> SeatDays {
        let mut sums = SeatDays::new();
        for step in &self.steps {
            for (record, times) in [(&step.before, -1), (&step.after, 1)] {
                let Some(Record::ScheduleEntry(entry)) = record else { continue };
                for moved in &entry.seats {
                    let days = sums.entry(moved.license_type_id).or_default();
                    *days.entry(entry.date).or_default() += times * moved.by;
                }
            }
        }
        for days in sums.values_mut() {
            days.retain(|_, by| *by != 0);
        }
        sums.retain(|_, days| !days.is_empty());
        sums
    }

    /// Users whose page, readiness or calls this plan touches.
    pub fn touched_users(&self) -> BTreeSet<UserId> {
        let resynced = self.resyncs.iter().filter_map(|order| match order {
            ResyncOrder::Device { user_id, .. } => Some(*user_id),
            ResyncOrder::Location { .. } | ResyncOrder::Account | ResyncOrder::LampKeys { .. } => None,
        });
        self.steps.iter().flat_map(Step::users).chain(resynced).collect()
    }

    /// Of these, those whose readiness or calls may be others now: what waits for its day and what is mailed says nothing
    /// of them.
    pub fn users_touched_now(&self) -> BTreeSet<UserId> {
        let later = |step: &&Step| matches!(step.record(), Some(Record::ScheduleEntry(_) | Record::Mail(_)));
        self.steps.iter().filter(|step| !later(step)).flat_map(Step::users).collect()
    }
}

/// A plan in the making.
struct Draft<'a> {
    /// As they were read.
    read: &'a Facts,
    /// As they are after the steps so far: borrowed until there is one.
    facts: Cow<'a, Facts>,
    id: ChangeId,
    /// The change itself, under which it stands in the journal; `id` differs for a part of several.
    change_id: ChangeId,
    context: Context<'a>,
    plan: Plan,
    /// Where the step of each record stands: one record has one step, however often a plan touches it.
    steps: BTreeMap<(&'static str, Uuid), usize>,
    /// How often a record was changed so far.
    touches: usize,
    /// The schedule entries that the change itself makes or moves, beside those that it merely affects.
    asked: BTreeSet<ScheduleEntryId>,
    /// Entries that somebody was warned of and that are in order again, in words.
    healed: Vec<String>,
    /// Devices that a person asks to fetch their configuration.
    resyncs: BTreeSet<DeviceId>,
    /// Steps are put in words once they are all there: nothing goes that they speak of.
    words_later: bool,
    /// So many of the steps stand in words all the same.
    worded: usize,
}

impl<'a> Draft<'a> {
    fn new(facts: &'a Facts, id: ChangeId, context: Context<'a>) -> Self {
        let (steps, asked) = (BTreeMap::new(), BTreeSet::new());
        let (plan, facts, read) = (Plan::new(), Cow::Borrowed(facts), facts);
        let (healed, resyncs) = (Vec::new(), BTreeSet::new());
        Self {
            read,
            facts,
            id,
            change_id: id,
            context,
            plan,
            steps,
            touches: 0,
            asked,
            healed,
            resyncs,
            words_later: false,
            worded: 0,
        }
    }
}

impl Draft<'_> {
    fn step(&mut self, before: Option<Record>, after: Option<Record>) {
        if before == after {
            return;
        }
        self.touches += 1;
        let Some(record) = after.as_ref().or(before.as_ref()) else { return };
        let identity = (record.kind(), record.id());
        let at = *self.steps.entry(identity).or_insert(self.plan.steps.len());
        if at == self.plan.steps.len() {
            self.plan.steps.push(Step::new(before.clone(), after.clone()));
        } else {
            self.plan.steps[at].after.clone_from(&after);
        }
        if (!self.words_later || at < self.worded) && !self.plan.steps[at].waits_for_rehearsal() {
            self.plan.steps[at].put_in_words(&self.facts);
        }
        self.facts.to_mut().absorb(before, after);
    }

    /// What was left until all steps are there.
    fn put_in_words(&mut self) {
        self.words_later = false;
        for step in self.plan.steps.iter_mut().filter(|step| !step.waits_for_rehearsal()) {
            step.put_in_words(&self.facts);
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
        self.knows_user(id).then(|| self.facts.users.get(&id).cloned()).flatten()
    }

    /// That there is such a user, who has not left; or a blocker that says there is none.
    fn knows_user(&mut self, id: UserId) -> bool {
        let known = self.facts.users.get(&id).is_some_and(|user| !user.is_deleted());
        if !known {
            self.block(Blocker::not_found("user"));
        }
        known
    }

    /// Blocks when the record moved on since the person saw it.
    fn check_version(&mut self, seen: Option<i64>, current: i64, what: &str) {
        if seen.is_some_and(|seen| seen != current) {
            self.block(Blocker::stale(what));
        }
    }

    fn take_seat(&mut self, license_type_id: LicenseTypeId, delta: i64) {
        let now = |effect: &&mut SeatEffect| effect.license_type_id == license_type_id && effect.date.is_none();
        if let Some(effect) = self.plan.seats.iter_mut().find(now) {
            effect.delta += delta;
            return;
        }
        let name = self.facts.license_name(license_type_id);
        let (bought, used) = self.facts.seats.get(&license_type_id).map_or((0, 0), |seats| (seats.bought, seats.used));
        self.plan.seats.push(SeatEffect { license_type_id, name, bought, used, delta, date: None });
    }

    /// Today in the account.
    fn today(&self) -> NaiveDate {
        self.facts.account.settings.time_zone.date(self.context.now)
    }

    fn finish(mut self) -> Plan {
        let timelines = self.rehearse_touched();
        let healed = std::mem::take(&mut self.healed);
        self.tell_administrators(crate::mail::MailKind::ScheduleHealed, &healed);
        self.check_seats(&timelines);
        // A record that ends as it began, or was made and removed again.
        self.plan.steps.retain(|step| step.before != step.after);
        for step in self.plan.steps.iter_mut().filter(|step| step.waits_for_rehearsal()) {
            step.put_in_words(&self.facts);
        }
        self.plan.seats.retain(|effect| effect.delta != 0);
        self.plan.resyncs = self.resync_orders();
        // What is blocked is not carried out; its steps would only mislead.
        if self.plan.blocked() && self.plan.steps.is_empty() {
            self.plan.seats.clear();
        }
        self.plan
    }
}

#[cfg(test)]
mod tests;
