//! Random changes, dates, stale plans, lost and repeated requests, played against a small model of its own that knows
//! nothing of plans: who holds what, which numbers, and what is scheduled.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate, TimeDelta};

use super::*;
use crate::id::ScheduleEntryId;
use crate::license::{Holding, LicenseType, Requirement};

/// Requests of each of the four plays.
const REQUESTS: u128 = 25_000;
const USERS: u128 = 6;

/// `SplitMix64`: the same steps for the same seed everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone())
    }
}

fn user_id(n: u128) -> UserId {
    UserId(id(300 + n))
}

/// The shipped catalogue, and a type that requires another type and a confirmed address.
fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default_catalogue();
    let upgrades = catalogue.track_by_slug("upgrades").unwrap().id;
    catalogue.types.push(LicenseType {
        id: LicenseTypeId(id(32)),
        track_id: upgrades,
        slug: "supervisor".into(),
        name: "Supervisor".into(),
        summary: String::new(),
        features: Vec::new(),
        requirements: vec![Requirement::Type(license("business")), Requirement::E911Confirmed],
        retired: false,
    });
    catalogue
}

fn world() -> Facts {
    let mut facts = facts();
    facts.catalogue = catalogue();
    for n in 0..USERS {
        facts.users.insert(user_id(n), user(user_id(n), "Ana", "201"));
        for kind in [NumberKind::Landline, NumberKind::Mobile] {
            let text = format!("+1480555{:04}", 100 + 10 * n + u128::from(kind == NumberKind::Mobile));
            let of = 10 * n + u128::from(kind == NumberKind::Mobile);
            give(&mut facts, number(of, &text, kind, n.is_multiple_of(2).then(|| user_id(n))));
        }
    }
    facts.seats.clear();
    for license in facts.catalogue.types.clone() {
        let account_id = facts.account.id;
        let seats =
            Seats { account_id, license_type_id: license.id, version: 1, bought: 2, bound: Vec::new(), used: 0 };
        facts.seats.insert(license.id, seats);
    }
    facts
}

/// The model: no plans, no reservations made, no versions; only what must be true.
struct Reference<'a> {
    facts: &'a Facts,
}

