//! The journal, the newest first, filtered by its address.

use askama::Template;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use lineside_model::id::UserId;
use lineside_model::journal::JournalEntry;
use lineside_model::list::{JournalFilter, UserRow};
use lineside_model::plan::FieldChange;
use lineside_model::text::search_text;
use lineside_model::time_zone::TimeZone;

use super::{ACTIONS, action_label, way};
use crate::control::Choice;
use crate::filter::Filter;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::pager::Pager;
use crate::review::field_name;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/journal", Access::Administrator, list)]
}

#[derive(Template)]
#[template(path = "journal/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    pager: Pager,
    search: String,
    action: Filter,
    from: String,
    until: String,
    user: Option<UserRow>,
    filtered: bool,
}

struct Row {
    at: DateTime<Utc>,
    who: String,
    way: String,
    summary: String,
    user_id: Option<UserId>,
    changes: Vec<FieldChange>,
    more: usize,
    /// Of a change to many: how many records it changed.
    records: Option<usize>,
    href: String,
}

/// Field changes in a row; the entry's own page has them all.
const CHANGES_SHOWN: usize = 4;

async fn list(visitor: Visitor, query: FormData) -> Answer {
    let frame = visitor.frame("Journal").await?;
    let filter = read(&query, frame.zone());
    let page = visitor.service.journal(&visitor.caller, &filter).await?;
    let user = match filter.user_id {
        Some(id) => visitor.service.user_rows(&visitor.caller, &[id]).await?.pop(),
        None => None,
    };
    show(&ListPage {
        frame,
        pager: Pager::new(&page, "/journal", query.pairs()),
        rows: page.rows.into_iter().map(|entry| Row::new(entry, filter.user_id)).collect(),
        action: Filter::new("action", "Action", &filter.action, actions(&filter.action)),
        from: query.text("from").to_owned(),
        until: query.text("until").to_owned(),
        user,
        filtered: filter != JournalFilter { page: filter.page, ..JournalFilter::default() },
        search: filter.search,
    })
}

fn read(query: &FormData, zone: TimeZone) -> JournalFilter {
    let day = |name: &str| query.text(name).parse::<NaiveDate>().ok();
    JournalFilter {
        user_id: query.parse("user_id"),
        action: search_text(query.text("action")),
        search: query.search(),
        from: day("from").and_then(|day| beginning(day, zone)),
        // The last day counts whole.
        until: day("until").and_then(|day| day.checked_add_days(Days::new(1))).and_then(|day| beginning(day, zone)),
        page: query.parse("page").unwrap_or(1).max(1),
    }
}

/// 00:00 of a day in a zone; where the clocks skip it, the first instant there is.
fn beginning(day: NaiveDate, zone: TimeZone) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    let at = |minutes| zone.0.from_local_datetime(&(midnight + TimeDelta::minutes(minutes))).earliest();
    [0, 30, 60, 120].into_iter().find_map(at).map(|local| local.to_utc())
}

fn actions(chosen: &str) -> Vec<Choice> {
    let unknown = (!chosen.is_empty() && !ACTIONS.contains(&chosen)).then_some(chosen);
    ACTIONS.into_iter().chain(unknown).map(|action| Choice::new(action, action_label(action))).collect()
}

impl Row {
    /// In the journal of a user, the entry's page begins with what concerns them.
    fn new(entry: JournalEntry, user: Option<UserId>) -> Self {
        let records = entry.is_long().then_some(entry.step_count);
        let about = user.filter(|_| entry.is_long()).map(|user| format!("?user_id={user}")).unwrap_or_default();
        let mut changes: Vec<FieldChange> = entry.steps.into_iter().flat_map(|step| step.changes).collect();
        let more = changes.len().saturating_sub(CHANGES_SHOWN);
        changes.truncate(CHANGES_SHOWN);
        Self {
            at: entry.at,
            way: way(&entry.actor),
            who: entry.actor.name,
            summary: entry.summary,
            user_id: entry.user_id,
            changes,
            more,
            records,
            href: format!("/journal/{}{about}", entry.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::parse(name).unwrap()
    }

    #[test]
    fn days_are_those_of_the_account() {
        let query = FormData::new(vec![
            ("from".to_owned(), "2026-03-08".to_owned()),
            ("until".to_owned(), "2026-03-08".to_owned()),
        ]);
        let filter = read(&query, zone("America/Denver"));
        assert_eq!(filter.from.unwrap().to_rfc3339(), "2026-03-08T07:00:00+00:00");
        // The day has 23 hours: the clocks go forward.
        assert_eq!(filter.until.unwrap().to_rfc3339(), "2026-03-09T06:00:00+00:00");
    }

    #[test]
    fn a_day_without_midnight_begins_when_it_begins() {
        let day = NaiveDate::from_ymd_opt(2018, 11, 4).unwrap();
        assert_eq!(beginning(day, zone("America/Sao_Paulo")).unwrap().to_rfc3339(), "2018-11-04T03:00:00+00:00");
    }

    #[test]
    fn an_action_that_is_not_in_the_list_can_be_chosen_all_the_same() {
        assert!(actions("made_up").iter().any(|choice| choice.value == "made_up"));
        assert_eq!(actions("").len(), ACTIONS.len());
    }
}
