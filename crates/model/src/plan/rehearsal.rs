//! Rehearsal: the scheduled entries of the users that a change touches are replayed in the order of their dates, on the facts
//! as the change leaves them. What would fail is kept with the entry, with its conflicts; seats are kept for what holds.
//!
//! A scheduled entry has its seat reserved from its date on, or waits for one. Reserved seats count from their date, and
//! the seats that an entry frees count only while nothing else would make it fail; so the number of seats used never
//! exceeds those bought on any day, and whoever asks first gets the seat.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::requirement::{Day, dependent, falling, unmet};
use crate::facts::Facts;
use crate::id::{LicenseTypeId, UserId};
use crate::lifecycle::Lifecycle;
use crate::plan::{Blocker, BlockerKind, Draft, Repair, SeatEffect};
use crate::schedule::{ScheduleEntry, SeatMove, in_words};
use crate::seat_timeline::SeatTimeline;
use crate::user::Role;

/// Each type's seats over time, as a plan leaves them.
pub(super) type Timelines = BTreeMap<LicenseTypeId, SeatTimeline>;

/// Whether an entry that has its seat may lose it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reservations {
    /// Whoever was there first keeps the seat.
    Keep,
    /// Where a day has too few seats, the last that was to take one gives it back.
    Revoke,
}

/// What becomes of one entry.
struct Rehearsed {
    conflicts: Vec<Blocker>,
    seats: Vec<SeatMove>,
    /// It takes a seat that it has not got.
    waits: bool,
    /// It takes no seat: the user holds the license by then, or it removes one.
    takes_none: bool,
}

