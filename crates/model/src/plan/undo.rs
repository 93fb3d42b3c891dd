//! Taking back what a change did: its steps backwards, each on the record as it is now. What others changed since is kept
//! beside it where fields differ, and asked about where they are the same.

mod touched;

use std::collections::BTreeSet;

use chrono::Days;

use self::touched::{Touched, current};
use crate::call_settings::{CallRules, CallSettings};
use crate::forwarding::{Forwarding, ForwardingRules};
use crate::id::UserId;
use crate::leaving::{Leaving, LeftNumbers};
use crate::phone_number::{NumberState, PhoneNumber};
use crate::plan::{Blocker, BlockerKind, Draft, Record, Repair, Step, Warning};
use crate::recording::{RecordingChoice, RecordingMode};
use crate::schedule::in_words;
use crate::trunk::Trunk;
use crate::undo::{Chosen, Since, merge};
use crate::user::KEPT_DAYS;
use crate::voicemail::Mailbox;

impl Draft<'_> {
    pub(super) fn undo(&mut self, chosen: Chosen<'_>) {
        let Some(undone) = self.read.undone.as_ref() else { return self.block(Blocker::not_found("change")) };
        self.plan.summary = format!("Undo “{}” of {}", undone.summary, in_words(self.account_date(undone.at)));
        let steps = undone.steps.as_slice();
        if steps.is_empty() || undone.action == "open_account" {
            let message = "this can't be undone: it changed nothing that could be put back";
            return self.block(Blocker::new(BlockerKind::Invalid, message, Vec::new()));
        }
        if let Some(user_id) = only_user(steps) {
            self.plan.user_id = Some(user_id);
        }
        let changed = Touched::of(&self.facts, steps);
        let mut kept = BTreeSet::new();
        for (user_id, what) in changed.users {
            let name = self.facts.name_of(user_id);
            let what = if what.is_empty() { String::new() } else { format!(": {}", join(what)) };
            if self.changed_since(chosen, Some(user_id), &format!("{name} was changed since{what}")) != Since::Overwrite
            {
                kept.insert(user_id);
            }
        }
        let mut steps: Vec<&Step> = steps.iter().filter(|step| !step.is_rehearsal()).collect();
        steps.retain(|step| !step.users().any(|user| kept.contains(&user)));
        steps.sort_by_cached_key(|step| self.turn_of(step));
        let told = (self.plan.warnings.len(), self.plan.e911.len());
        for step in &steps {
            self.undo_step(step, chosen);
        }
        self.tell_of_unmade(&steps, told);
        if self.plan.steps.is_empty() && !self.plan.blocked() {
            let message = "there is nothing left to undo: what it did is not there any more";
            self.block(Blocker::new(BlockerKind::Invalid, message, Vec::new()));
        }
    }

    /// Of users who go with all that was made with them, what becomes of each thing says nothing more; of thousands, nobody
    /// could find among it what does.
    fn tell_of_unmade(&mut self, steps: &[&Step], (warnings, e911): (usize, usize)) {
        let is_gone = |id: &UserId| self.facts.users.get(id).is_some_and(crate::user::User::is_deleted);
        let gone: BTreeSet<UserId> = steps.iter().filter_map(|step| made_user(step)).filter(is_gone).collect();
        if gone.len() < 2 {
            return;
        }
        let told = self.plan.warnings.split_off(warnings);
        let of_gone = |warning: &Warning| warning.user_id.is_some_and(|user| gone.contains(&user));
        self.plan.warnings.extend(told.into_iter().filter(|warning| !of_gone(warning)));
        let until = in_words(self.today() + Days::new(KEPT_DAYS));
        let count = gone.len();
        self.warn(
            None,
            format!("{count} users go with their phones and licenses; their numbers are free; until {until} they can be brought back"),
        );
        self.plan.e911.truncate(e911);
        self.plan.e911.push(format!("{count} users have no emergency address any more"));
    }

    /// What others hang on comes back first, and goes last.
    fn turn_of(&self, step: &Step) -> (bool, i64, i64) {
        let Some(record) = step.after.as_ref().or(step.before.as_ref()) else { return (false, 0, 0) };
        let is_made = step.before.is_none();
        let (rank, within) = match record {
            Record::Account(_) => (0, 0),
            Record::Location(_)
            | Record::Department(_)
            | Record::Seats(_)
            | Record::CallSettings(_)
            | Record::Trunk(_) => (1, 0),
            // Others' calls may go to who comes back.
            Record::User(user) => (2, i64::from(!user.is_deleted())),
            Record::PhoneNumber(_) => (3, 0),
            Record::Device(_) => (4, 0),
            Record::Line(_)
            | Record::E911Address(_)
            | Record::Greeting(_)
            | Record::Forwarding(_)
            | Record::Mailbox(_)
            | Record::RecordingChoice(_)
            | Record::VoicemailMessage(_)
            | Record::Mail(_) => (5, 0),
            Record::Assignment(held) => (6, self.track_order(held.track_id)),
            Record::ScheduleEntry(entry) => (7, self.track_order(entry.track_id)),
        };
        if is_made { (true, -rank, -within) } else { (false, rank, within) }
    }

    fn track_order(&self, track: crate::id::TrackId) -> i64 {
        i64::try_from(self.facts.catalogue.position(track)).unwrap_or(i64::MAX)
    }

    fn account_date(&self, at: chrono::DateTime<chrono::Utc>) -> chrono::NaiveDate {
        self.facts.account.settings.time_zone.date(at)
    }

    /// Asks, or says what is done about it, and returns which.
    fn changed_since(&mut self, chosen: Chosen<'_>, user_id: Option<UserId>, what: &str) -> Since {
        let since = chosen.of(user_id);
        match since {
            Since::Ask => {
                let change_id = self.read.undone.as_ref().map_or(self.change_id, |undone| undone.id);
                let repairs = vec![Repair::KeepChanges { change_id }, Repair::OverwriteChanges { change_id }];
                let blocker = Blocker::new(BlockerKind::ChangedSince, what, repairs);
                self.block(Blocker { user_id, ..blocker });
            }
            Since::Keep => self.warn(user_id, format!("{what}; that stays")),
            Since::Overwrite => self.warn(user_id, format!("{what}; that goes too")),
        }
        since
    }

    fn undo_step(&mut self, step: &Step, chosen: Chosen<'_>) {
        match (&step.before, &step.after) {
            (None, Some(made)) => self.unmake(step, made, chosen),
            (Some(before), Some(after)) => self.change_back(step, before, after, chosen),
            (Some(gone), None) => self.bring_back(step, gone, chosen),
            (None, None) => {}
        }
    }

    /// What the change made goes.
    fn unmake(&mut self, step: &Step, made: &Record, chosen: Chosen<'_>) {
        let Some(now) = current(&self.facts, made) else { return };
        // Users were looked at as a whole.
        if now.version() != made.version() && !matches!(now, Record::User(_)) {
            let what = format!("{} was changed since", step.title);
            if self.changed_since(chosen, now.user_id(), &what) != Since::Overwrite {
                return;
            }
        }
        match now {
            Record::User(user) => {
                if !user.is_deleted() {
                    // Messages stay in the mailbox.
                    let leaving = Leaving { numbers: LeftNumbers::Free, ..Leaving::default() };
                    self.leave(&user, Vec::new(), &leaving);
                }
            }
            Record::Assignment(held) => self.drop_license(held.user_id, held.track_id),
            Record::Device(device) => self.keeping_summary(|draft| draft.delete_device(device.id)),
            Record::PhoneNumber(number) if number.state == NumberState::Assigned => {
                let message = format!("{} is somebody's by now; take it back first", number.number.pretty());
                self.block(Blocker::new(BlockerKind::InUse, message, Vec::new()));
            }
            Record::Location(location) => self.keeping_summary(|draft| draft.delete_location(location.id)),
            Record::Department(department) => self.keeping_summary(|draft| draft.delete_department(department.id)),
            Record::Seats(seats) => self.keeping_summary(|draft| draft.set_seats(seats.license_type_id, 0, Some(&[]))),
            // What is set for calls has no row before it is set for the first time, and the defaults hold.
            Record::Forwarding(now) => {
                let after = Forwarding { rules: ForwardingRules::default(), ..(*now).clone() };
                self.update(*now, after);
            }
            Record::Mailbox(now) => {
                let after = Mailbox { enabled: true, ..(*now).clone() };
                self.update(*now, after);
            }
            Record::RecordingChoice(now) => {
                let after = RecordingChoice { mode: RecordingMode::Off, ..(*now).clone() };
                self.update(*now, after);
            }
            Record::CallSettings(now) => {
                let after = CallSettings { rules: CallRules::default(), ..(*now).clone() };
                self.update(*now, after);
            }
            Record::Trunk(trunk) => self.keeping_summary(|draft| draft.delete_trunk(trunk.id)),
            Record::Account(_) | Record::Mail(_) | Record::VoicemailMessage(_) => {}
            now => self.step(Some(now), None),
        }
    }

    /// Other parts of planning tell what they do; this is one change, with one summary.
    fn keeping_summary(&mut self, part: impl FnOnce(&mut Self)) {
        let (summary, user_id) = (self.plan.summary.clone(), self.plan.user_id);
        part(self);
        self.plan.summary = summary;
        self.plan.user_id = user_id;
    }

    /// Fields that the change set get the values that they had.
    fn change_back(&mut self, step: &Step, before: &Record, after: &Record, chosen: Chosen<'_>) {
        let Some(now) = current(&self.facts, after) else {
            return self.warn(after.user_id(), format!("{} is not there any more", step.title));
        };
        if is_secret_alone(step) {
            return self.warn(after.user_id(), format!("{}: a secret can't be put back; set a new one", step.title));
        }
        let Some(merged) = merge(before, after, &now) else {
            let message = format!("{} was written by an earlier version and can't be put back", step.title);
            return self.block(Blocker::new(BlockerKind::Invalid, message, Vec::new()));
        };
        if !merged.changed_since.is_empty() {
            let fields = merged.changed_since.join(", ").replace('_', " ");
            let what = format!("{}: {fields} changed since", step.title);
            if self.changed_since(chosen, after.user_id(), &what) != Since::Overwrite {
                return;
            }
        }
        self.put_back(now, merged.record);
    }

    fn put_back(&mut self, now: Record, then: Record) {
        match (now, then) {
            (Record::User(now), Record::User(then)) => {
                if now.profile != then.profile || now.is_deleted() {
                    self.check_profile(then.id, &then.profile, Some(&now.profile));
                }
                let mut then = *then;
                if now.is_deleted() {
                    self.check_still_kept(&now);
                } else if then.is_deleted() {
                    // The days in which they can be brought back begin anew.
                    then.deleted_at = Some(self.context.now);
                }
                self.update(*now, then);
            }
            (Record::Assignment(now), Record::Assignment(then)) => self.give_license(now.user_id, then.license_type_id),
            (Record::PhoneNumber(now), Record::PhoneNumber(then)) => {
                if then.user_id.is_some_and(|user| self.has_left(user, &then.number.pretty())) {
                    return;
                }
                let then = self.kept_back_again(*then);
                self.update(*now, then);
            }
            (Record::Device(now), Record::Device(then)) => {
                if then.user_id.is_some_and(|user| self.has_left(user, &then.title())) {
                    return;
                }
                if let (None, Some(user_id)) = (now.user_id, then.user_id) {
                    self.keeping_summary(|draft| draft.assign_device(now.id, user_id));
                } else {
                    self.update(*now, *then);
                }
            }
            (Record::Seats(now), Record::Seats(then)) => {
                self.keeping_summary(|draft| draft.set_seats(now.license_type_id, then.bought, Some(&then.bound)));
            }
            (Record::ScheduleEntry(now), Record::ScheduleEntry(then)) => {
                self.keeping_summary(|draft| draft.edit_schedule_entry(now.id, None, then.date));
            }
            (now, then) => self.step(Some(now), Some(then)),
        }
    }

    /// A number that is taken from somebody once more: its days begin anew, as theirs do who held it.
    fn kept_back_again(&self, number: PhoneNumber) -> PhoneNumber {
        let steps = self.read.undone.iter().flat_map(|undone| &undone.steps);
        let mut deleted = steps.filter_map(|step| match &step.before {
            Some(Record::User(user)) => user.deleted_at,
            _ => None,
        });
        let (true, Some(deleted_at)) = (number.state == NumberState::Quarantined, deleted.next()) else {
            return number;
        };
        let zone = self.facts.account.settings.time_zone;
        let since = u64::try_from((self.today() - zone.date(deleted_at)).num_days()).unwrap_or_default();
        let later = |at: chrono::DateTime<chrono::Utc>| zone.start_of_day(zone.date(at) + Days::new(since));
        PhoneNumber {
            kept_until: number.kept_until.map(later),
            forwarded_until: number.forwarded_until.map(later),
            ..number
        }
    }

    fn check_still_kept(&mut self, user: &crate::user::User) {
        if user.kept_until().is_none_or(|until| until <= self.context.now) {
            let message = format!("{} was deleted too long ago to be brought back", user.profile.full_name());
            self.block(Blocker::new(BlockerKind::Invalid, message, Vec::new()).for_user(user.id));
        }
    }

    /// Nothing is given back to somebody who has left since, or who does not come back.
    fn has_left(&mut self, user: UserId, what: &str) -> bool {
        let left = self.facts.users.get(&user).is_none_or(crate::user::User::is_deleted);
        if left && !self.plan.blocked() {
            let name = self.facts.name_of(user);
            self.warn(Some(user), format!("{what} stays without {name}, who has left since"));
        }
        left
    }

    /// What the change removed is made again.
    fn bring_back(&mut self, step: &Step, gone: &Record, chosen: Chosen<'_>) {
        if let Some(now) = current(&self.facts, gone) {
            if !matches!(now, Record::Line(_)) {
                self.changed_since(chosen, gone.user_id(), &format!("{} is there again", step.title));
            }
            return;
        }
        match gone {
            Record::Assignment(held) => self.bring_back_license(held, chosen),
            Record::ScheduleEntry(entry) => {
                if let Some(lifecycle) = entry.lifecycle.as_ref().filter(|_| entry.date > self.today()) {
                    self.schedule_lifecycle(entry.user_id, lifecycle, entry.date);
                } else if entry.date > self.today() && entry.lifecycle.is_none() {
                    self.schedule(entry.user_id, entry.track_id, entry.license_type_id, entry.date);
                } else {
                    self.warn(Some(entry.user_id), format!("{}: its date has passed", step.title));
                }
            }
            Record::Device(device) => {
                let (provisioning_token, provisioning_hash) = self.context.mint.provisioning(device.id);
                let user_id = device.user_id;
                let mut device = device.clone();
                device.user_id = None;
                device.provisioning_token = provisioning_token;
                device.provisioning_hash = provisioning_hash;
                let title = device.title();
                self.warn(user_id, format!("{title} gets a new provisioning address"));
                let id = device.id;
                self.create(*device);
                if let Some(user_id) = user_id.filter(|user| !self.has_left(*user, &title)) {
                    self.keeping_summary(|draft| draft.assign_device(id, user_id));
                }
            }
            Record::VoicemailMessage(_) => {
                self.warn(gone.user_id(), format!("{}: a deleted message can't be brought back", step.title));
            }
            Record::Trunk(trunk) => {
                self.warn(None, format!("{}: its password has to be set anew", step.title));
                self.create(Trunk { password: None, ..(**trunk).clone() });
            }
            // A line is made anew with the device that it belongs to.
            Record::Line(_) | Record::User(_) | Record::Account(_) | Record::Mail(_) => {}
            gone => {
                let user = gone.user_id().and_then(|id| self.facts.users.get(&id)).cloned();
                match user.filter(|user| user.purged_at.is_some()) {
                    Some(erased) => self.check_still_kept(&erased),
                    None => self.step(None, Some(gone.clone())),
                }
            }
        }
    }

    fn bring_back_license(&mut self, gone: &crate::license::Assignment, chosen: Chosen<'_>) {
        if let Some(held) = self.facts.assignments.get(&(gone.user_id, gone.track_id)) {
            if held.license_type_id == gone.license_type_id {
                return;
            }
            let (name, license) = (self.facts.name_of(gone.user_id), self.facts.license_name(held.license_type_id));
            let what = format!("{name} holds {license} since");
            if self.changed_since(chosen, Some(gone.user_id), &what) != Since::Overwrite {
                return;
            }
        }
        if !self.has_left(gone.user_id, &self.facts.license_name(gone.license_type_id)) {
            self.give_license(gone.user_id, gone.license_type_id);
        }
    }
}

/// The one user that all steps are about.
fn only_user(steps: &[Step]) -> Option<UserId> {
    let users: BTreeSet<UserId> = steps.iter().flat_map(Step::users).collect();
    users.first().copied().filter(|_| users.len() == 1)
}

pub(super) fn made_user(step: &Step) -> Option<UserId> {
    match (&step.before, &step.after) {
        (None, Some(Record::User(user))) => Some(user.id),
        _ => None,
    }
}

/// Nothing but a password or PIN was replaced, of which only the fact stands in the journal.
fn is_secret_alone(step: &Step) -> bool {
    !step.changes.is_empty()
        && step
            .changes
            .iter()
            .all(|change| matches!(change.field.as_str(), "credentials" | "pin_hash" | "generated_at"))
}

fn join(words: BTreeSet<String>) -> String {
    words.into_iter().collect::<Vec<_>>().join("; ")
}
