//! A time zone as phones want it: an offset, and when clocks change. Phones know no tzdata, so the rule is read off the
//! zone's next transitions.

use std::cmp::Ordering;

use chrono::{DateTime, Datelike as _, Duration, NaiveDateTime, Offset as _, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;

/// The rule must hold this long to be written as "second Sunday"; otherwise the coming dates are written.
const YEARS: i64 = 8;

/// A zone seen from `now`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneRule {
    /// East of UTC, in minutes, while daylight saving is off.
    pub standard_minutes: i32,
    pub daylight: Option<Daylight>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daylight {
    /// How much clocks are ahead of standard time.
    pub ahead_minutes: i32,
    pub start: Change,
    pub end: Change,
}

/// When clocks change, in the local time that holds just before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub month: u32,
    pub day: Day,
    pub hour: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// The first (1) to fourth weekday of the month; Monday is 1, Sunday 7.
    Nth {
        week: u32,
        weekday: u32,
    },
    Last {
        weekday: u32,
    },
    /// In the coming year only: the zone follows no rule of weekdays.
    Date(u32),
}

impl ZoneRule {
    pub fn of(zone: Tz, now: DateTime<Utc>) -> Self {
        let transitions = transitions(zone, now);
        let year: Vec<&Transition> = transitions.iter().filter(|t| t.at < now + Duration::days(365)).collect();
        let [first, second] = year[..] else {
            return ZoneRule { standard_minutes: minutes(zone, now), daylight: None };
        };
        let (start, end) = if first.is_start() { (first, second) } else { (second, first) };
        if !start.is_start() || end.is_start() || start.before != end.after {
            return ZoneRule { standard_minutes: minutes(zone, now), daylight: None };
        }
        let of_kind = |wanted: bool| transitions.iter().filter(|t| t.is_start() == wanted).collect::<Vec<_>>();
        let (by_rule, by_date) = ((rule(&of_kind(true)), rule(&of_kind(false))), (start.by_date(), end.by_date()));
        let (start_change, end_change) = match by_rule {
            (Some(start), Some(end)) => (start, end),
            _ => by_date,
        };
        let daylight = Daylight { ahead_minutes: start.after - start.before, start: start_change, end: end_change };
        ZoneRule { standard_minutes: start.before, daylight: Some(daylight) }
    }
}

struct Transition {
    at: DateTime<Utc>,
    before: i32,
    after: i32,
}

impl Transition {
    fn is_start(&self) -> bool {
        self.after > self.before
    }

    fn local(&self) -> NaiveDateTime {
        self.at.naive_utc() + Duration::minutes(i64::from(self.before))
    }

    fn by_date(&self) -> Change {
        let local = self.local();
        Change { month: local.month(), day: Day::Date(local.day()), hour: local.hour() }
    }
}

fn minutes(zone: Tz, at: DateTime<Utc>) -> i32 {
    zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc() / 60
}

/// Looks once a week: no zone changes its clocks twice in one.
fn transitions(zone: Tz, now: DateTime<Utc>) -> Vec<Transition> {
    let mut found = Vec::new();
    let mut from = now;
    while from < now + Duration::days(365 * YEARS) {
        let to = from + Duration::days(7);
        let (before, after) = (minutes(zone, from), minutes(zone, to));
        if before.cmp(&after) != Ordering::Equal {
            found.push(Transition { at: moment(zone, from, to, before), before, after });
        }
        from = to;
    }
    found
}

/// The first second with another offset, by halving.
fn moment(zone: Tz, mut from: DateTime<Utc>, mut to: DateTime<Utc>, before: i32) -> DateTime<Utc> {
    while (to - from).num_seconds() > 1 {
        let middle = from + Duration::seconds((to - from).num_seconds() / 2);
        if minutes(zone, middle) == before { from = middle } else { to = middle }
    }
    // Transitions lie on whole minutes; `now` need not.
    let seconds = i64::from(to.second() % 60);
    to - Duration::seconds(seconds) - Duration::nanoseconds(i64::from(to.nanosecond()))
}

/// The one rule that all of them follow, if there is one.
fn rule(transitions: &[&Transition]) -> Option<Change> {
    let locals: Vec<NaiveDateTime> = transitions.iter().map(|transition| transition.local()).collect();
    let first = locals.first()?;
    let (month, hour, weekday) = (first.month(), first.hour(), first.weekday().number_from_monday());
    let alike =
        |l: &NaiveDateTime| l.month() == month && l.hour() == hour && l.weekday().number_from_monday() == weekday;
    if !locals.iter().all(alike) {
        return None;
    }
    let week = |local: &NaiveDateTime| local.day0() / 7 + 1;
    let is_last = |local: &NaiveDateTime| (*local + Duration::days(7)).month() != month;
    let day = if locals.iter().all(is_last) {
        Day::Last { weekday }
    } else if week(first) < 5 && locals.iter().all(|local| week(local) == week(first)) {
        Day::Nth { week: week(first), weekday }
    } else {
        return None;
    };
    Some(Change { month, day, hour })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const SUNDAY: u32 = 7;

    fn nth(month: u32, week: u32, hour: u32) -> Change {
        Change { month, day: Day::Nth { week, weekday: SUNDAY }, hour }
    }

    fn last(month: u32, hour: u32) -> Change {
        Change { month, day: Day::Last { weekday: SUNDAY }, hour }
    }

    fn rule_of(zone: &str, now: &str) -> ZoneRule {
        ZoneRule::of(zone.parse().unwrap(), now.parse().unwrap())
    }

    /// The answer is the same at any time of the year, on either side of a change.
    #[rstest]
    fn zones_with_a_rule(
        #[values("2026-01-15T12:34:56.789Z", "2026-03-29T01:00:00Z", "2026-07-01T00:00:00Z", "2026-11-22T23:59:59Z")]
        now: &str,
    ) {
        let cases = [
            ("America/New_York", -300, 60, nth(3, 2, 2), nth(11, 1, 2)),
            ("Europe/Bucharest", 120, 60, last(3, 3), last(10, 4)),
            ("Europe/London", 0, 60, last(3, 1), last(10, 2)),
            ("Europe/Dublin", 0, 60, last(3, 1), last(10, 2)),
            ("Australia/Sydney", 600, 60, nth(10, 1, 2), nth(4, 1, 3)),
            ("Australia/Lord_Howe", 630, 30, nth(10, 1, 2), nth(4, 1, 2)),
        ];
        for (zone, standard_minutes, ahead_minutes, start, end) in cases {
            let daylight = Some(Daylight { ahead_minutes, start, end });
            assert_eq!(rule_of(zone, now), ZoneRule { standard_minutes, daylight }, "{zone}");
        }
    }

    #[rstest]
    #[case("America/Phoenix", -420)]
    #[case("America/Regina", -360)]
    #[case("Asia/Kolkata", 330)]
    #[case("Asia/Kathmandu", 345)]
    #[case("UTC", 0)]
    fn zones_without(#[case] zone: &str, #[case] standard_minutes: i32) {
        assert_eq!(rule_of(zone, "2026-11-22T00:00:00Z"), ZoneRule { standard_minutes, daylight: None });
    }

    #[test]
    fn a_zone_that_follows_the_moon_gets_the_dates_of_the_coming_year() {
        let daylight = rule_of("Africa/Casablanca", "2026-11-22T00:00:00Z").daylight.unwrap();
        assert!(matches!((daylight.start.day, daylight.end.day), (Day::Date(_), Day::Date(_))), "{daylight:?}");
    }
}