impl Draft<'_> {
    /// The users of this plan, once all its steps are there.
    pub(super) fn rehearse_touched(&mut self) -> Timelines {
        let touched = self.plan.touched_users();
        self.rehearse(&touched, Reservations::Keep)
    }

    pub(super) fn rehearse(&mut self, users: &BTreeSet<UserId>, reservations: Reservations) -> Timelines {
        let mut timelines = self.timelines();
        // What these users' entries did before the plan is taken out, and put back as it is rehearsed.
        for entry in users.iter().flat_map(|user| self.read.schedule.of(*user)) {
            add(&mut timelines, entry.date, &entry.seats, -1);
        }
        let entries = self.entries_in_order(users);
        if entries.is_empty() {
            return timelines;
        }
        let mut rehearsal = Rehearsal::new(&self.facts, self.today(), entries, timelines);
        rehearsal.play_all();
        if reservations == Reservations::Revoke {
            rehearsal.revoke();
        }
        rehearsal.reserve();
        let Rehearsal { entries, outcomes, timelines, .. } = rehearsal;
        for (entry, outcome) in entries.into_iter().zip(outcomes) {
            let reserved = !outcome.takes_none && !outcome.waits;
            let healed = entry.warned.is_some() && outcome.conflicts.is_empty();
            if (entry.reserved, &entry.seats, &entry.conflicts) == (reserved, &outcome.seats, &outcome.conflicts)
                && !healed
            {
                continue;
            }
            let after = ScheduleEntry {
                reserved,
                seats: outcome.seats,
                conflicts: outcome.conflicts,
                warned: entry.warned.filter(|_| !healed),
                ..entry.clone()
            };
            self.tell_of(&entry, &after, &timelines);
            if healed {
                self.healed.push(self.entry_in_words(&after));
            }
            self.update(entry, after);
        }
        timelines
    }

    /// Every type's seats before the plan's scheduled steps, with what it takes and frees now.
    fn timelines(&self) -> Timelines {
        let types = self.facts.catalogue.types.iter().map(|license| license.id);
        let mut timelines: Timelines = types.map(|id| (id, self.facts.seat_timeline(id))).collect();
        for effect in self.plan.seats.iter().filter(|effect| effect.date.is_none()) {
            timelines.entry(effect.license_type_id).or_default().used += effect.delta;
        }
        timelines
    }

    /// By date; within a date, tracks that others require first.
    fn entries_in_order(&self, users: &BTreeSet<UserId>) -> Vec<ScheduleEntry> {
        let scheduled =
            users.iter().flat_map(|user| self.facts.schedule.of(*user)).filter(|entry| entry.is_scheduled());
        let mut entries: Vec<ScheduleEntry> = scheduled.cloned().collect();
        entries.sort_by_key(|entry| (entry.date, self.facts.catalogue.position(entry.track_id), entry.id));
        entries
    }

    /// What the change asked for shows its conflicts; what it merely affects is a warning.
    fn tell_of(&mut self, before: &ScheduleEntry, after: &ScheduleEntry, timelines: &Timelines) {
        if self.asked.contains(&after.id) {
            self.plan.conflicts.extend(after.conflicts.iter().cloned());
            for moved in &after.seats {
                self.schedule_seat(after.date, *moved, timelines);
            }
        } else if !before.has_conflicts()
            && let Some(conflict) = after.conflicts.first()
        {
            let entry = self.entry_in_words(after);
            self.warn(Some(after.user_id), format!("{entry} would fail: {}", conflict.message));
        }
    }

    fn schedule_seat(&mut self, date: NaiveDate, moved: SeatMove, timelines: &Timelines) {
        let id = moved.license_type_id;
        let same = |effect: &&mut SeatEffect| effect.license_type_id == id && effect.date == Some(date);
        if let Some(effect) = self.plan.seats.iter_mut().find(same) {
            effect.delta += moved.by;
            effect.used -= moved.by;
            return;
        }
        let (bought, used) =
            timelines.get(&id).map_or((0, 0), |timeline| (timeline.bought, timeline.used_on(date) - moved.by));
        let name = self.facts.license_name(id);
        self.plan.seats.push(SeatEffect { license_type_id: id, name, bought, used, delta: moved.by, date: Some(date) });
    }

    /// Such as "Pro Plus for Ana Duarte on 1 March 2027".
    pub(super) fn entry_in_words(&self, entry: &ScheduleEntry) -> String {
        if let Some(lifecycle) = &entry.lifecycle {
            let name = self.facts.name_of(entry.user_id);
            return format!("the {} of {name} on {}", lifecycle.label(), in_words(entry.date));
        }
        let what = if let Some(id) = entry.license_type_id {
            self.facts.license_name(id)
        } else {
            let track = self.facts.catalogue.track(entry.track_id);
            format!("the end of the {} license", track.map(|track| track.name.as_str()).unwrap_or_default())
        };
        format!("{what} for {} on {}", self.facts.name_of(entry.user_id), in_words(entry.date))
    }

    /// Seats that are taken now must be free now and stay free on every later day.
    pub(super) fn check_seats(&mut self, timelines: &Timelines) {
        let taken: Vec<SeatEffect> =
            self.plan.seats.iter().filter(|effect| effect.date.is_none() && effect.delta > 0).cloned().collect();
        for effect in taken {
            let Some(timeline) = timelines.get(&effect.license_type_id) else { continue };
            if effect.free_after() < 0 {
                self.block(Blocker::no_free_seat(&effect, effect.free_before(), None));
            } else if timeline.fewest_free() < 0 {
                let free = timeline.fewest_free() + effect.delta;
                let kept_from = timeline.first_above(timeline.bought);
                self.block(Blocker::no_free_seat(&effect, free, kept_from));
            }
        }
        let today = self.today();
        let freed: Vec<SeatEffect> =
            self.plan.seats.iter().filter(|effect| effect.date.is_none() && effect.delta < 0).cloned().collect();
        for effect in freed {
            let Some(seats) = self.facts.seats.get(&effect.license_type_id) else { continue };
            let empty = seats.bound_on(today) - (effect.used + effect.delta);
            if empty > 0 {
                let message = format!("{empty} bound seats of {} stand empty until somebody gets them", effect.name);
                self.warn(None, message);
            }
        }
    }
}

fn add(timelines: &mut Timelines, date: NaiveDate, seats: &[SeatMove], times: i64) {
    for moved in seats {
        timelines.entry(moved.license_type_id).or_default().add(date, times * moved.by);
    }
}

/// Entries in their order, what becomes of each, and the seats that follow from it.
struct Rehearsal<'a> {
    facts: &'a Facts,
    today: NaiveDate,
    entries: Vec<ScheduleEntry>,
    of_users: BTreeMap<UserId, Vec<usize>>,
    reserved: Vec<bool>,
    outcomes: Vec<Rehearsed>,
    timelines: Timelines,
}

