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

/// Which lamp of the strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LampKind {
    License,
    Number,
    E911,
    Device,
    Registered,
}

impl LampKind {
    /// In the strip's order.
    pub const ALL: [Self; 5] = [Self::License, Self::Number, Self::E911, Self::Device, Self::Registered];

    /// The word in addresses and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::License => "license",
            Self::Number => "number",
            Self::E911 => "e911",
            Self::Device => "device",
            Self::Registered => "registered",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::License => "License",
            Self::Number => "Number",
            Self::E911 => "Emergency address",
            Self::Device => "Device",
            Self::Registered => "Registered",
        }
    }

    /// What a user lacks whose lamp is not ready.
    pub fn lack(self) -> &'static str {
        match self {
            Self::License => "no Voice license",
            Self::Number => "no phone number",
            Self::E911 => "no confirmed emergency address",
            Self::Device => "no device",
            Self::Registered => "a device that is not registered",
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

    pub fn of_kind(&self, kind: LampKind) -> Lamp {
        match kind {
            LampKind::License => self.license,
            LampKind::Number => self.number,
            LampKind::E911 => self.e911,
            LampKind::Device => self.device,
            LampKind::Registered => self.registered,
        }
    }

    /// In the strip's order.
    pub fn each(&self) -> [(&'static str, Lamp); 5] {
        LampKind::ALL.map(|kind| (kind.label(), self.of_kind(kind)))
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
    fn every_lamp_is_found_by_its_word() {
        for kind in LampKind::ALL {
            assert_eq!(LampKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(LampKind::parse("extension"), None);
    }

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