impl Reference<'_> {
    fn lacks(&self, user: UserId, license: &LicenseType, holding: &Holding) -> Vec<BlockerKind> {
        let number = |kind: NumberKind| self.facts.numbers.values().any(|n| n.user_id == Some(user) && n.kind == kind);
        let missing = |requirement: &Requirement| match requirement {
            Requirement::Number(kind) => (!number(*kind)).then_some(BlockerKind::MissingNumber),
            Requirement::Track(track) => (!holding.contains_key(track)).then_some(BlockerKind::MissingLicense),
            Requirement::Type(of) => (!holding.values().any(|held| held == of)).then_some(BlockerKind::MissingLicense),
            Requirement::E911Confirmed => {
                let confirmed = self.facts.e911.get(&user).is_some_and(|e911| e911.confirmed.is_some());
                (!confirmed).then_some(BlockerKind::E911NotConfirmed)
            }
            Requirement::LocationIn(_) => None,
        };
        license.requirements.iter().filter_map(missing).collect()
    }

    /// Whether giving `to` makes another license of the user lose the type that it requires.
    fn breaks_other(&self, to: &LicenseType, holding: &Holding) -> bool {
        let Some(replaced) = holding.get(&to.track_id) else { return false };
        holding.iter().filter(|(track, _)| **track != to.track_id).any(|(_, other)| {
            let other = self.facts.catalogue.license_type(*other).unwrap();
            other.requirements.contains(&Requirement::Type(*replaced))
        })
    }

    fn give(&self, user: UserId, to: LicenseTypeId, holding: &mut Holding) -> bool {
        let license = self.facts.catalogue.license_type(to).unwrap();
        if holding.get(&license.track_id) == Some(&to) {
            return true;
        }
        let mut others = holding.clone();
        others.remove(&license.track_id);
        if !self.lacks(user, license, &others).is_empty() || self.breaks_other(license, holding) {
            return false;
        }
        holding.insert(license.track_id, to);
        true
    }

    /// The license goes, and whatever then misses the ground that it stood on.
    fn take(&self, track: TrackId, holding: &mut Holding) {
        let before = holding.clone();
        if holding.remove(&track).is_none() {
            return;
        }
        loop {
            let unfounded = holding.iter().find_map(|(track, held)| {
                let license = self.facts.catalogue.license_type(*held).unwrap();
                let lost = license.requirements.iter().any(|requirement| match requirement {
                    Requirement::Track(of) => before.contains_key(of) && !holding.contains_key(of),
                    Requirement::Type(of) => {
                        before.values().any(|held| held == of) && !holding.values().any(|held| held == of)
                    }
                    _ => false,
                });
                lost.then_some(*track)
            });
            let Some(track) = unfounded else { return };
            holding.remove(&track);
        }
    }

    /// Plays all entries to the end: which fail, and how many seats each day uses at most.
    fn replay(&self) -> (BTreeSet<ScheduleEntryId>, BTreeMap<(LicenseTypeId, NaiveDate), i64>) {
        let mut entries: Vec<_> = self.facts.schedule.values().filter(|entry| entry.is_scheduled()).collect();
        entries.sort_by_key(|entry| (entry.date, self.facts.catalogue.position(entry.track_id), entry.id));
        let mut holdings: BTreeMap<UserId, Holding> =
            self.facts.users.keys().map(|user| (*user, self.facts.holding(*user))).collect();
        let (mut failing, mut kept, mut days) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        let dates: BTreeSet<NaiveDate> = entries.iter().map(|entry| entry.date).collect();
        for date in dates {
            for entry in entries.iter().filter(|entry| entry.date == date) {
                let holding = holdings.get_mut(&entry.user_id).unwrap();
                let before = holding.clone();
                match entry.license_type_id {
                    None => self.take(entry.track_id, holding),
                    Some(to) if holding.get(&entry.track_id) == Some(&to) => {}
                    Some(to) if self.give(entry.user_id, to, holding) && entry.reserved => {}
                    Some(to) => {
                        *holding = before;
                        failing.insert(entry.id);
                        if entry.reserved {
                            kept.insert((entry.id, to));
                        }
                    }
                }
            }
            for license in &self.facts.catalogue.types {
                let held = holdings.values().flat_map(BTreeMap::values).filter(|held| **held == license.id).count();
                let waiting = kept.iter().filter(|(_, to)| *to == license.id).count();
                days.insert((license.id, date), i64::try_from(held + waiting).unwrap());
            }
        }
        (failing, days)
    }

    fn used(&self, license: LicenseTypeId) -> i64 {
        i64::try_from(self.facts.assignments.values().filter(|held| held.license_type_id == license).count()).unwrap()
    }

    fn peak(&self, license: LicenseTypeId) -> i64 {
        let (_, days) = self.replay();
        let later = days.iter().filter(|((of, _), _)| *of == license).map(|(_, used)| *used);
        later.max().unwrap_or_default().max(self.used(license))
    }

    fn bought(&self, license: LicenseTypeId) -> i64 {
        self.facts.seats[&license].bought
    }

    /// True after every single step.
    fn check(&self) {
        for license in &self.facts.catalogue.types {
            let seats = &self.facts.seats[&license.id];
            assert_eq!(seats.used, self.used(license.id), "{}", license.name);
            assert!(seats.used <= seats.bought, "{} is over-assigned today", license.name);
        }
        for (user, track) in self.facts.assignments.keys() {
            let held = &self.facts.assignments[&(*user, *track)];
            assert_eq!((held.user_id, held.track_id), (*user, *track));
        }
        let (failing, _) = self.replay();
        let mut days = BTreeSet::new();
        for entry in self.facts.schedule.values().filter(|entry| entry.is_scheduled()) {
            assert_eq!(entry.has_conflicts(), failing.contains(&entry.id), "rehearsal is wrong about {entry:?}");
            assert!(days.insert((entry.user_id, entry.track_id, entry.date)), "two types of one track on one day");
        }
    }

    /// True once what one change did to other users' seats was settled.
    fn check_settled(&self) {
        let (_, days) = self.replay();
        for ((license, date), used) in days {
            let name = self.facts.license_name(license);
            assert!(used <= self.bought(license), "{name} is over-assigned on {date}: {used}");
            let kept = self.facts.seat_timeline(license).used_on(date);
            assert_eq!(kept, used, "the timeline of {name} is wrong on {date}");
        }
        for entry in self.facts.schedule.values().filter(|entry| entry.is_scheduled()) {
            let waits = entry.conflicts.iter().any(|conflict| conflict.kind == BlockerKind::NoFreeSeat);
            if let (true, Some(license)) = (waits, entry.license_type_id) {
                let free = self.facts.seat_timeline(license).free_from(entry.date);
                assert!(
                    free <= 0 || self.would_overbook(entry.clone()),
                    "{entry:?} waits for a seat, and {free} are free"
                );
            }
        }
    }

    /// Whether a seat for the entry would leave some day with too few, since a later entry would no longer free one.
    fn would_overbook(&self, entry: crate::schedule::ScheduleEntry) -> bool {
        let mut facts = self.facts.clone();
        facts.schedule.insert(crate::schedule::ScheduleEntry { reserved: true, ..entry });
        let (_, days) = Reference { facts: &facts }.replay();
        days.into_iter().any(|((license, _), used)| used > self.bought(license))
    }

    /// Each reason given for a refusal is true.
    fn check_refusal(&self, change: &Change, plan: &Plan, today: NaiveDate) {
        // Parts of several changes are refused for reasons that the parts before them made.
        if matches!(change, Change::Together { .. }) {
            return;
        }
        for blocker in &plan.blockers {
            let truth = match (blocker.kind, change) {
                (BlockerKind::NoFreeSeat, _) => plan.seats.iter().any(|effect| {
                    effect.date.is_none()
                        && effect.delta > 0
                        && self.facts.clone().after(plan).seat_timeline(effect.license_type_id).fewest_free() < 0
                }),
                (BlockerKind::MissingNumber | BlockerKind::MissingLicense | BlockerKind::E911NotConfirmed, change) => {
                    let to = match change {
                        Change::AssignLicense { license_type_id, .. } => Some(*license_type_id),
                        Change::RetryScheduleEntry { entry_id } => self.facts.schedule[entry_id].license_type_id,
                        _ => None,
                    };
                    let license = self.facts.catalogue.license_type(to.unwrap()).unwrap();
                    let user = blocker.user_id.unwrap();
                    let mut holding = self.facts.holding(user);
                    holding.remove(&license.track_id);
                    self.lacks(user, license, &holding).contains(&blocker.kind)
                }
                (BlockerKind::DependentLicense, Change::AssignNumber { number_id, .. }) => {
                    let number = &self.facts.numbers[number_id];
                    let mut held = self.facts.assignments_of(number.user_id.unwrap());
                    held.any(|held| {
                        let license = self.facts.catalogue.license_type(held.license_type_id).unwrap();
                        license.requirements.contains(&Requirement::Number(number.kind))
                    })
                }
                (BlockerKind::DependentLicense, _) => {
                    let user = blocker.user_id.unwrap();
                    let holding = self.facts.holding(user);
                    self.facts.catalogue.types.iter().any(|to| self.breaks_other(to, &holding))
                }
                (BlockerKind::MutuallyExclusive, change) => {
                    let user = blocker.user_id.unwrap();
                    let entries: Vec<_> = self.facts.schedule.of(user).collect();
                    match change {
                        Change::MoveSchedule { .. } => {
                            entries.iter().map(|entry| entry.track_id).collect::<BTreeSet<_>>().len() < entries.len()
                        }
                        Change::AssignLicense { date: Some(date), .. }
                        | Change::RemoveLicense { date: Some(date), .. }
                        | Change::EditScheduleEntry { date, .. } => {
                            entries.iter().any(|entry| entry.is_scheduled() && entry.date == *date)
                        }
                        _ => false,
                    }
                }
                (BlockerKind::InUse, Change::SetSeats { license_type_id, bought, .. }) => {
                    *bought < self.peak(*license_type_id).max(self.facts.seat_timeline(*license_type_id).peak())
                }
                (
                    BlockerKind::Invalid,
                    Change::AssignLicense { date: Some(date), .. }
                    | Change::RemoveLicense { date: Some(date), .. }
                    | Change::EditScheduleEntry { date, .. },
                ) => *date <= today,
                (BlockerKind::Invalid, Change::MoveSchedule { user_id, date }) => {
                    *date <= today || self.facts.schedule.of(*user_id).next().is_none()
                }
                _ => false,
            };
            assert!(truth, "refused without reason: {blocker:?} for {change:?}");
        }
    }
}

