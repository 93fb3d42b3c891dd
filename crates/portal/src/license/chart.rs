//! The seats of a type over the next 90 days: used against bought, as a drawing and as a table.

use std::fmt::Write as _;

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{Days, NaiveDate};
use lineside_model::schedule::in_words;
use lineside_model::seat_timeline::SeatTimeline;

#[derive(Template)]
#[template(path = "license/chart.html")]
pub struct Chart {
    slug: String,
    name: String,
    bought: i64,
    used: i64,
    /// The line of used seats, in the drawing's units.
    used_line: String,
    /// What lies under it.
    used_area: String,
    bought_y: f64,
    words: String,
    rows: Vec<(String, i64, i64)>,
    until: String,
}

impl HtmlSafe for Chart {}

/// Days shown.
const SHOWN: u16 = 90;
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 56.0;

impl Chart {
    /// `None` when nothing is bought and nothing used.
    pub fn of(slug: &str, name: &str, seats: &SeatTimeline, today: NaiveDate) -> Option<Self> {
        let top = seats.bought.max(seats.peak());
        if top == 0 {
            return None;
        }
        let end = today + Days::new(u64::from(SHOWN));
        let levels: Vec<(NaiveDate, i64)> = seats.levels().filter(|(date, _)| *date <= end).collect();
        let x = |date: NaiveDate| {
            let days = u16::try_from((date - today).num_days().max(0)).map_or(f64::from(SHOWN), f64::from);
            days / f64::from(SHOWN) * WIDTH
        };
        // Two pixels at the top, so that a line at the very top is seen whole.
        let y = |used: i64| HEIGHT - share(used, top) * (HEIGHT - 2.0);
        let mut line = format!("M0 {:.1}", y(seats.used));
        for (date, used) in &levels {
            let _ = write!(line, "H{:.1}V{:.1}", x(*date), y(*used));
        }
        let _ = write!(line, "H{WIDTH:.1}");
        let changes: Vec<String> =
            levels.iter().map(|(date, used)| format!("{used} from {}", in_words(*date))).collect();
        let changes = if changes.is_empty() { "no change is scheduled".to_owned() } else { changes.join(", ") };
        let free = |used: i64| seats.bought - used;
        let first = [("Today".to_owned(), seats.used, free(seats.used))];
        Some(Self {
            slug: slug.to_owned(),
            name: name.to_owned(),
            bought: seats.bought,
            used: seats.used,
            used_area: format!("{line}V{HEIGHT:.1}H0Z"),
            used_line: line,
            bought_y: y(seats.bought),
            words: changes,
            rows: first
                .into_iter()
                .chain(levels.iter().map(|(date, used)| (in_words(*date), *used, free(*used))))
                .collect(),
            until: in_words(end),
        })
    }
}

fn share(of: i64, all: i64) -> f64 {
    let small = |n: i64| i32::try_from(n).map_or(f64::from(i32::MAX), f64::from);
    (small(of) / small(all)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use lineside_model::license::{Catalogue, Seats};

    use super::*;

    /// So many seats bought and used.
    fn seats(bought: i64, used: i64) -> SeatTimeline {
        let license_type_id = Catalogue::default_catalogue().types[0].id;
        let account_id = lineside_model::id::AccountId(uuid::Uuid::nil());
        let seats = Seats { account_id, license_type_id, version: 1, bought, bound: Vec::new(), used };
        SeatTimeline::new(Some(&seats), std::collections::BTreeMap::new())
    }

    #[test]
    fn the_line_steps_where_seats_are_taken_and_freed() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut timeline = seats(10, 5);
        timeline.add(day("2027-01-06"), 5);
        let chart = Chart::of("basic", "Basic", &timeline, day("2026-11-22")).unwrap();
        assert_eq!(chart.used_line, "M0 29.0H180.0V2.0H360.0");
        assert_eq!(chart.rows, [("Today".to_owned(), 5, 5), ("6 January 2027".to_owned(), 10, 0)]);
        assert!(Chart::of("basic", "Basic", &SeatTimeline::default(), day("2026-11-22")).is_none());
    }
}