impl<'a> Rehearsal<'a> {
    fn new(facts: &'a Facts, today: NaiveDate, entries: Vec<ScheduleEntry>, timelines: Timelines) -> Self {
        let mut of_users: BTreeMap<UserId, Vec<usize>> = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            of_users.entry(entry.user_id).or_default().push(at);
        }
        let reserved = entries.iter().map(|entry| entry.reserved).collect();
        let nothing = || Rehearsed { conflicts: Vec::new(), seats: Vec::new(), waits: false, takes_none: true };
        let outcomes = entries.iter().map(|_| nothing()).collect();
        Self { facts, today, entries, of_users, reserved, outcomes, timelines }
    }

    fn play_all(&mut self) {
        let users: Vec<UserId> = self.of_users.keys().copied().collect();
        for user in users {
            self.play(user);
        }
    }

    /// One user's entries, in order, from what the user holds now.
    fn play(&mut self, user: UserId) {
        let mut holding = self.facts.holding(user);
        let mut gone: Option<NaiveDate> = None;
        for at in self.of_users[&user].clone() {
            let entry = &self.entries[at];
            let is_due = self.facts.due.contains(&entry.id);
            let day = Day { today: self.today, ahead: (!is_due).then_some(entry.date) };
            let outcome = match (gone, &entry.lifecycle) {
                (Some(date), _) => nobody_left(self.facts, user, date),
                (None, Some(lifecycle)) => rehearse_lifecycle(self.facts, entry, lifecycle, &mut holding, is_due),
                (None, None) => rehearse(self.facts, entry, self.reserved[at], &mut holding, day),
            };
            if matches!(entry.lifecycle, Some(Lifecycle::Deleted { .. })) && outcome.conflicts.is_empty() {
                gone.get_or_insert(entry.date);
            }
            if outcome.takes_none {
                // A seat that it may need again later has to be asked for again.
                self.reserved[at] = false;
            }
            let date = entry.date;
            add(&mut self.timelines, date, &self.outcomes[at].seats, -1);
            add(&mut self.timelines, date, &outcome.seats, 1);
            self.outcomes[at] = outcome;
        }
    }

    /// Gives free seats to the entries that wait, in order, again and again until none that waits finds one.
    fn reserve(&mut self) {
        let mut passed_over = BTreeSet::new();
        loop {
            let given = (0..self.entries.len()).filter(|at| self.give(*at, &mut passed_over)).count();
            if given == 0 {
                return;
            }
        }
    }

    /// A seat for the entry, if it waits and one is free from its date on. An entry whose success would keep a later one from
    /// freeing a seat that others count on goes on waiting.
    fn give(&mut self, at: usize, passed_over: &mut BTreeSet<usize>) -> bool {
        let entry = &self.entries[at];
        let timeline = entry.license_type_id.and_then(|id| self.timelines.get(&id));
        let free = self.outcomes[at].waits && timeline.is_some_and(|timeline| timeline.free_from(entry.date) > 0);
        if !free || passed_over.contains(&at) {
            return false;
        }
        let user = entry.user_id;
        let short = self.short();
        let before: Vec<(usize, bool)> = self.of_users[&user].iter().map(|at| (*at, self.reserved[*at])).collect();
        self.reserved[at] = true;
        self.play(user);
        if self.short() <= short {
            return true;
        }
        for (at, reserved) in before {
            self.reserved[at] = reserved;
        }
        self.play(user);
        passed_over.insert(at);
        false
    }

    /// How many seats are too few, all types and their worst days together.
    fn short(&self) -> i64 {
        self.timelines.values().map(|timeline| (-timeline.fewest_free()).max(0)).sum()
    }

    /// Takes seats back from the last that were to have one, until no day has too few.
    fn revoke(&mut self) {
        loop {
            let over = self.timelines.iter().find_map(|(id, timeline)| {
                let day = timeline.first_above(timeline.bought)?;
                // Entries up to that day add to it; a later one frees nothing there.
                let last = (0..self.entries.len()).rev().find(|at| {
                    let entry = &self.entries[*at];
                    entry.date <= day && entry.license_type_id == Some(*id) && self.reserved[*at]
                })?;
                Some(last)
            });
            let Some(at) = over else { return };
            self.reserved[at] = false;
            self.play(self.entries[at].user_id);
        }
    }
}