struct Play {
    facts: Facts,
    dice: Dice,
    at: DateTime<Utc>,
    next: u128,
    /// Requests that were carried out, by identifier: the journal.
    done: BTreeSet<ChangeId>,
    ran: BTreeSet<ScheduleEntryId>,
    seen: BTreeMap<&'static str, usize>,
}

impl Play {
    fn today(&self) -> NaiveDate {
        self.facts.account.settings.time_zone.date(self.at)
    }

    fn some_user(&mut self) -> UserId {
        user_id(u128::from(self.dice.below(u64::try_from(USERS).unwrap())))
    }

    fn some_users(&mut self) -> Vec<UserId> {
        let users: BTreeSet<UserId> = (0..=self.dice.below(3)).map(|_| self.some_user()).collect();
        users.into_iter().collect()
    }

    fn some_date(&mut self) -> NaiveDate {
        self.today() + Days::new(self.dice.below(12))
    }

    fn some_entry(&mut self) -> Option<ScheduleEntryId> {
        let entries: Vec<ScheduleEntryId> = self.facts.schedule.keys().copied().collect();
        self.dice.pick(&entries)
    }

    fn some_change(&mut self) -> Option<Change> {
        let types: Vec<LicenseTypeId> = self.facts.catalogue.types.iter().map(|license| license.id).collect();
        let tracks: Vec<TrackId> = self.facts.catalogue.tracks.iter().map(|track| track.id).collect();
        let (license_type_id, track_id) = (self.dice.pick(&types)?, self.dice.pick(&tracks)?);
        let date = self.some_date();
        Some(match self.dice.below(20) {
            0..=3 => Change::AssignLicense { user_ids: self.some_users(), license_type_id, date: None },
            4..=8 => Change::AssignLicense { user_ids: self.some_users(), license_type_id, date: Some(date) },
            9 => Change::RemoveLicense { user_ids: self.some_users(), track_id, date: None },
            10 => Change::RemoveLicense { user_ids: self.some_users(), track_id, date: Some(date) },
            11 => Change::EditScheduleEntry { entry_id: self.some_entry()?, version: None, date },
            12 => Change::RemoveScheduleEntry { entry_id: self.some_entry()? },
            13 => Change::MoveSchedule { user_id: self.some_user(), date },
            14 => Change::RetryScheduleEntry { entry_id: self.some_entry()? },
            15 => {
                let bought = i64::try_from(self.dice.below(6)).unwrap();
                Change::SetSeats { license_type_id, bought, bound: None }
            }
            16 | 17 => {
                let numbers: Vec<NumberId> = self.facts.numbers.keys().copied().collect();
                let user_id = (!self.dice.one_in(3)).then(|| self.some_user());
                Change::AssignNumber { number_id: self.dice.pick(&numbers)?, user_id }
            }
            18 => {
                let address = self.facts.locations[&PHOENIX].site.address.clone();
                let confirmed = !self.dice.one_in(3);
                Change::ConfirmE911 { user_id: self.some_user(), address, callback: None, confirmed }
            }
            _ => {
                let changes: Vec<Change> = (0..3).filter_map(|_| self.some_change()).collect();
                let flat = |change: &Change| !matches!(change, Change::Together { .. });
                Change::Together { changes: changes.into_iter().filter(flat).collect() }
            }
        })
    }

