//! Choose users for a license type: those who get it, or those who lose it. What was ticked stays ticked while searching
//! and paging, since it travels in the form.

use std::collections::BTreeSet;

use askama::Template;
use lineside_model::change::{Change, USERS_MAX};
use lineside_model::id::UserId;
use lineside_model::license::LicenseType;
use lineside_model::list::{Page, UserFilter, UserRow};

use super::assign::{chosen, user_ids};
use super::{bought_and_used, find};
use crate::form::Form;
use crate::form_data::FormData;
use crate::frame::Frame;
use crate::page::{Answer, show, show_again};
use crate::page_error::PageError;
use crate::record_path::TextPath;
use crate::review::{Ways, ask};
use crate::router::{Access, Route};
use crate::visitor::Visitor;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/licensing/{type}/assign", Access::Administrator, open_assign),
        Route::post("/licensing/{type}/assign", Access::Administrator, assign),
        Route::get("/licensing/{type}/manage", Access::Administrator, open_manage),
        Route::post("/licensing/{type}/manage", Access::Administrator, manage),
    ]
}

/// What becomes of the users that are ticked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Assign,
    Remove,
}

#[derive(Template)]
#[template(path = "license/pick.html")]
struct PickPage {
    frame: Frame,
    form: Form,
    license: LicenseType,
    purpose: Purpose,
    bought: i64,
    used: i64,
    page: Page<UserRow>,
    chosen: BTreeSet<UserId>,
    /// Chosen on other pages or by another search.
    elsewhere: Vec<UserId>,
    error: Option<&'static str>,
}

impl PickPage {
    async fn new(
        visitor: &Visitor,
        license: LicenseType,
        purpose: Purpose,
        data: &FormData,
        error: Option<&'static str>,
    ) -> Result<Self, PageError> {
        let filter = UserFilter {
            search: data.search(),
            holds: (purpose == Purpose::Remove).then_some(license.id),
            lacks: (purpose == Purpose::Assign).then_some(license.id),
            page: data.parse("page").unwrap_or(1).max(1),
            ..UserFilter::default()
        };
        let page = visitor.service.users(&visitor.caller, &filter).await?;
        let chosen: BTreeSet<UserId> = user_ids(data).into_iter().collect();
        let elsewhere = chosen.iter().filter(|id| !page.rows.iter().any(|row| row.id == **id)).copied().collect();
        let seats = visitor.service.seats(&visitor.caller).await?;
        let (bought, used) = bought_and_used(&seats, license.id);
        let title = match purpose {
            Purpose::Assign => format!("Assign {}", license.name),
            Purpose::Remove => format!("Users with {}", license.name),
        };
        let form = Form::empty(visitor.service.new_change_id()).with("search", filter.search);
        let frame = visitor.frame(title).await?;
        Ok(Self { frame, form, license, purpose, bought, used, page, chosen, elsewhere, error })
    }
}

async fn open_assign(visitor: Visitor, TextPath(name): TextPath<String>, query: FormData) -> Answer {
    open(&visitor, &name, Purpose::Assign, &query).await
}

async fn open_manage(visitor: Visitor, TextPath(name): TextPath<String>, query: FormData) -> Answer {
    open(&visitor, &name, Purpose::Remove, &query).await
}

async fn open(visitor: &Visitor, name: &str, purpose: Purpose, query: &FormData) -> Answer {
    let (_, license) = find(visitor, name).await?;
    show(&PickPage::new(visitor, license, purpose, query, None).await?)
}

async fn assign(visitor: Visitor, TextPath(name): TextPath<String>, data: FormData) -> Answer {
    let (_, license) = find(&visitor, &name).await?;
    match ready(&data) {
        Ready::Looking => show(&PickPage::new(&visitor, license, Purpose::Assign, &data, None).await?),
        Ready::Wrong(error) => {
            show_again(&PickPage::new(&visitor, license, Purpose::Assign, &data, Some(error)).await?)
        }
        Ready::Chosen(users) => chosen(&visitor, &users, license.id, &data).await,
    }
}

async fn manage(visitor: Visitor, TextPath(name): TextPath<String>, data: FormData) -> Answer {
    let (_, license) = find(&visitor, &name).await?;
    match ready(&data) {
        Ready::Looking => show(&PickPage::new(&visitor, license, Purpose::Remove, &data, None).await?),
        Ready::Wrong(error) => {
            show_again(&PickPage::new(&visitor, license, Purpose::Remove, &data, Some(error)).await?)
        }
        Ready::Chosen(user_ids) => {
            let ways = Ways::new("/licensing", format!("/licensing/{}/manage", license.slug));
            ask(&visitor, Change::RemoveLicense { user_ids, track_id: license.track_id, date: None }, &ways).await
        }
    }
}

enum Ready {
    /// The form asked for another search or page.
    Looking,
    Wrong(&'static str),
    Chosen(Vec<UserId>),
}

fn ready(data: &FormData) -> Ready {
    if !data.has("save") {
        return Ready::Looking;
    }
    let users = user_ids(data);
    match users.len() {
        0 => Ready::Wrong("tick at least one user"),
        many if many > USERS_MAX => Ready::Wrong("this is more than 10,000 users; do it in several goes"),
        _ => Ready::Chosen(users),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(fields: &[(&str, &str)]) -> FormData {
        FormData::new(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn searching_and_paging_save_nothing() {
        let one = "01900000-0000-7000-8000-000000000001";
        assert!(matches!(ready(&data(&[("user_ids", one), ("search", "ana")])), Ready::Looking));
        assert!(matches!(ready(&data(&[("save", "yes")])), Ready::Wrong(_)));
        let Ready::Chosen(users) = ready(&data(&[("save", "yes"), ("user_ids", one), ("user_ids", one)])) else {
            panic!("not chosen")
        };
        assert_eq!(users.len(), 1);
    }
}
