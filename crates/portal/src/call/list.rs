//! The history, the newest first, filtered by its address; and what goes on now.

use askama::Template;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use lineside_model::call::{CallFilter, CallPlace, CallRecord, LiveCall, clock, searched_number};
use lineside_model::call_report::{CallDirection, CallOutcome};
use lineside_model::list::UserRow;
use lineside_model::time_zone::TimeZone;
use lineside_service::call::SHOWN;

use super::{tag, talked};
use crate::control::Choice;
use crate::filter::Filter;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/calls", Access::User, list)]
}

#[derive(Template)]
#[template(path = "call/list.html")]
struct ListPage {
    frame: Frame,
    live: Vec<LiveCall>,
    rows: Vec<CallRecord>,
    direction: Filter,
    outcome: Filter,
    number: String,
    from: String,
    until: String,
    recorded: bool,
    user: Option<UserRow>,
    filtered: bool,
    administers: bool,
    /// The next page's address.
    older: Option<String>,
    export: String,
}

impl ListPage {
    fn since(&self, at: &DateTime<Utc>) -> String {
        clock((self.frame.now() - *at).max(TimeDelta::zero()))
    }
}

async fn list(visitor: Visitor, query: FormData) -> Answer {
    let frame = visitor.frame("Calls").await?;
    let filter = read(&query, frame.zone());
    let (rows, more) = visitor.service.calls(&visitor.caller, &filter, SHOWN).await?;
    let administers = visitor.caller.administers();
    let user = match filter.user_id.filter(|_| administers) {
        Some(id) => visitor.service.user_rows(&visitor.caller, &[id]).await?.pop(),
        None => None,
    };
    let older = rows.last().filter(|_| more).map(|last| last.place().to_string());
    let directions = CallDirection::ALL.map(|direction| Choice::new(direction.as_str(), direction.label()));
    let outcomes = CallOutcome::ALL.map(|outcome| Choice::new(outcome.as_str(), outcome.label()));
    page::show(&ListPage {
        live: visitor.service.live_calls(&visitor.caller)?,
        direction: Filter::new("direction", "Direction", query.text("direction"), directions.to_vec()),
        outcome: Filter::new("outcome", "Outcome", query.text("outcome"), outcomes.to_vec()),
        number: query.text("number").to_owned(),
        from: query.text("from").to_owned(),
        until: query.text("until").to_owned(),
        recorded: filter.recorded,
        filtered: filter != CallFilter { before: filter.before, ..CallFilter::default() },
        older: older.map(|older| address("/calls", &query, Some(&older))),
        export: address("/calls/export.csv", &query, None),
        frame,
        rows,
        user,
        administers,
    })
}

/// The same filter elsewhere, from a call on.
fn address(path: &str, query: &FormData, before: Option<&str>) -> String {
    let kept = query.fields().filter(|(name, value)| *name != "before" && !value.is_empty());
    let pairs = kept.chain(before.map(|before| ("before", before)));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

pub(super) fn read(query: &FormData, zone: TimeZone) -> CallFilter {
    let day = |name: &str| query.text(name).parse::<NaiveDate>().ok();
    CallFilter {
        user_id: query.parse("user_id"),
        direction: CallDirection::parse(query.text("direction")),
        outcome: CallOutcome::parse(query.text("outcome")),
        number: searched_number(query.text("number")),
        from: day("from").map(|day| zone.start_of_day(day)),
        // The last day counts whole.
        until: day("until").and_then(|day| day.checked_add_days(Days::new(1))).map(|day| zone.start_of_day(day)),
        recorded: query.has("recorded"),
        before: CallPlace::parse(query.text("before")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_stands_in_the_address() {
        let query = |pairs: &[(&str, &str)]| {
            FormData::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let id = "01900000-0000-7000-8000-000000000001";
        let sent = query(&[
            ("number", "+1 (480) 555-0143"),
            ("outcome", "busy"),
            ("until", "2026-03-08"),
            ("before", &format!("1000000.{id}")),
            ("direction", "sideways"),
        ]);
        let filter = read(&sent, TimeZone::parse("America/Denver").unwrap());
        assert_eq!(
            (filter.number.as_str(), filter.outcome, filter.direction),
            ("14805550143", Some(CallOutcome::Busy), None)
        );
        assert_eq!(filter.until.unwrap().to_rfc3339(), "2026-03-09T06:00:00+00:00");
        assert_eq!(filter.before.unwrap().call.to_string(), id);
        assert!(
            address("/calls", &sent, None).contains("outcome=busy")
                && !address("/calls", &sent, None).contains("before")
        );
    }
}
