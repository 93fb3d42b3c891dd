//! Random changes, dates, stale plans, lost and repeated requests, played against a small model of its own that knows
//! nothing of plans: who holds what, which numbers, and what is scheduled.

mod reference;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate, TimeDelta};

use self::reference::Reference;
use super::*;
use crate::id::ScheduleEntryId;
use crate::license::{LicenseType, Requirement};

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

    fn some_number(&mut self) -> Option<NumberId> {
        let numbers: Vec<NumberId> = self.facts.numbers.keys().copied().collect();
        self.dice.pick(&numbers)
    }

    /// A free number is handed over by another carrier instead, within some days.
    fn port_another(&mut self) {
        let date = self.some_date();
        let free: Vec<PhoneNumber> =
            self.facts.numbers.values().filter(|number| number.state == NumberState::Free).cloned().collect();
        if let Some(number) = self.dice.pick(&free) {
            let porting = PhoneNumber { state: NumberState::PortingIn, ports_on: Some(date), ..number };
            self.facts.numbers.insert(porting);
        }
    }

    fn some_change(&mut self) -> Option<Change> {
        let types: Vec<LicenseTypeId> = self.facts.catalogue.types.iter().map(|license| license.id).collect();
        let tracks: Vec<TrackId> = self.facts.catalogue.tracks.iter().map(|track| track.id).collect();
        let (license_type_id, track_id) = (self.dice.pick(&types)?, self.dice.pick(&tracks)?);
        let date = self.some_date();
        Some(match self.dice.below(22) {
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
                let user_id = (!self.dice.one_in(3)).then(|| self.some_user());
                Change::AssignNumber { number_id: self.some_number()?, user_id }
            }
            18 => {
                let address = self.facts.locations[&PHOENIX].site.address.clone();
                let confirmed = !self.dice.one_in(3);
                Change::ConfirmE911 { user_id: self.some_user(), address, callback: None, confirmed }
            }
            19 => Change::MovePort { number_id: self.some_number()?, version: None, date },
            20 => Change::CompletePort { number_id: self.some_number()? },
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
        self.port_another();
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
    for action in [
        "assign_license",
        "run_schedule",
        "rehearse",
        "blocked",
        "moved",
        "before",
        "retry_schedule_entry",
        "move_port",
        "complete_port",
    ] {
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
