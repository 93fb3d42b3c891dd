//! What operators did, the newest first, filtered by its address.

use askama::Template;
use lineside_model::id::ChangeId;
use lineside_model::list::Page;
use lineside_model::operator_journal::{OperatorEntry, OperatorJournalFilter};
use lineside_model::text::search_text;

use crate::control::Choice;
use crate::filter::Filter;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::journal::{action_label, way};
use crate::page::{Answer, show};
use crate::pager::Pager;
use crate::record_path::RecordPath;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/operator/journal", Access::Operator, list),
        Route::get("/operator/journal/{id}", Access::Operator, show_entry),
    ]
}

const ACTIONS: [&str; 11] = [
    "open_account",
    "edit_account",
    "change_catalogue",
    "add_trunk",
    "edit_trunk",
    "delete_trunk",
    "trunk_down",
    "trunk_up",
    "add_api_token",
    "revoke_api_token",
    "sign_in_failed",
];

#[derive(Template)]
#[template(path = "operator/journal/list.html")]
struct ListPage {
    frame: Frame,
    page: Page<OperatorEntry>,
    pager: Pager,
    search: String,
    filters: Vec<Filter>,
    filtered: bool,
}

#[derive(Template)]
#[template(path = "operator/journal/entry.html")]
struct EntryPage {
    frame: Frame,
    entry: OperatorEntry,
    action: String,
    way: String,
}

async fn list(visitor: Visitor, query: FormData) -> Answer {
    let filter = OperatorJournalFilter {
        search: query.search(),
        action: search_text(query.text("action")),
        account_id: query.parse("account_id"),
        page: query.parse("page").unwrap_or(1).max(1),
    };
    let page = visitor.service.operator_journal(&visitor.caller, &filter).await?;
    let actions = ACTIONS.map(|action| Choice::new(action, action_label(action)));
    show(&ListPage {
        frame: visitor.frame("Journal").await?,
        pager: Pager::new(&page, "/operator/journal", query.pairs()),
        page,
        filters: vec![Filter::new("action", "Action", &filter.action, actions.to_vec())],
        filtered: filter != OperatorJournalFilter { page: filter.page, ..OperatorJournalFilter::default() },
        search: filter.search,
    })
}

async fn show_entry(visitor: Visitor, RecordPath(id): RecordPath<ChangeId>) -> Answer {
    let entry = visitor.service.operator_entry(&visitor.caller, id).await?;
    let frame = visitor.frame(entry.summary.as_str()).await?;
    show(&EntryPage { frame, action: action_label(&entry.action), way: way(&entry.actor), entry })
}
