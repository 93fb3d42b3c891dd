//! Choose one user: a search, and what it found.

use askama::Template;
use askama::filters::HtmlSafe;
use lineside_model::list::{UserFilter, UserRow};
use lineside_model::text::search_text;
use lineside_service::ServiceError;

use crate::visitor::Visitor;

/// More than these can't be read through; a search narrows them.
const SHOWN: usize = 12;

/// The search form asks the page's own address anew; the rows are radio buttons of the form around `{{ picker.rows() }}`.
pub struct UserPicker {
    search: String,
    rows: Vec<UserRow>,
    more: bool,
}

impl UserPicker {
    pub async fn find(visitor: &Visitor, search: &str) -> Result<Self, ServiceError> {
        let filter = UserFilter { search: search_text(search), page: 1, ..UserFilter::default() };
        let mut page = visitor.service.users(&visitor.caller, &filter).await?;
        let more = page.rows.len() > SHOWN;
        page.rows.truncate(SHOWN);
        Ok(Self { search: filter.search, rows: page.rows, more })
    }

    pub fn search(&self) -> SearchForm<'_> {
        SearchForm { picker: self }
    }

    /// `error`: what was wrong with the choice.
    pub fn choices<'a>(&'a self, error: Option<&'a str>) -> Choices<'a> {
        Choices { picker: self, error }
    }
}

#[derive(Template)]
#[template(path = "user_picker/search.html")]
pub struct SearchForm<'a> {
    picker: &'a UserPicker,
}

impl HtmlSafe for SearchForm<'_> {}

#[derive(Template)]
#[template(path = "user_picker/choices.html")]
pub struct Choices<'a> {
    picker: &'a UserPicker,
    error: Option<&'a str>,
}

impl HtmlSafe for Choices<'_> {}