    fn plan(&self, request: &ChangeRequest) -> Plan {
        plan(&self.facts, request, Context { now: self.at, actor: "Ana Duarte", mint: &Fixed })
    }

    fn request(&mut self, change: Change) -> ChangeRequest {
        self.next += 1;
        ChangeRequest { id: ChangeId(id(10_000 + self.next)), change }
    }

    /// As the store does it: once per identifier, planned anew, refused when it is no longer the plan that was read.
    fn apply(&mut self, request: &ChangeRequest, expected: Option<&Fingerprint>) {
        if self.done.contains(&request.id) {
            *self.seen.entry("before").or_default() += 1;
            return;
        }
        let plan = self.plan(request);
        if expected.is_some_and(|expected| *expected != plan.fingerprint()) {
            *self.seen.entry("moved").or_default() += 1;
            return;
        }
        let today = self.today();
        if plan.blocked() {
            *self.seen.entry("blocked").or_default() += 1;
            Reference { facts: &self.facts }.check_refusal(&request.change, &plan, today);
            return;
        }
        *self.seen.entry(request.change.action()).or_default() += 1;
        self.facts = std::mem::replace(&mut self.facts, facts()).after(&plan);
        self.done.insert(request.id);
        Reference { facts: &self.facts }.check();
    }

    fn settle(&mut self) {
        let request = self.request(Change::Rehearse { user_ids: Vec::new() });
        self.apply(&request, None);
        Reference { facts: &self.facts }.check_settled();
    }

