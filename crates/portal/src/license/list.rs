//! Licensing: track by track what was bought, assigned and is free, and what each type gives.

use std::collections::BTreeMap;

use askama::Template;
use chrono::NaiveDate;
use lineside_model::id::LicenseTypeId;
use lineside_model::license::{Catalogue, LicenseType, SeatBinding, Seats, Track};
use lineside_model::schedule::in_words;
use lineside_model::seat_timeline::SeatTimeline;

use super::chart::Chart;
use super::{Comparison, bought_and_used};
use crate::form::Form;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/licensing", Access::Administrator, list)]
}

#[derive(Template)]
#[template(path = "license/list.html")]
struct ListPage {
    frame: Frame,
    tracks: Vec<TrackCard>,
}

impl ListPage {
    /// Types that run out of seats, and when.
    fn running_out(&self) -> impl Iterator<Item = (&LicenseType, &String)> {
        let types = self.tracks.iter().flat_map(|card| &card.types);
        types.filter_map(|row| row.runs_out.as_ref().map(|on| (&row.license, on)))
    }
}

struct TrackCard {
    track: Track,
    types: Vec<TypeRow>,
    comparison: Comparison,
}

struct TypeRow {
    license: LicenseType,
    bought: i64,
    used: i64,
    /// Seats that the schedule takes and frees.
    taken: i64,
    freed: i64,
    bound: Vec<SeatBinding>,
    /// The first day on which none is left.
    runs_out: Option<String>,
    chart: Option<Chart>,
    form: Form,
}

impl TypeRow {
    fn free(&self) -> i64 {
        self.bought - self.used
    }
}

async fn list(visitor: Visitor) -> Answer {
    let catalogue = visitor.service.catalogue().await?;
    let seats = visitor.service.seats(&visitor.caller).await?;
    let timelines = visitor.service.seat_timelines(&visitor.caller).await?;
    let frame = visitor.frame("Licensing").await?;
    let today = frame.zone().date(frame.now());
    let card = |track: &Track| TrackCard {
        track: track.clone(),
        types: type_rows(&visitor, &catalogue, track, &seats, &timelines, today),
        comparison: Comparison::of(&catalogue, track),
    };
    let tracks = catalogue.tracks.iter().map(card).collect();
    show(&ListPage { frame, tracks })
}

/// A retired type is shown while somebody holds it.
fn type_rows(
    visitor: &Visitor,
    catalogue: &Catalogue,
    track: &Track,
    seats: &[Seats],
    timelines: &BTreeMap<LicenseTypeId, SeatTimeline>,
    today: NaiveDate,
) -> Vec<TypeRow> {
    let row = |license: &LicenseType| {
        let (bought, used) = bought_and_used(seats, license.id);
        let form = Form::empty(visitor.service.new_change_id())
            .prefixed(&format!("{}-", license.slug))
            .with("bought", bought.to_string());
        let timeline = timelines.get(&license.id).cloned().unwrap_or_default();
        let (taken, freed) = moves(&timeline);
        let held = seats.iter().find(|seats| seats.license_type_id == license.id);
        let bound = held.into_iter().flat_map(|seats| &seats.bound).filter(|bound| bound.until >= today);
        TypeRow {
            bound: bound.copied().collect(),
            runs_out: runs_out(&timeline).map(in_words),
            chart: Chart::of(&license.slug, &license.name, &timeline, today),
            license: license.clone(),
            bought,
            used,
            taken,
            freed,
            form,
        }
    };
    catalogue.types_of(track.id).map(row).filter(|row| !row.license.retired || row.bought > 0).collect()
}

/// Seats that the schedule takes, day by day, and those that it frees.
fn moves(seats: &SeatTimeline) -> (i64, i64) {
    let mut before = seats.used;
    let (mut taken, mut freed) = (0, 0);
    for (_, used) in seats.levels() {
        taken += (used - before).max(0);
        freed += (before - used).max(0);
        before = used;
    }
    (taken, freed)
}

/// When the last free seat goes, where there is one now.
fn runs_out(seats: &SeatTimeline) -> Option<NaiveDate> {
    if seats.used >= seats.bought {
        return None;
    }
    seats.levels().find(|(_, used)| *used >= seats.bought).map(|(date, _)| date)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many seats bought and used.
    fn seats(bought: i64, used: i64) -> SeatTimeline {
        let license_type_id = Catalogue::default_catalogue().types[0].id;
        let account_id = lineside_model::id::AccountId(uuid::Uuid::nil());
        let seats = Seats { account_id, license_type_id, version: 1, bought, bound: Vec::new(), used };
        SeatTimeline::new(Some(&seats), BTreeMap::new())
    }

    #[test]
    fn seats_run_out_on_the_day_that_takes_the_last() {
        let day = |n: u32| NaiveDate::from_ymd_opt(2027, 3, n).unwrap();
        let mut timeline = seats(3, 1);
        timeline.add(day(1), 1);
        assert_eq!(runs_out(&timeline), None);
        timeline.add(day(5), 1);
        timeline.add(day(9), -2);
        assert_eq!(runs_out(&timeline), Some(day(5)));
        assert_eq!(moves(&timeline), (2, 2));
        assert_eq!(runs_out(&seats(1, 1)), None);
    }
}
