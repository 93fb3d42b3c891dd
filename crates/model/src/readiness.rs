//! Whether a user's phone rings, condition by condition, in the order in which a phone comes alive.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lamp {
    Ready,
    Missing,
    /// Was there, and is not: a phone that was registered and is gone.
    Failing,
    NotNeeded,
}

impl Lamp {
    /// The class of the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Ready => "ok",
            Self::Missing => "wait",
            Self::Failing => "bad",
            Self::NotNeeded => "off",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Missing => "missing",
            Self::Failing => "failing",
            Self::NotNeeded => "not needed yet",
        }
    }
}

/// The facts of one user that readiness follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Conditions {
    pub voice_license: bool,
    pub number: bool,
    pub e911_confirmed: bool,
    /// A device with credentials, not locked.
    pub device: bool,
    pub registered: bool,
    pub was_registered: bool,
}

/// The lamp strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lamps {
    pub license: Lamp,
    pub number: Lamp,
    pub e911: Lamp,
    pub device: Lamp,
    pub registered: Lamp,
}

impl Lamps {
    pub fn of(conditions: Conditions) -> Self {
        let ready_or = |met: bool, otherwise: Lamp| if met { Lamp::Ready } else { otherwise };
        let device = match (conditions.device, conditions.voice_license) {
            (true, _) => Lamp::Ready,
            (false, true) => Lamp::Missing,
            (false, false) => Lamp::NotNeeded,
        };
        let registered =
            match (conditions.voice_license && conditions.device, conditions.registered, conditions.was_registered) {
                (false, ..) => Lamp::NotNeeded,
                (true, true, _) => Lamp::Ready,
                (true, false, true) => Lamp::Failing,
                (true, false, false) => Lamp::Missing,
            };
        Self {
            license: ready_or(conditions.voice_license, Lamp::Missing),
            number: ready_or(conditions.number, Lamp::Missing),
            e911: ready_or(conditions.e911_confirmed, Lamp::Missing),
            device,
            registered,
        }
    }

    pub fn each(&self) -> [(&'static str, Lamp); 5] {
        [
            ("License", self.license),
            ("Number", self.number),
            ("Emergency address", self.e911),
            ("Device", self.device),
            ("Registered", self.registered),
        ]
    }

    pub fn ready(&self) -> bool {
        self.each().iter().all(|(_, lamp)| *lamp == Lamp::Ready)
    }

    /// `License: ready; Number: missing; …` for those who do not see colours.
    pub fn label(&self) -> String {
        self.each().map(|(name, lamp)| format!("{name}: {}", lamp.label())).join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_without_a_license_needs_no_registration() {
        let lamps = Lamps::of(Conditions { number: true, e911_confirmed: true, device: true, ..Conditions::default() });
        assert_eq!((lamps.license, lamps.registered, lamps.ready()), (Lamp::Missing, Lamp::NotNeeded, false));
    }

    #[test]
    fn a_phone_that_went_away_is_failing_and_one_never_seen_is_missing() {
        let all = Conditions {
            voice_license: true,
            number: true,
            e911_confirmed: true,
            device: true,
            registered: true,
            was_registered: true,
        };
        assert!(Lamps::of(all).ready());
        assert_eq!(Lamps::of(Conditions { registered: false, ..all }).registered, Lamp::Failing);
        assert_eq!(Lamps::of(Conditions { registered: false, was_registered: false, ..all }).registered, Lamp::Missing);
    }
}
