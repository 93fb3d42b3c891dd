//! Every account, found by name, number or SIP domain.

use askama::Template;
use axum::response::Redirect;
use lineside_model::account::AccountNumber;
use lineside_model::list::{AccountFilter, AccountRow, Page};

use crate::filter::Filter;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::pager::Pager;
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/operator", Access::Operator, start), Route::get("/operator/accounts", Access::Operator, list)]
}

#[derive(Template)]
#[template(path = "operator/accounts.html")]
struct AccountsPage {
    frame: Frame,
    page: Page<AccountRow>,
    pager: Pager,
    search: String,
    filters: Vec<Filter>,
    filtered: bool,
}

async fn start() -> Redirect {
    Redirect::to("/operator/accounts")
}

async fn list(visitor: Visitor, query: FormData) -> Answer {
    let filter = AccountFilter { search: query.search(), page: query.parse("page").unwrap_or(1).max(1) };
    let page = visitor.service.accounts(&visitor.caller, &filter).await?;
    show(&AccountsPage {
        frame: visitor.frame("Accounts").await?,
        pager: Pager::new(&page, "/operator/accounts", query.pairs()),
        page,
        filters: Vec::new(),
        filtered: !filter.search.is_empty(),
        search: filter.search,
    })
}

/// In two groups, as people say it.
fn pretty(number: &str) -> String {
    AccountNumber::parse(number).map_or_else(|_| number.to_owned(), |number| number.pretty())
}
