//! License changes that wait for their day.

pub mod change;
pub mod list;
pub mod view;

use chrono::{Datelike, NaiveDate};
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::router::{Access, Route};

pub fn routes() -> Vec<Route> {
    vec![
        Route::new(Access::Administrator, routes!(list::list_schedule)),
        Route::new(Access::Administrator, routes!(list::show_schedule_entry)),
        Route::change(routes!(change::edit_schedule_entry)),
        Route::change(routes!(change::remove_schedule_entry)),
        Route::change(routes!(change::retry_schedule_entry)),
        Route::change(routes!(change::move_schedule)),
    ]
}

/// RFC 3339 has years of four digits; the databases know no more than they need.
pub(crate) fn is_plain(date: NaiveDate) -> bool {
    (1970..=9999).contains(&date.year())
}

pub(crate) const PLAIN: &str = "give a date from the year 1970 on, such as 2027-03-01";

pub(crate) fn date(parameter: &str, date: Option<NaiveDate>) -> Result<Option<NaiveDate>, Problem> {
    match date {
        Some(date) if !is_plain(date) => Err(Problem::malformed(parameter, PLAIN)),
        date => Ok(date),
    }
}
