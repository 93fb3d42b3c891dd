//! Whom a mass action on the list of users is about: the ticked boxes, or all that match the list's filter but some.
//!
//! The table's form carries the filter in fields named `filter.…`, beside those of the action itself. Boxes that a page shows
//! are named in `shown`, so that one of them that is not ticked is known to be left out.

use std::collections::BTreeSet;

use axum::response::{IntoResponse, Redirect, Response};
use lineside_model::id::UserId;
use lineside_model::list::UserRow;
use lineside_model::selection::Selection;

use crate::flash;
use crate::form_data::FormData;
use crate::page_error::PageError;
use crate::user::list::read_filter;
use crate::visitor::Visitor;

/// `select=all`: all that match.
pub const SELECT: &str = "select";
pub const ALL: &str = "all";
pub const EXCEPT: &str = "except";
/// The users whose boxes stood on the page that was sent.
pub const SHOWN: &str = "shown";
const USERS: &str = "user_ids";
const PREFIX: &str = "filter.";
/// Names that pages show; past that they say how many more.
const NAMES_SHOWN: usize = 20;

/// What of the list's address a selection carries on.
const CARRIED: [&str; 12] = [
    "search",
    "location_id",
    "department_id",
    "license_type_id",
    "holds",
    "lacks",
    "ready",
    "missing",
    "state",
    "unfinished",
    "sort",
    "dir",
];

/// Users of a mass action, as its pages show them and carry them on.
pub struct Selected {
    pub user_ids: Vec<UserId>,
    pub names: Vec<String>,
    /// Hidden fields from which the same users are found again.
    pub fields: Vec<(String, String)>,
}

impl Selected {
    /// Nobody is an answer: back to the list, which says what to do.
    pub async fn find(visitor: &Visitor, data: &FormData) -> Result<Result<Self, Response>, PageError> {
        let selection = read(data);
        let user_ids = visitor.service.selected(&visitor.caller, &selection).await?;
        if user_ids.is_empty() {
            return Ok(Err(nobody("/users")));
        }
        let first = &user_ids[..user_ids.len().min(NAMES_SHOWN)];
        let rows = visitor.service.user_rows(&visitor.caller, first).await?;
        if rows.is_empty() {
            return Err(PageError::NotFound);
        }
        let names = rows.iter().map(UserRow::name).collect();
        Ok(Ok(Self { user_ids, names, fields: fields(&selection, data) }))
    }

    pub fn count(&self) -> usize {
        self.user_ids.len()
    }

    /// Those whose names are not shown.
    pub fn more(&self) -> usize {
        self.count() - self.names.len()
    }

    /// `Ana Duarte`, or `40 users`.
    pub fn whom(&self) -> String {
        match self.names.as_slice() {
            [only] if self.count() == 1 => only.clone(),
            _ => format!("{} users", self.count()),
        }
    }

    /// Where the one user is, or the list.
    pub fn back(&self) -> String {
        match self.user_ids.as_slice() {
            [only] => format!("/users/{only}"),
            _ => "/users".to_owned(),
        }
    }
}

pub fn nobody(back: &str) -> Response {
    flash::done(back, "Pick users first: tick the boxes before their names.")
}

/// What a form of the list, or of a page after it, sent.
pub fn read(data: &FormData) -> Selection {
    let users = || data.all(USERS).filter_map(|id| id.parse().ok());
    if data.text(SELECT) != ALL {
        let mut seen = BTreeSet::new();
        return Selection::Picked(users().filter(|id| seen.insert(*id)).collect());
    }
    let ticked: BTreeSet<UserId> = users().collect();
    let shown = data.all(SHOWN).filter_map(|id| id.parse().ok()).filter(|id| !ticked.contains(id));
    let except = data.all(EXCEPT).filter_map(|id| id.parse().ok()).filter(|id| !ticked.contains(id));
    Selection::matching(read_filter(&plain(data)), shown.chain(except))
}

/// The users themselves, when a form is sent.
pub async fn users(visitor: &Visitor, data: &FormData) -> Result<Vec<UserId>, PageError> {
    Ok(visitor.service.selected(&visitor.caller, &read(data)).await?)
}

/// Hidden fields from which [`read`] finds the same selection.
pub fn fields(selection: &Selection, data: &FormData) -> Vec<(String, String)> {
    let named = |name: &str| {
        let name = name.to_owned();
        move |id: &UserId| (name.clone(), id.to_string())
    };
    match selection {
        Selection::Picked(users) => users.iter().map(named(USERS)).collect(),
        Selection::Matching { except, .. } => {
            let all = (SELECT.to_owned(), ALL.to_owned());
            let filter = data.fields().filter(|(name, _)| name.starts_with(PREFIX));
            let filter = filter.map(|(name, value)| (name.to_owned(), value.to_owned()));
            std::iter::once(all).chain(filter).chain(except.iter().map(named(EXCEPT))).collect()
        }
    }
}

/// The fields of a list's own address as its table's form carries them.
pub fn of_list(data: &FormData) -> Vec<(String, String)> {
    let carried = data.fields().filter(|(name, value)| CARRIED.contains(name) && !value.is_empty());
    carried.map(|(name, value)| (format!("{PREFIX}{name}"), value.to_owned())).collect()
}

/// The address of the list with this selection, on the page that was asked for.
pub fn to_list(data: &FormData) -> Response {
    let mut query: Vec<(String, String)> = plain(data).pairs().to_vec();
    if let Selection::Matching { except, .. } = read(data) {
        query.push((SELECT.to_owned(), ALL.to_owned()));
        query.extend(except.iter().map(|id| (EXCEPT.to_owned(), id.to_string())));
    }
    query.extend(data.parse::<u32>("page").map(|page| ("page".to_owned(), page.to_string())));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    Redirect::to(&format!("/users?{query}")).into_response()
}

/// The list's own fields, as its address has them.
pub fn plain(data: &FormData) -> FormData {
    let own = data.fields().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value)));
    FormData::new(own.filter(|(name, _)| CARRIED.contains(name)).map(|(n, v)| (n.to_owned(), v.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "01900000-0000-7000-8000-000000000001";
    const TWO: &str = "01900000-0000-7000-8000-000000000002";

    fn data(fields: &[(&str, &str)]) -> FormData {
        FormData::new(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_box_that_is_shown_and_not_ticked_is_left_out() {
        let sent = data(&[
            (SELECT, ALL),
            ("filter.search", "ana"),
            ("location_id", "of the action itself"),
            (EXCEPT, TWO),
            (SHOWN, ONE),
            (SHOWN, TWO),
            ("user_ids", TWO),
        ]);
        let Selection::Matching { filter, except } = read(&sent) else { panic!("not all") };
        assert_eq!((filter.search.as_str(), filter.location_id), ("ana", None));
        assert_eq!(except.iter().map(ToString::to_string).collect::<Vec<_>>(), [ONE], "ticked again is not left out");
        let again = FormData::new(fields(&read(&sent), &sent));
        assert_eq!(read(&again), read(&sent));
    }

    #[test]
    fn boxes_alone_are_those_users() {
        let Selection::Picked(users) = read(&data(&[("user_ids", ONE), ("user_ids", ONE), (SHOWN, TWO)])) else {
            panic!("not picked")
        };
        assert_eq!(users.len(), 1);
    }
}
