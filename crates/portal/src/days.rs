//! From one day until another, in the bar above a list: both count whole, in the zone in which times are shown.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use lineside_model::time_zone::TimeZone;

use crate::form_data::FormData;

pub struct Days {
    pub from: Option<DateTime<Utc>>,
    /// The first instant after them.
    pub until: Option<DateTime<Utc>>,
}

impl Days {
    /// The fields `from` and `until`.
    pub fn read(query: &FormData, zone: TimeZone) -> Self {
        let day = |name: &str| query.text(name).parse::<NaiveDate>().ok();
        let next = day("until").and_then(|day| day.succ_opt());
        let begin = |day: Option<NaiveDate>| day.and_then(|day| beginning(day, zone));
        Self { from: begin(day("from")), until: begin(next) }
    }
}

/// 00:00 of a day in a zone; where the clocks skip it, the first instant there is.
fn beginning(day: NaiveDate, zone: TimeZone) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    let at = |minutes| zone.0.from_local_datetime(&(midnight + TimeDelta::minutes(minutes))).earliest();
    [0, 30, 60, 120].into_iter().find_map(at).map(|local| local.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::parse(name).unwrap()
    }

    #[test]
    fn days_are_those_of_the_account() {
        let query = [("from", "2026-03-08"), ("until", "2026-03-08")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let filter = Days::read(&FormData::new(query.to_vec()), zone("America/Denver"));
        assert_eq!(filter.from.unwrap().to_rfc3339(), "2026-03-08T07:00:00+00:00");
        // The day has 23 hours: the clocks go forward.
        assert_eq!(filter.until.unwrap().to_rfc3339(), "2026-03-09T06:00:00+00:00");
    }

    #[test]
    fn a_day_without_midnight_begins_when_it_begins() {
        let day = NaiveDate::from_ymd_opt(2018, 11, 4).unwrap();
        assert_eq!(beginning(day, zone("America/Sao_Paulo")).unwrap().to_rfc3339(), "2018-11-04T03:00:00+00:00");
    }
}
