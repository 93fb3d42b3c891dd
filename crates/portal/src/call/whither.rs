//! "Where would this call go?": the ways of a call that nobody has made yet.

use askama::Template;
use lineside_model::id::UserId;
use lineside_model::list::{UserFilter, UserRow};
use lineside_model::route::Explanation;

use crate::control::Choice;
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{self, Answer};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![Route::get("/calls/where", Access::Administrator, ask)]
}

#[derive(Template)]
#[template(path = "call/where.html")]
struct WherePage {
    frame: Frame,
    form: Form,
    callers: Vec<Choice>,
    ways: Vec<Way>,
}

/// One branch, with how deep it lies.
struct Way {
    depth: usize,
    when: String,
    steps: Vec<String>,
}

async fn ask(visitor: Visitor, query: FormData) -> Answer {
    let dialled = query.text("dialled").trim();
    let search = query.text("caller");
    let found = find(&visitor, search).await?;
    let mut form = Form::sent(&query);
    let mut ways = Vec::new();
    if dialled.len() > 64 {
        form = form.with_errors(lineside_model::field::FieldErrors::one("dialled", "write at most 64 digits"));
    } else if !dialled.is_empty() {
        let from = (!search.is_empty()).then(|| found.first().map(|user| user.id)).flatten();
        if !search.is_empty() && from.is_none() {
            let message =
                "nobody is found by this; write a name or an extension, or leave it blank for a call from outside";
            form = form.with_errors(lineside_model::field::FieldErrors::one("caller", message));
        } else {
            flatten(visitor.service.explain_route(&visitor.caller, from, dialled).await?, 0, &mut ways);
        }
    }
    let callers =
        found.iter().map(|user| Choice::new(user.extension.clone().unwrap_or_default(), user.name())).collect();
    page::show(&WherePage { frame: visitor.frame("Where would this call go?").await?, form, callers, ways })
}

/// By the beginning of a name or an extension, or by identifier.
async fn find(visitor: &Visitor, search: &str) -> Result<Vec<UserRow>, crate::page_error::PageError> {
    if let Ok(id) = search.parse::<UserId>() {
        return Ok(visitor.service.user_rows(&visitor.caller, &[id]).await?);
    }
    if search.is_empty() {
        return Ok(Vec::new());
    }
    let filter = UserFilter { search: lineside_model::text::search_text(search), page: 1, ..UserFilter::default() };
    let mut rows = visitor.service.users(&visitor.caller, &filter).await?.rows;
    // Who has exactly this extension comes before those whose begins so.
    rows.sort_by_key(|row| row.extension.as_deref() != Some(search));
    rows.truncate(10);
    Ok(rows)
}

fn flatten(explanation: Explanation, depth: usize, into: &mut Vec<Way>) {
    let Explanation { when, steps, then } = explanation;
    into.push(Way { depth: depth.min(4), when, steps });
    for branch in then {
        flatten(branch, depth + 1, into);
    }
}
