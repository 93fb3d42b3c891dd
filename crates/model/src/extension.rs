//! Short internal numbers.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;

use crate::phone_number::E164;
use crate::text::parsed_text;

/// Numbers that reach emergency services, or their test line (933). Matched exactly, before every other rule.
pub const EMERGENCY: [&str; 3] = ["911", "112", "933"];

/// Service codes of the North American plan: N11 and the crisis line.
const SERVICE: [&str; 8] = ["211", "311", "411", "511", "611", "711", "811", "988"];

/// 2–6 digits, kept as text since a leading zero counts. Never an emergency or service number, nor a start of one, nor
/// one that begins with an emergency number: phones dial those at the third digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct Extension(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExtensionError {
    #[error("an extension has 2 to 6 digits")]
    Shape,
    #[error("extension {0} is an emergency number; choose another")]
    Emergency(String),
    #[error("extension {0} begins with the emergency number {1}, which phones dial at once; choose another")]
    BeginsWithEmergency(String, &'static str),
    #[error("extension {0} is a service number or the start of {1}; choose another")]
    Service(String, &'static str),
}

impl Extension {
    pub fn parse(text: &str) -> Result<Self, ExtensionError> {
        let text = text.trim();
        if !(2..=6).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ExtensionError::Shape);
        }
        if EMERGENCY.contains(&text) {
            return Err(ExtensionError::Emergency(text.to_owned()));
        }
        if let Some(emergency) = EMERGENCY.into_iter().find(|code| text.starts_with(code)) {
            return Err(ExtensionError::BeginsWithEmergency(text.to_owned(), emergency));
        }
        match EMERGENCY.into_iter().chain(SERVICE).find(|code| code.starts_with(text)) {
            Some(code) => Err(ExtensionError::Service(text.to_owned(), code)),
            None => Ok(Self(text.into())),
        }
    }
}

parsed_text!(Extension, ExtensionError);

/// How long an account's extensions are, and where suggestions begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialPlan {
    pub extension_min: u8,
    pub extension_max: u8,
    pub first_extension: Extension,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DialPlanError {
    #[error("extensions have between 2 and 6 digits, the shortest no longer than the longest")]
    Lengths,
    #[error("the first extension must have between {0} and {1} digits")]
    First(u8, u8),
    #[error("extensions of this account have {0} digits")]
    Exactly(u8),
    #[error("extensions of this account have {0} to {1} digits")]
    Between(u8, u8),
}

impl DialPlan {
    pub fn new(min: u8, max: u8, first_extension: Extension) -> Result<Self, DialPlanError> {
        if !(2..=6).contains(&min) || !(2..=6).contains(&max) || min > max {
            return Err(DialPlanError::Lengths);
        }
        let plan = Self { extension_min: min, extension_max: max, first_extension };
        if plan.check(&plan.first_extension).is_err() {
            return Err(DialPlanError::First(min, max));
        }
        Ok(plan)
    }

    pub fn check(&self, extension: &Extension) -> Result<(), DialPlanError> {
        let length = u8::try_from(extension.as_str().len()).unwrap_or(u8::MAX);
        if (self.extension_min..=self.extension_max).contains(&length) {
            return Ok(());
        }
        Err(if self.extension_min == self.extension_max {
            DialPlanError::Exactly(self.extension_min)
        } else {
            DialPlanError::Between(self.extension_min, self.extension_max)
        })
    }

    /// The next free extension: from the first on, of its length, the first that is allowed and not `taken`.
    pub fn suggest(&self, taken: impl Fn(&str) -> bool) -> Option<Extension> {
        let width = self.first_extension.as_str().len();
        let first: u32 = self.first_extension.as_str().parse().ok()?;
        (first..10_u32.pow(u32::try_from(width).ok()?))
            .map(|number| format!("{number:0width$}"))
            .filter_map(|text| Extension::parse(&text).ok())
            .find(|extension| !taken(extension.as_str()))
    }
}

/// Where calls go: an extension of the account, or a number anywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    Extension(Extension),
    Number(E164),
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("write an extension, or a phone number with its country code")]
pub struct DestinationError;

impl Destination {
    pub fn parse(text: &str) -> Result<Self, DestinationError> {
        if let Ok(extension) = Extension::parse(text) {
            return Ok(Self::Extension(extension));
        }
        E164::parse(text).map(Self::Number).map_err(|_| DestinationError)
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Extension(extension) => extension.as_str(),
            Self::Number(number) => number.as_str(),
        }
    }

    pub fn pretty(&self) -> String {
        match self {
            Self::Extension(extension) => format!("extension {extension}"),
            Self::Number(number) => number.pretty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emergency_and_service_numbers_are_never_extensions() {
        for text in ["911", "112", "933", "9110", "11234", "988", "411", "91", "11", "98", "41"] {
            assert!(Extension::parse(text).is_err(), "{text}");
        }
        for text in ["10", "201", "0911", "9801", "4110", "110"] {
            assert!(Extension::parse(text).is_ok(), "{text}");
        }
        for text in ["1", "1234567", "20a", "*97", "２０１", ""] {
            assert_eq!(Extension::parse(text), Err(ExtensionError::Shape), "{text}");
        }
        let message = Extension::parse("911").unwrap_err().to_string();
        assert_eq!(message, "extension 911 is an emergency number; choose another");
    }

    #[test]
    fn the_suggestion_passes_over_taken_and_forbidden_ones() {
        let plan = DialPlan::new(3, 4, Extension::parse("910").unwrap()).unwrap();
        assert_eq!(plan.suggest(|_| false).unwrap().as_str(), "910");
        assert_eq!(plan.suggest(|ext| ext == "910").unwrap().as_str(), "912");
        assert_eq!(plan.suggest(|_| true), None);
        assert!(plan.check(&Extension::parse("20").unwrap()).is_err());
        assert!(DialPlan::new(4, 4, Extension::parse("201").unwrap()).is_err());
    }

    #[test]
    fn a_destination_is_an_extension_or_a_number() {
        assert!(matches!(Destination::parse("203"), Ok(Destination::Extension(_))));
        assert!(matches!(Destination::parse("480 555 0143"), Ok(Destination::Number(_))));
        assert!(Destination::parse("911").is_err());
        assert!(Destination::parse("sip:x@y").is_err());
    }
}
