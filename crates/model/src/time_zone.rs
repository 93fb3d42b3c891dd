//! Time zones by their IANA name.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use thiserror::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(pub Tz);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a time zone; choose one such as America/Phoenix")]
pub struct TimeZoneError(String);

impl TimeZone {
    pub fn parse(text: &str) -> Result<Self, TimeZoneError> {
        Tz::from_str(text.trim()).map(Self).map_err(|_| TimeZoneError(text.chars().take(40).collect()))
    }

    pub fn name(self) -> &'static str {
        self.0.name()
    }

    pub fn local(self, at: DateTime<Utc>) -> DateTime<Tz> {
        at.with_timezone(&self.0)
    }

    /// Every zone that a person may choose, by name.
    pub fn all() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).filter(|name| name.contains('/') || *name == "UTC")
    }

    /// The zone that most of a country's region keeps: a suggestion, never a decision (several regions are split).
    pub fn suggest(country: &str, region: &str) -> Option<Self> {
        let name = match (country, region) {
            ("US", "AZ") => "America/Phoenix",
            ("US", "CA" | "NV" | "OR" | "WA") => "America/Los_Angeles",
            ("US", "CO" | "MT" | "NM" | "UT" | "WY") => "America/Denver",
            ("US", "ID") => "America/Boise",
            (
                "US",
                "AL" | "AR" | "IA" | "IL" | "KS" | "LA" | "MN" | "MO" | "MS" | "ND" | "NE" | "OK" | "SD" | "TN" | "TX"
                | "WI",
            ) => "America/Chicago",
            ("US", "AK") => "America/Anchorage",
            ("US", "HI") => "Pacific/Honolulu",
            ("US", "PR" | "VI") => "America/Puerto_Rico",
            ("US", "GU" | "MP") => "Pacific/Guam",
            ("US", "AS") => "Pacific/Pago_Pago",
            ("US", _) | ("CA", "ON" | "QC") => "America/New_York",
            ("CA", "BC" | "YT") => "America/Vancouver",
            ("CA", "AB" | "NT") => "America/Edmonton",
            ("CA", "SK") => "America/Regina",
            ("CA", "MB") => "America/Winnipeg",
            ("CA", "NL") => "America/St_Johns",
            ("CA", _) => "America/Halifax",
            ("GB", _) => "Europe/London",
            ("IE", _) => "Europe/Dublin",
            ("DE", _) => "Europe/Berlin",
            ("FR", _) => "Europe/Paris",
            ("SE", _) => "Europe/Stockholm",
            ("NO", _) => "Europe/Oslo",
            ("DK", _) => "Europe/Copenhagen",
            ("FI", _) => "Europe/Helsinki",
            _ => return None,
        };
        Self::parse(name).ok()
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for TimeZone {
    type Error = TimeZoneError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> String {
        zone.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_suggests_its_zone() {
        assert_eq!(TimeZone::suggest("US", "AZ").unwrap().name(), "America/Phoenix");
        assert_eq!(TimeZone::suggest("CA", "SK").unwrap().name(), "America/Regina");
        assert_eq!(TimeZone::suggest("XX", ""), None);
        assert!(TimeZone::parse("Mars/Olympus").is_err());
        assert!(TimeZone::all().any(|name| name == "Australia/Lord_Howe"));
    }
}
