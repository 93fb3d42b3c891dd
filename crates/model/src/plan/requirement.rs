//! What a license type requires, and what of it a user lacks.

use chrono::NaiveDate;

use crate::address::Country;
use crate::facts::Facts;
use crate::id::{LicenseTypeId, UserId};
use crate::license::{Holding, LicenseType, Requirement};
use crate::phone_number::NumberKind;
use crate::plan::user::has_number;
use crate::plan::{Blocker, BlockerKind, Repair};
use crate::schedule::in_words;

/// When requirements are looked at: now, or for a date by which numbers may have ported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) today: NaiveDate,
    pub(super) ahead: Option<NaiveDate>,
}

impl Day {
    pub(super) fn now(today: NaiveDate) -> Self {
        Self { today, ahead: None }
    }
}

/// What keeps the user, who holds these licenses, from this one: nothing when all requirements are met.
pub(super) fn unmet(
    facts: &Facts,
    user_id: UserId,
    license: &LicenseType,
    holding: &Holding,
    day: Day,
) -> Vec<Blocker> {
    let retired = license.retired.then(|| {
        let message = format!("{} is retired and can't be assigned anew; choose another type", license.name);
        Blocker::new(BlockerKind::Invalid, message, Vec::new())
    });
    let missing = license
        .requirements
        .iter()
        .filter_map(|requirement| missing(facts, user_id, license, requirement, holding, day));
    retired.into_iter().chain(missing).map(|blocker| blocker.for_user(user_id)).collect()
}

pub(super) fn missing(
    facts: &Facts,
    user_id: UserId,
    license: &LicenseType,
    requirement: &Requirement,
    holding: &Holding,
    day: Day,
) -> Option<Blocker> {
    let user = facts.users.get(&user_id)?;
    let (name, wanted) = (user.profile.full_name(), &license.name);
    let (kind, message, repairs) = match requirement {
        Requirement::Number(kind) if !has_number(facts, user_id, *kind) => {
            return missing_number(facts, user_id, wanted, *kind, day);
        }
        Requirement::Track(track) if !holding.contains_key(track) => {
            let track_name = facts.catalogue.track(*track).map(|track| track.name.clone()).unwrap_or_default();
            (
                BlockerKind::MissingLicense,
                format!("{wanted} requires an active {track_name} license, and {name} has none"),
                vec![Repair::AssignLicense { user_id, track_id: *track }],
            )
        }
        Requirement::Type(needed) if !holding.values().any(|held| held == needed) => {
            let needed = facts.catalogue.license_type(*needed)?;
            (
                BlockerKind::MissingLicense,
                format!("{wanted} requires {}, and {name} has none", needed.name),
                vec![Repair::AssignLicense { user_id, track_id: needed.track_id }],
            )
        }
        Requirement::E911Confirmed if facts.e911.get(&user_id).is_none_or(|e911| e911.confirmed.is_none()) => (
            BlockerKind::E911NotConfirmed,
            format!("{wanted} requires a confirmed E911 address, and {name}'s is not confirmed"),
            vec![Repair::ConfirmE911 { user_id }],
        ),
        Requirement::LocationIn(countries) => {
            let location = user.profile.location_id.and_then(|id| facts.locations.get(&id));
            if location.is_some_and(|location| countries.contains(&location.site.address.country)) {
                return None;
            }
            let allowed = countries.iter().map(Country::as_str).collect::<Vec<_>>().join(", ");
            (
                BlockerKind::LocationNotAllowed,
                format!("{wanted} is for locations in {allowed}, and {name} is at none of them"),
                vec![Repair::SetLocation { user_id }],
            )
        }
        _ => return None,
    };
    Some(Blocker::new(kind, message, repairs).for_user(user_id))
}

/// A number that ports in counts ahead from its day on; once the license is due, it has to be there.
fn missing_number(facts: &Facts, user_id: UserId, wanted: &str, kind: NumberKind, day: Day) -> Option<Blocker> {
    let name = facts.name_of(user_id);
    let pick = Repair::PickNumber { user_id, kind };
    let coming = facts.numbers_promised_to(user_id).find(|number| number.kind == kind);
    let (why, repairs) = match coming.and_then(|number| number.ports_on.map(|date| (number, date))) {
        Some((_, date)) if day.ahead.is_some_and(|ahead| date <= ahead) => return None,
        Some((number, date)) if date > day.today => {
            let why = format!("{name}'s {} ports in on {}", number.number.pretty(), in_words(date));
            (why, vec![Repair::WaitForPort { user_id, number_id: number.id, date }, pick])
        }
        Some((number, date)) => {
            let (pretty, date) = (number.number.pretty(), in_words(date));
            let why = format!("{name}'s {pretty}, expected on {date}, has not ported in yet");
            (why, vec![Repair::CompletePort { number_id: number.id }, pick])
        }
        None => (format!("{name} has none"), vec![pick]),
    };
    let message = format!("{wanted} requires a {kind} number, and {why}");
    Some(Blocker::new(BlockerKind::MissingNumber, message, repairs).for_user(user_id))
}

/// Another license of the user may require the very type that is being replaced.
pub(super) fn dependent(
    facts: &Facts,
    user_id: UserId,
    replaced: LicenseTypeId,
    by: &LicenseType,
    holding: &Holding,
) -> Vec<Blocker> {
    holding
        .iter()
        .filter(|(track, _)| **track != by.track_id)
        .filter_map(|(_, other)| facts.catalogue.license_type(*other))
        .filter(|other| other.requirements.contains(&Requirement::Type(replaced)))
        .map(|other| {
            let message = format!("{} requires the license that {} would replace", other.name, by.name);
            let repairs = vec![Repair::RemoveLicense { user_id, track_id: other.track_id }];
            Blocker::new(BlockerKind::DependentLicense, message, repairs).for_user(user_id)
        })
        .collect()
}

/// The types that fall when one is removed: those that require it or its track, and what requires those.
pub(super) fn falling(facts: &Facts, removed: LicenseTypeId, holding: &Holding) -> Vec<LicenseTypeId> {
    let mut left = holding.clone();
    left.retain(|_, held| *held != removed);
    let mut fallen: Vec<LicenseTypeId> = Vec::new();
    loop {
        let met = |requirement: &Requirement| match requirement {
            Requirement::Track(track) => left.contains_key(track),
            Requirement::Type(needed) => left.values().any(|held| held == needed),
            _ => true,
        };
        // Only what this removal takes the ground from: a requirement that was unmet before stays somebody else's matter.
        let ground = |requirement: &Requirement| match requirement {
            Requirement::Track(track) => holding.contains_key(track),
            Requirement::Type(needed) => holding.values().any(|held| held == needed),
            _ => false,
        };
        let next = left.values().copied().find(|held| {
            facts
                .catalogue
                .license_type(*held)
                .is_some_and(|license| license.requirements.iter().any(|of| ground(of) && !met(of)))
        });
        let Some(next) = next else { return fallen };
        left.retain(|_, held| *held != next);
        fallen.push(next);
    }
}
