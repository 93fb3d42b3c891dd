//! The schedule as a calendar: how much each day changes, and how much of it would fail.

use askama::Template;
use chrono::{Datelike, Days, Months, NaiveDate};
use lineside_model::schedule::in_words;
use lineside_model::schedule_list::ScheduleDay;

use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/schedule/month", Access::Administrator, month)]
}

#[derive(Template)]
#[template(path = "schedule/month.html")]
struct MonthPage {
    frame: Frame,
    title: String,
    previous: Option<String>,
    next: Option<String>,
    weeks: Vec<Vec<Option<Day>>>,
    entries: i64,
}

struct Day {
    date: NaiveDate,
    words: String,
    today: bool,
    entries: i64,
    conflicts: i64,
}

/// Calendars of other years than these are asked for by nobody.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2999;

/// `?month=2027-03`; this month without it.
async fn month(visitor: Visitor, query: FormData) -> Answer {
    let frame = visitor.frame("Schedule").await?;
    let today = frame.zone().date(frame.now());
    let first = first_of(query.text("month")).unwrap_or(today).with_day(1).unwrap_or(today);
    let after = first + Months::new(1);
    let days = visitor.service.schedule_days(&visitor.caller, first, after - Days::new(1)).await?;
    let name = |date: NaiveDate| YEARS.contains(&date.year()).then(|| date.format("%Y-%m").to_string());
    show(&MonthPage {
        frame,
        title: first.format("%B %Y").to_string(),
        previous: name(first - Months::new(1)),
        next: name(after),
        weeks: weeks(first, after, today, &days),
        entries: days.iter().map(|day| day.entries).sum(),
    })
}

fn first_of(month: &str) -> Option<NaiveDate> {
    let first: NaiveDate = format!("{month}-01").parse().ok()?;
    YEARS.contains(&first.year()).then_some(first)
}

/// From Sunday to Saturday; blank before the first day and after the last.
fn weeks(first: NaiveDate, after: NaiveDate, today: NaiveDate, days: &[ScheduleDay]) -> Vec<Vec<Option<Day>>> {
    let lead = first.weekday().num_days_from_sunday();
    let mut cells: Vec<Option<Day>> = (0..lead).map(|_| None).collect();
    cells.extend(first.iter_days().take_while(|date| *date < after).map(|date| {
        let of = days.iter().find(|day| day.date == date);
        Some(Day {
            date,
            words: in_words(date),
            today: date == today,
            entries: of.map_or(0, |day| day.entries),
            conflicts: of.map_or(0, |day| day.conflicts),
        })
    }));
    while !cells.len().is_multiple_of(7) {
        cells.push(None);
    }
    let mut weeks = Vec::new();
    let mut cells = cells.into_iter().peekable();
    while cells.peek().is_some() {
        weeks.push(cells.by_ref().take(7).collect());
    }
    weeks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_on_its_weekday_and_has_all_its_days() {
        let first = first_of("2027-03").unwrap();
        let weeks = weeks(first, first + Months::new(1), first, &[]);
        assert_eq!(weeks.len(), 5);
        assert_eq!(weeks[0].iter().filter(|day| day.is_none()).count(), 1);
        assert_eq!(weeks.iter().flatten().flatten().count(), 31);
        assert_eq!(first_of("2027-13"), None);
        assert_eq!(first_of("+9999-01"), None);
    }
}
