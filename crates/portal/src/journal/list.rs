//! The journal, the newest first, filtered by its address.

use askama::Template;
use chrono::{DateTime, Utc};
use lineside_model::id::UserId;
use lineside_model::journal::JournalEntry;
use lineside_model::list::{JournalFilter, UserRow};
use lineside_model::plan::FieldChange;
use lineside_model::text::search_text;
use lineside_model::time_zone::TimeZone;

use super::{ACTIONS, action_label, way};
use crate::control::Choice;
use crate::days::Days;
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
    let days = Days::read(query, zone);
    JournalFilter {
        user_id: query.parse("user_id"),
        action: search_text(query.text("action")),
        search: query.search(),
        from: days.from,
        until: days.until,
        page: query.parse("page").unwrap_or(1).max(1),
    }
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

    #[test]
    fn an_action_that_is_not_in_the_list_can_be_chosen_all_the_same() {
        assert!(actions("made_up").iter().any(|choice| choice.value == "made_up"));
        assert_eq!(actions("").len(), ACTIONS.len());
    }
}