    /// A day or more passes; what came due is carried out date by date, perhaps by two at once.
    fn pass_time(&mut self) {
        let days = if self.dice.one_in(10) { 9 } else { self.dice.below(3) };
        self.at += TimeDelta::days(i64::try_from(days).unwrap()) + TimeDelta::minutes(17);
        loop {
            let due = self.facts.schedule.values().filter(|entry| entry.is_scheduled() && entry.due_at <= self.at);
            let Some(first) = due.clone().map(|entry| entry.date).min() else { break };
            let now: BTreeSet<ScheduleEntryId> =
                due.filter(|entry| entry.date == first).map(|entry| entry.id).collect();
            let expected: Vec<_> = now.iter().map(|id| self.facts.schedule[id].clone()).collect();
            self.facts.due.clone_from(&now);
            let request = self.request(Change::RunSchedule);
            self.apply(&request, None);
            self.apply(&request, None);
            self.facts.due.clear();
            for entry in expected {
                match self.facts.schedule.get(&entry.id) {
                    Some(after) => {
                        assert_eq!(after.state, crate::schedule::EntryState::Failed);
                        assert!(after.has_conflicts(), "failed without a reason: {after:?}");
                        // Somebody looks after most of what failed.
                        if !self.dice.one_in(8) {
                            let request = self.request(Change::RemoveScheduleEntry { entry_id: entry.id });
                            self.apply(&request, None);
                        }
                    }
                    None => assert!(self.ran.insert(entry.id), "carried out twice: {entry:?}"),
                }
            }
        }
        self.settle();
    }

    fn step(&mut self) {
        if self.dice.one_in(12) {
            return self.pass_time();
        }
        let Some(change) = self.some_change() else { return };
        let request = self.request(change);
        match self.dice.below(20) {
            // Planned, and the program died before it was carried out.
            0 => drop(self.plan(&request)),
            // Sent twice.
            1 => {
                self.apply(&request, None);
                self.apply(&request, None);
            }
            // Read, and somebody else was quicker.
            2 => {
                let read = self.plan(&request).fingerprint();
                if let Some(other) = self.some_change() {
                    let other = self.request(other);
                    self.apply(&other, None);
                    self.settle();
                }
                self.apply(&request, Some(&read));
            }
            _ => self.apply(&request, None),
        }
        self.settle();
    }
}

fn play(seed: u64) {
    let mut play = Play {
        facts: world(),
        dice: Dice(seed),
        at: now(),
        next: 0,
        done: BTreeSet::new(),
        ran: BTreeSet::new(),
        seen: BTreeMap::new(),
    };
    while play.next < REQUESTS {
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play.step()));
        assert!(played.is_ok(), "seed {seed}, request {}", play.next);
    }
    // A play in which nothing happens proves nothing.
    for action in ["assign_license", "run_schedule", "rehearse", "blocked", "moved", "before", "retry_schedule_entry"] {
        assert!(play.seen.get(action).is_some_and(|times| *times > 5), "{action}: {:?}", play.seen);
    }
    assert!(play.ran.len() > 500);
}

#[test]
fn no_day_is_over_assigned_and_rehearsal_is_never_wrong_1() {
    play(1);
}

#[test]
fn no_day_is_over_assigned_and_rehearsal_is_never_wrong_2() {
    play(2);
}

#[test]
fn no_day_is_over_assigned_and_rehearsal_is_never_wrong_3() {
    play(3);
}

#[test]
fn no_day_is_over_assigned_and_rehearsal_is_never_wrong_4() {
    play(4);
}
