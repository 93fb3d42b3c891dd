//! What a user holds of each track from today on: drawn over time, and as a list.

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{Datelike, Days, Months, NaiveDate};
use lineside_model::license::{Catalogue, Track};
use lineside_model::list::UserDetail;
use lineside_model::schedule::ScheduleEntry;

use crate::schedule::entry::what;

/// Lines of tracks under a line of dates. Drawn as SVG: lengths are attributes there, which the page's security policy
/// allows and style attributes are not.
#[derive(Template)]
#[template(path = "user/timeline.html")]
pub struct Timeline {
    marks: Vec<Mark>,
    lines: Vec<Line>,
}

impl HtmlSafe for Timeline {}

struct Mark {
    /// In percent of the width.
    at: f64,
    label: String,
    anchor: &'static str,
}

struct Line {
    track: String,
    /// All of it in words.
    words: String,
    spans: Vec<Span>,
}

struct Span {
    from: f64,
    width: f64,
    class: &'static str,
    label: String,
}

/// Days shown at least.
const SHOWN: u64 = 90;
/// Days shown after the last entry.
const AFTER: u64 = 20;

impl Timeline {
    /// `None` while nothing is scheduled: then there is nothing that a table does not say.
    pub fn of(user: &UserDetail, catalogue: &Catalogue, today: NaiveDate) -> Option<Self> {
        let scheduled: Vec<&ScheduleEntry> =
            user.schedule.iter().filter(|entry| entry.is_scheduled() && entry.lifecycle.is_none()).collect();
        let last = scheduled.iter().map(|entry| entry.date).max()?;
        let end = (today + Days::new(SHOWN)).max(last + Days::new(AFTER));
        let scale = Scale { today, end };
        let line = |track: &Track| line(track, user, &scheduled, catalogue, scale);
        Some(Self { marks: scale.marks(), lines: catalogue.tracks.iter().map(line).collect() })
    }
}

#[derive(Clone, Copy)]
struct Scale {
    today: NaiveDate,
    end: NaiveDate,
}

impl Scale {
    fn at(self, date: NaiveDate) -> f64 {
        let days = |until: NaiveDate| i32::try_from((until - self.today).num_days()).map_or(0.0, f64::from);
        (days(date) / days(self.end) * 1000.0).clamp(0.0, 1000.0).round() / 10.0
    }

    /// Today, and up to four firsts of months that leave room for each other.
    fn marks(self) -> Vec<Mark> {
        let firsts = (1..).map(|n| (self.today + Months::new(n)).with_day(1).unwrap_or(self.end));
        let firsts: Vec<NaiveDate> = firsts.take_while(|date| *date < self.end).collect();
        let every = firsts.len().div_ceil(4).max(1);
        let mut marks = vec![Mark { at: 0.0, label: "Today".to_owned(), anchor: "start" }];
        for date in firsts.into_iter().step_by(every) {
            let at = self.at(date);
            if (15.0..=94.0).contains(&at) {
                let year = if date.year() == self.today.year() { "%-d %b" } else { "%-d %b %Y" };
                marks.push(Mark { at, label: date.format(year).to_string(), anchor: "middle" });
            }
        }
        marks
    }
}

fn line(track: &Track, user: &UserDetail, scheduled: &[&ScheduleEntry], catalogue: &Catalogue, scale: Scale) -> Line {
    let mut spans: Vec<Span> = Vec::new();
    let mut words = Vec::new();
    let held = user.assignments.iter().find(|held| held.track_id == track.id);
    if let Some(license) = held.and_then(|held| catalogue.license_type(held.license_type_id)) {
        spans.push(Span { from: 0.0, width: 100.0, class: "now", label: license.name.clone() });
        words.push(format!("{} now", license.name));
    }
    let mut entries: Vec<&&ScheduleEntry> = scheduled.iter().filter(|entry| entry.track_id == track.id).collect();
    entries.sort_by_key(|entry| entry.date);
    for entry in entries {
        let from = scale.at(entry.date);
        if let Some(before) = spans.last_mut() {
            before.width = (from - before.from).max(0.0);
        }
        let name = what(entry, catalogue);
        let on = entry.date.format("%-d %b");
        let (class, label) = match (entry.conflicts.first(), entry.license_type_id) {
            (Some(conflict), _) => ("fails", format!("{name} from {on}: {}", conflict.kind.label())),
            (None, Some(_)) => ("next", format!("{name} from {on}")),
            (None, None) => ("ends", format!("{name} from {on}")),
        };
        let fails = if class == "fails" { ", will fail" } else { "" };
        words.push(format!("{name} from {}{fails}", lineside_model::schedule::in_words(entry.date)));
        spans.push(Span { from, width: 100.0 - from, class, label });
    }
    if words.is_empty() {
        words.push("none".to_owned());
    }
    Line { track: track.name.clone(), words: words.join("; "), spans }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_stands_where_its_share_of_the_time_is() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let scale = Scale { today: day("2026-11-22"), end: day("2027-03-02") };
        assert!((scale.at(day("2027-01-11")) - 50.0).abs() < 0.01);
        assert!(scale.at(day("2026-11-01")).abs() < 0.01);
        let labels: Vec<String> = scale.marks().into_iter().map(|mark| mark.label).collect();
        assert_eq!(labels, ["Today", "1 Jan 2027", "1 Feb 2027"]);
    }
}
