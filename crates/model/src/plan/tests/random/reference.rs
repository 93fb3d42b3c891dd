//! The model: no plans, no versions, only what must be true of facts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::super::*;
use crate::id::ScheduleEntryId;
use crate::license::{Holding, LicenseType, Requirement};
use crate::schedule::ScheduleEntry;

pub(super) struct Reference<'a> {
    pub(super) facts: &'a Facts,
}

impl Reference<'_> {
    /// `ahead`: on that date, when numbers that port in by then are there.
    fn lacks(
        &self,
        user: UserId,
        license: &LicenseType,
        holding: &Holding,
        ahead: Option<NaiveDate>,
    ) -> Vec<BlockerKind> {
        let number = |kind: NumberKind| {
            self.facts.numbers.values().filter(|number| number.kind == kind).any(|number| {
                let arrives = number.ports_on.zip(ahead).is_some_and(|(ports_on, ahead)| ports_on <= ahead);
                number.user_id == Some(user) || (number.promised_to == Some(user) && arrives)
            })
        };
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

    fn give(&self, user: UserId, to: LicenseTypeId, holding: &mut Holding, ahead: NaiveDate) -> bool {
        let license = self.facts.catalogue.license_type(to).unwrap();
        if holding.get(&license.track_id) == Some(&to) {
            return true;
        }
        let mut others = holding.clone();
        others.remove(&license.track_id);
        if !self.lacks(user, license, &others, Some(ahead)).is_empty() || self.breaks_other(license, holding) {
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
                    Some(to) if self.give(entry.user_id, to, holding, date) && entry.reserved => {}
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
    pub(super) fn check(&self) {
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
    pub(super) fn check_settled(&self) {
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
    fn would_overbook(&self, entry: ScheduleEntry) -> bool {
        let mut facts = self.facts.clone();
        facts.schedule.insert(ScheduleEntry { reserved: true, ..entry });
        let (_, days) = Reference { facts: &facts }.replay();
        days.into_iter().any(|((license, _), used)| used > self.bought(license))
    }

    /// Each reason given for a refusal is true.
    pub(super) fn check_refusal(&self, change: &Change, plan: &Plan, today: NaiveDate) {
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
                    self.lacks(user, license, &holding, None).contains(&blocker.kind)
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
                (BlockerKind::Invalid, Change::MovePort { number_id, date, .. }) => {
                    *date < today || self.facts.numbers[number_id].ports_on.is_none()
                }
                (BlockerKind::Invalid, Change::CompletePort { number_id }) => {
                    self.facts.numbers[number_id].ports_on.is_none()
                }
                (BlockerKind::Invalid, Change::MoveSchedule { user_id, date }) => {
                    *date <= today || self.facts.schedule.of(*user_id).next().is_none()
                }
                _ => false,
            };
            assert!(truth, "refused without reason: {blocker:?} for {change:?}");
        }
    }
}