/// What comes after a deletion finds nobody.
fn nobody_left(facts: &Facts, user: UserId, date: NaiveDate) -> Rehearsed {
    let message = format!("{} is deleted on {}, before this", facts.name_of(user), in_words(date));
    let conflicts = vec![Blocker::new(BlockerKind::Invalid, message, vec![Repair::ChooseDate]).for_user(user)];
    Rehearsed { conflicts, seats: Vec::new(), waits: false, takes_none: true }
}

fn rehearse_lifecycle(
    facts: &Facts,
    entry: &ScheduleEntry,
    lifecycle: &Lifecycle,
    holding: &mut crate::license::Holding,
    is_due: bool,
) -> Rehearsed {
    let conflicts = against(facts, entry.user_id, lifecycle, is_due);
    let mut seats = Vec::new();
    if conflicts.is_empty() && matches!(lifecycle, Lifecycle::Deleted { .. }) {
        seats.extend(holding.values().map(|license| SeatMove { license_type_id: *license, by: -1 }));
        holding.clear();
    }
    Rehearsed { conflicts, seats, waits: false, takes_none: true }
}

/// Who answers their numbers is looked for when the day has come: until then others come and go.
fn against(facts: &Facts, user: UserId, lifecycle: &Lifecycle, is_due: bool) -> Vec<Blocker> {
    let owner = facts.users.get(&user).is_some_and(|user| user.role == Role::AccountOwner);
    if owner && *lifecycle != Lifecycle::Resumed {
        let message = "the Account Owner stays; ask the operator to name another owner first";
        return vec![Blocker::new(BlockerKind::Invalid, message, Vec::new()).for_user(user)];
    }
    let Lifecycle::Deleted { leaving } = lifecycle else { return Vec::new() };
    let heirs = [(&leaving.forward_to, "answer the numbers"), (&leaving.mailbox_to, "get the messages")];
    let missing = heirs.into_iter().filter_map(|(to, what)| Some((to.as_ref()?, what)));
    missing
        .filter(|(to, _)| is_due && !facts.taken.extensions.contains_key(*to))
        .map(|(to, what)| {
            let message = format!("nobody has extension {to} any more, which was to {what}; delete anew");
            Blocker::new(BlockerKind::Invalid, message, Vec::new()).for_user(user)
        })
        .collect()
}

fn rehearse(
    facts: &Facts,
    entry: &ScheduleEntry,
    reserved: bool,
    holding: &mut crate::license::Holding,
    day: Day,
) -> Rehearsed {
    let user_id = entry.user_id;
    let held = holding.get(&entry.track_id).copied();
    let free = |id: LicenseTypeId| SeatMove { license_type_id: id, by: -1 };
    let none = |seats| Rehearsed { conflicts: Vec::new(), seats, waits: false, takes_none: true };
    let Some(id) = entry.license_type_id else {
        let Some(held) = held else { return none(Vec::new()) };
        let fallen = falling(facts, held, holding);
        holding.retain(|_, other| *other != held && !fallen.contains(other));
        return none([held].into_iter().chain(fallen).map(free).collect());
    };
    if held == Some(id) {
        return none(Vec::new());
    }
    let Some(license) = facts.catalogue.license_type(id) else {
        let blocker = Blocker::new(BlockerKind::Invalid, "this license is no longer in the catalogue", Vec::new());
        return Rehearsed { conflicts: vec![blocker.for_user(user_id)], ..none(Vec::new()) };
    };
    let mut others = holding.clone();
    others.remove(&entry.track_id);
    let mut conflicts = unmet(facts, user_id, license, &others, day);
    conflicts.extend(held.iter().flat_map(|held| dependent(facts, user_id, *held, license, &others)));
    let mut seats = Vec::new();
    if reserved {
        seats.push(SeatMove { license_type_id: id, by: 1 });
    } else {
        let message = format!("no seat of {} is free from {} on", license.name, in_words(entry.date));
        let repairs = vec![
            Repair::AddSeats { license_type_id: id },
            Repair::FreeSeat { license_type_id: id },
            Repair::ChooseDate,
        ];
        conflicts.push(Blocker::new(BlockerKind::NoFreeSeat, message, repairs).for_user(user_id));
    }
    if conflicts.is_empty() {
        holding.insert(entry.track_id, id);
        seats.extend(held.map(free));
    }
    Rehearsed { conflicts, seats, waits: !reserved, takes_none: false }
}
