//! Time zones by their IANA name.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, LocalResult, NaiveDate, TimeDelta, TimeZone as _, Utc};
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
    pub const UTC: Self = Self(Tz::UTC);

    pub fn parse(text: &str) -> Result<Self, TimeZoneError> {
        Tz::from_str(text.trim()).map(Self).map_err(|_| TimeZoneError(text.chars().take(40).collect()))
    }

    pub fn name(self) -> &'static str {
        self.0.name()
    }

    pub fn local(self, at: DateTime<Utc>) -> DateTime<Tz> {
        at.with_timezone(&self.0)
    }

    /// The day that it is there.
    pub fn date(self, at: DateTime<Utc>) -> NaiveDate {
        self.local(at).date_naive()
    }

    /// 00:00 of the day; where the clocks skip it, the first moment after, and where midnight comes twice, the first.
    pub fn start_of_day(self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.and_time(chrono::NaiveTime::MIN);
        // A skipped night is an hour at most; Samoa (2011) and Kwajalein (1993) skipped a whole day.
        (0..=25 * 60)
            .find_map(|minutes| match self.0.from_local_datetime(&(midnight + TimeDelta::minutes(minutes))) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
                LocalResult::None => None,
            })
            .unwrap_or_else(|| midnight.and_utc())
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
    fn a_day_begins_at_its_own_midnight() {
        let begins = |zone: &str, date: &str| {
            let zone = TimeZone::parse(zone).unwrap();
            let date: NaiveDate = date.parse().unwrap();
            let at = zone.start_of_day(date);
            assert!(zone.date(at) >= date, "{zone} {date}");
            assert!(zone.date(at - TimeDelta::seconds(1)) < date, "{zone} {date}");
            at.format("%F %T").to_string()
        };
        assert_eq!(begins("America/Phoenix", "2027-03-14"), "2027-03-14 07:00:00");
        assert_eq!(begins("America/Denver", "2027-03-14"), "2027-03-14 07:00:00");
        assert_eq!(begins("America/Denver", "2027-03-15"), "2027-03-15 06:00:00");
        assert_eq!(begins("America/Denver", "2027-11-07"), "2027-11-07 06:00:00");
        assert_eq!(begins("America/Denver", "2027-11-08"), "2027-11-08 07:00:00");
        assert_eq!(begins("America/St_Johns", "2027-07-01"), "2027-07-01 02:30:00");
        assert_eq!(begins("America/St_Johns", "2027-12-01"), "2027-12-01 03:30:00");
        assert_eq!(begins("Australia/Lord_Howe", "2027-06-01"), "2027-05-31 13:30:00");
        assert_eq!(begins("Australia/Lord_Howe", "2027-12-01"), "2027-11-30 13:00:00");
        assert_eq!(begins("Pacific/Kiritimati", "2027-01-01"), "2026-12-31 10:00:00");
        // Midnight skipped by the clocks (Beirut 2027), and a whole day that never was.
        assert_eq!(begins("Asia/Beirut", "2027-03-28"), "2027-03-27 22:00:00");
        assert_eq!(begins("Pacific/Apia", "2011-12-30"), "2011-12-30 10:00:00");
        assert_eq!(begins("Pacific/Apia", "2011-12-31"), "2011-12-30 10:00:00");
        // At 00:01 the clocks of St. John's once went back to 23:01: the day began twice.
        let zone = TimeZone::parse("America/St_Johns").unwrap();
        let date: NaiveDate = "2010-11-07".parse().unwrap();
        assert_eq!(zone.start_of_day(date).format("%F %T").to_string(), "2010-11-07 02:30:00");
    }

    #[test]
    fn a_region_suggests_its_zone() {
        assert_eq!(TimeZone::suggest("US", "AZ").unwrap().name(), "America/Phoenix");
        assert_eq!(TimeZone::suggest("CA", "SK").unwrap().name(), "America/Regina");
        assert_eq!(TimeZone::suggest("XX", ""), None);
        assert!(TimeZone::parse("Mars/Olympus").is_err());
        assert!(TimeZone::all().any(|name| name == "Australia/Lord_Howe"));
    }
}
