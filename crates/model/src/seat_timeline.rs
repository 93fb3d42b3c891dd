//! The seats of one license type, day by day: what is used today and what scheduled entries take and free from their date
//! on. Never more than bought on any day.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::license::Seats;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeatTimeline {
    pub bought: i64,
    pub used: i64,
    /// The sum of what the entries of a date take and free; days with none left out.
    days: BTreeMap<NaiveDate, i64>,
}

impl SeatTimeline {
    pub fn new(seats: Option<&Seats>, days: BTreeMap<NaiveDate, i64>) -> Self {
        let (bought, used) = seats.map_or((0, 0), |seats| (seats.bought, seats.used));
        Self { bought, used, days }
    }

    pub fn add(&mut self, date: NaiveDate, by: i64) {
        let sum = self.days.entry(date).or_default();
        *sum += by;
        if *sum == 0 {
            self.days.remove(&date);
        }
    }

    /// Used seats at the end of each date on which something changes, after today's.
    pub fn levels(&self) -> impl Iterator<Item = (NaiveDate, i64)> + '_ {
        self.days.iter().scan(self.used, |used, (date, by)| {
            *used += by;
            Some((*date, *used))
        })
    }

    /// Used seats on the date, its own entries included.
    pub fn used_on(&self, date: NaiveDate) -> i64 {
        self.used + self.days.range(..=date).map(|(_, by)| by).sum::<i64>()
    }

    /// The fewest free seats on the date and any day after it: as many can be given from that date on.
    pub fn free_from(&self, date: NaiveDate) -> i64 {
        let later = self.levels().filter(|(day, _)| *day > date).map(|(_, used)| used);
        let most = later.chain([self.used_on(date)]).max().unwrap_or(self.used);
        self.bought - most
    }

    /// The fewest free seats on any day from today on.
    pub fn fewest_free(&self) -> i64 {
        self.bought - self.peak()
    }

    /// The most seats that are used on any day from today on.
    pub fn peak(&self) -> i64 {
        self.levels().map(|(_, used)| used).fold(self.used, i64::max)
    }

    /// The first day on which more seats are used than this.
    pub fn first_above(&self, seats: i64) -> Option<NaiveDate> {
        self.levels().find(|(_, used)| *used > seats).map(|(date, _)| date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2027, 3, n).unwrap()
    }

    #[test]
    fn a_seat_that_is_kept_for_later_is_not_free_today() {
        let mut seats = SeatTimeline { bought: 10, used: 8, ..SeatTimeline::default() };
        seats.add(day(10), 2);
        seats.add(day(20), -3);
        assert_eq!(seats.fewest_free(), 0);
        assert_eq!(seats.free_from(day(1)), 0);
        assert_eq!(seats.free_from(day(19)), 0);
        assert_eq!(seats.free_from(day(20)), 3);
        assert_eq!(seats.used_on(day(9)), 8);
        assert_eq!(seats.used_on(day(10)), 10);
        assert_eq!(seats.peak(), 10);
        assert_eq!(seats.first_above(9), Some(day(10)));
        assert_eq!(seats.first_above(10), None);
    }

    #[test]
    fn a_day_whose_entries_are_gone_is_forgotten() {
        let mut seats = SeatTimeline { bought: 1, ..SeatTimeline::default() };
        seats.add(day(10), 1);
        seats.add(day(10), -1);
        assert_eq!(seats.levels().count(), 0);
    }
}
