//! The schedule: entries made, moved, removed, carried out on their day, and warned of.

use chrono::NaiveDate;

use std::collections::{BTreeMap, BTreeSet};

use super::rehearsal::Reservations;
use crate::id::{LicenseTypeId, MailId, ScheduleEntryId, TrackId, UserId};
use crate::mail::{Mail, MailKind, MailState};
use crate::plan::{Blocker, BlockerKind, Draft, Repair};
use crate::schedule::{EntryState, ScheduleEntry, Warned, in_words, last_date};

impl Draft<'_> {
    /// A day after today and within reach; or a blocker that says so.
    pub(super) fn check_date(&mut self, date: NaiveDate) -> bool {
        let today = self.today();
        let fits = date > today && date <= last_date(today);
        if !fits {
            let message = format!(
                "choose a date from {} to {}, or do it now",
                in_words(today.succ_opt().unwrap_or(today)),
                in_words(last_date(today))
            );
            self.block(Blocker::field(BlockerKind::Invalid, "date", message));
        }
        fits
    }

    pub(super) fn schedule(
        &mut self,
        user_id: UserId,
        track_id: TrackId,
        license_type_id: Option<LicenseTypeId>,
        date: NaiveDate,
    ) {
        let same_day = self.same_day(user_id, track_id, date, None);
        if let Some(other) = same_day {
            if other.license_type_id != license_type_id {
                self.block_same_day(&other);
            }
            return;
        }
        let entry = self.entry_on(user_id, track_id, date);
        self.create(ScheduleEntry { license_type_id, ..entry });
    }

    /// That waits for its day, for nothing yet.
    pub(super) fn entry_on(&mut self, user_id: UserId, track_id: TrackId, date: NaiveDate) -> ScheduleEntry {
        let key = format!("entry {track_id} {date}");
        let id = ScheduleEntryId(self.id.derive(&key, user_id.0));
        self.asked.insert(id);
        ScheduleEntry {
            id,
            account_id: self.facts.account.id,
            version: 1,
            user_id,
            track_id,
            license_type_id: None,
            lifecycle: None,
            date,
            due_at: self.facts.account.settings.time_zone.start_of_day(date),
            state: EntryState::Scheduled,
            reserved: false,
            seats: Vec::new(),
            conflicts: Vec::new(),
            warned: None,
            change_id: self.change_id,
            created_at: self.context.now,
            created_by: self.context.actor.to_owned(),
            failed_at: None,
        }
    }

    /// Another entry that waits for the same day.
    pub(super) fn same_day(
        &self,
        user_id: UserId,
        track_id: TrackId,
        date: NaiveDate,
        but: Option<ScheduleEntryId>,
    ) -> Option<ScheduleEntry> {
        let mut entries = self.facts.schedule.of(user_id);
        let same = |entry: &&ScheduleEntry| {
            entry.is_scheduled() && entry.track_id == track_id && entry.date == date && Some(entry.id) != but
        };
        entries.find(same).cloned()
    }

    pub(super) fn block_same_day(&mut self, other: &ScheduleEntry) {
        let track = self.facts.catalogue.track(other.track_id).map(|track| track.name.clone()).unwrap_or_default();
        let entry = self.entry_in_words(other);
        let message = if other.lifecycle.is_some() {
            format!("{entry} is scheduled already; choose another date, or remove that first")
        } else {
            format!("{entry} is scheduled already, and a user has one license of {track} at a time")
        };
        let entry_id = other.id;
        let repairs =
            vec![Repair::ChooseDate, Repair::RemoveScheduleEntry { entry_id }, Repair::EditScheduleEntry { entry_id }];
        self.block(Blocker::new(BlockerKind::MutuallyExclusive, message, repairs).for_user(other.user_id));
    }

    /// The entry, or a blocker that says there is none.
    fn entry(&mut self, id: ScheduleEntryId) -> Option<ScheduleEntry> {
        let entry = self.facts.schedule.get(&id).cloned();
        match &entry {
            Some(entry) => self.plan.user_id = Some(entry.user_id),
            None => self.block(Blocker::not_found("schedule entry")),
        }
        entry
    }

    pub(super) fn edit_schedule_entry(&mut self, id: ScheduleEntryId, version: Option<i64>, date: NaiveDate) {
        let Some(entry) = self.entry(id) else { return };
        self.plan.summary = format!("Move {} to {}", self.entry_in_words(&entry), in_words(date));
        self.check_version(version, entry.version, "schedule entry");
        if !self.check_date(date) {
            return;
        }
        if let Some(other) = self.same_day(entry.user_id, entry.track_id, date, Some(id)) {
            return self.block_same_day(&other);
        }
        self.move_entry(entry, date);
    }

    /// The seat that is kept for it is not kept on the new date: it asks anew.
    pub(super) fn move_entry(&mut self, entry: ScheduleEntry, date: NaiveDate) {
        if entry.date == date && entry.is_scheduled() {
            return;
        }
        self.asked.insert(entry.id);
        let after = ScheduleEntry {
            date,
            due_at: self.facts.account.settings.time_zone.start_of_day(date),
            state: EntryState::Scheduled,
            reserved: false,
            seats: Vec::new(),
            conflicts: Vec::new(),
            warned: None,
            failed_at: None,
            ..entry.clone()
        };
        self.update(entry, after);
    }

    pub(super) fn remove_schedule_entry(&mut self, id: ScheduleEntryId) {
        let Some(entry) = self.entry(id) else { return };
        self.plan.summary = format!("Remove {} from the schedule", self.entry_in_words(&entry));
        self.delete(entry);
    }

    pub(super) fn move_schedule(&mut self, user_id: UserId, date: NaiveDate) {
        let Some(user) = self.user(user_id) else { return };
        let name = user.profile.full_name();
        self.plan.user_id = Some(user_id);
        self.plan.summary = format!("Move everything scheduled for {name} to {}", in_words(date));
        if !self.check_date(date) {
            return;
        }
        let licenses = self.facts.schedule.of(user_id).filter(|entry| entry.lifecycle.is_none());
        let entries: Vec<ScheduleEntry> = licenses.cloned().collect();
        if entries.is_empty() {
            let message = format!("nothing is scheduled for {name}");
            return self.block(Blocker::field(BlockerKind::Invalid, "date", message));
        }
        let mut tracks = BTreeSet::new();
        for entry in entries {
            if tracks.insert(entry.track_id) {
                self.move_entry(entry, date);
            } else {
                self.block_same_day(&entry);
            }
        }
    }

    /// Now, in spite of its date, and only when nothing is in its way.
    pub(super) fn retry_schedule_entry(&mut self, id: ScheduleEntryId) {
        let Some(entry) = self.entry(id) else { return };
        self.plan.summary = format!("Carry out {} now", self.entry_in_words(&entry));
        match (&entry.lifecycle, entry.license_type_id) {
            (Some(lifecycle), _) => return self.lifecycle_now(&entry, &lifecycle.clone()),
            (None, Some(license)) => self.give_license(entry.user_id, license),
            (None, None) => self.drop_license(entry.user_id, entry.track_id),
        }
        self.delete(entry);
    }

    /// The entries of one date, together: seats that one frees another may take. Those whose conflicts are open fail, and the
    /// administrators are told.
    pub(super) fn run_schedule(&mut self) {
        let due: BTreeSet<ScheduleEntryId> = self.read.due.clone();
        let users: BTreeSet<UserId> =
            due.iter().filter_map(|id| self.facts.schedule.get(id)).map(|entry| entry.user_id).collect();
        self.rehearse(&users, Reservations::Revoke);
        let mut entries: Vec<ScheduleEntry> =
            due.iter().filter_map(|id| self.facts.schedule.get(id)).cloned().collect();
        entries.sort_by_key(|entry| (entry.date, self.facts.catalogue.position(entry.track_id), entry.id));
        let date = entries.first().map(|entry| in_words(entry.date)).unwrap_or_default();
        if let [only] = entries.as_slice() {
            self.plan.user_id = Some(only.user_id);
        }
        let (mut done, mut failed) = (0, Vec::new());
        let of_licenses = entries.iter().all(|entry| entry.lifecycle.is_none());
        let count = |changes| count(changes, if of_licenses { "license change" } else { "change" });
        for entry in entries {
            if entry.has_conflicts() {
                failed.push(self.fail(entry));
            } else {
                self.carry_out(&entry);
                done += 1;
            }
        }
        self.plan.summary = match (done, failed.len()) {
            (0, 0) => "Nothing scheduled is due".to_owned(),
            (done, 0) => format!("Carry out {} scheduled for {date}", count(done)),
            (0, failed) => format!("{} scheduled for {date} failed", count(failed)),
            (done, failed) => format!("Carry out {} scheduled for {date}; {failed} failed", count(done)),
        };
        self.tell_administrators(MailKind::ScheduleFailed, &failed);
    }

    fn carry_out(&mut self, entry: &ScheduleEntry) {
        if let Some(lifecycle) = &entry.lifecycle {
            return self.live(entry, lifecycle);
        }
        match entry.license_type_id.and_then(|id| self.facts.catalogue.license_type(id)).cloned() {
            Some(license) => {
                let held = self.facts.assignments.get(&(entry.user_id, entry.track_id));
                if held.is_none_or(|held| held.license_type_id != license.id) {
                    self.put_license(entry.user_id, &license, entry.due_at);
                }
            }
            None => self.drop_license(entry.user_id, entry.track_id),
        }
        self.delete(entry.clone());
    }

    fn fail(&mut self, entry: ScheduleEntry) -> String {
        let told = self.with_reasons(&entry);
        let after = ScheduleEntry {
            state: EntryState::Failed,
            reserved: false,
            seats: Vec::new(),
            failed_at: Some(self.context.now),
            ..entry.clone()
        };
        self.update(entry, after);
        told
    }

    /// As mails tell of it.
    fn with_reasons(&self, entry: &ScheduleEntry) -> String {
        let why: Vec<&str> = entry.conflicts.iter().map(|conflict| conflict.message.as_str()).collect();
        format!("{}: {}", self.entry_in_words(entry), why.join("; "))
    }

    /// Once seven days ahead and once more the day before.
    pub(super) fn warn_of_schedule(&mut self) {
        "Warn of scheduled changes that would fail".clone_into(&mut self.plan.summary);
        let today = self.today();
        let entries: Vec<ScheduleEntry> = self
            .facts
            .schedule
            .values()
            .filter(|entry| entry.is_scheduled() && entry.has_conflicts())
            .cloned()
            .collect();
        let mut told: BTreeMap<(NaiveDate, ScheduleEntryId), String> = BTreeMap::new();
        for entry in entries {
            let due = Warned::due(entry.date, today);
            if due <= entry.warned {
                continue;
            }
            told.insert((entry.date, entry.id), self.with_reasons(&entry));
            let after = ScheduleEntry { warned: due, ..entry.clone() };
            self.update(entry, after);
        }
        let told: Vec<String> = told.into_values().collect();
        self.tell_administrators(MailKind::ScheduleWarning, &told);
    }

    /// Entries that wait for a seat get one that became free; where a day has too few, the last gives its seat back.
    pub(super) fn settle(&mut self) {
        "Rehearse what is scheduled".clone_into(&mut self.plan.summary);
        let users: BTreeSet<UserId> = self.facts.schedule.holders().collect();
        self.rehearse(&users, Reservations::Revoke);
    }

    /// One mail to each, however many entries it tells of.
    pub(super) fn tell_administrators(&mut self, kind: MailKind, about: &[String]) {
        if about.is_empty() {
            return;
        }
        for administrator in &self.read.administrators {
            let Some(to) = administrator.profile.email.clone() else { continue };
            let now = self.context.now;
            self.create(Mail {
                id: MailId(self.id.derive(kind.as_str(), administrator.id.0)),
                account_id: administrator.account_id,
                user_id: administrator.id,
                kind,
                about: about.to_vec(),
                to,
                state: MailState::Queued,
                attempts: 0,
                said: None,
                created_at: now,
                next_at: now,
                done_at: None,
            });
        }
    }
}

fn count(changes: usize, what: &str) -> String {
    if changes == 1 { format!("1 {what}") } else { format!("{changes} {what}s") }
}
