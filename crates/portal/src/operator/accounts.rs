//! Every account, found by name, number or SIP domain.

use askama::Template;
use axum::response::Redirect;
use lineside_model::account::AccountNumber;
use lineside_model::list::AccountRow;

use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/operator", Access::Operator, start), Route::get("/operator/accounts", Access::Operator, list)]
}

#[derive(Template)]
#[template(path = "operator/accounts.html")]
struct AccountsPage {
    frame: Frame,
    rows: Vec<AccountRow>,
    search: String,
}

async fn start() -> Redirect {
    Redirect::to("/operator/accounts")
}

async fn list(visitor: Visitor, query: FormData) -> Answer {
    let search = query.search();
    let rows = visitor.service.accounts(&visitor.caller, &search).await?;
    show(&AccountsPage { frame: visitor.frame("Accounts").await?, rows, search })
}

/// In two groups, as people say it.
fn pretty(number: &str) -> String {
    AccountNumber::parse(number).map_or_else(|_| number.to_owned(), |number| number.pretty())
}
