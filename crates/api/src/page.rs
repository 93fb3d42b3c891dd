//! Lists come in pages of 50.

use lineside_model::list::{PAGE, Page};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// Past this page a list is filtered, not leafed through.
const PAGE_MAX: u32 = 1_000_000;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageView<T> {
    pub items: Vec<T>,
    /// This page, from 1.
    #[schema(example = 1)]
    pub page: i64,
    /// Items a page.
    #[schema(example = 50)]
    pub page_size: i64,
    /// The next page; `null` on the last.
    #[schema(example = 2)]
    pub next_page: Option<i64>,
    /// How many items there are.
    #[schema(example = 137)]
    pub total: i64,
    /// There are more than `total`: counting stopped there.
    pub total_is_at_least: bool,
}

impl<T> PageView<T> {
    pub fn of<M: Into<T>>(page: Page<M>) -> Self {
        let full = i64::try_from(page.rows.len()).unwrap_or(i64::MAX) >= PAGE;
        let more = full && (page.more_than || page.page < page.last_page());
        Self {
            page: page.page,
            page_size: PAGE,
            next_page: more.then_some(page.page + 1),
            total: page.total,
            total_is_at_least: page.more_than,
            items: page.rows.into_iter().map(Into::into).collect(),
        }
    }
}

/// The page that was asked for; the first when none was.
pub fn page(asked: Option<u32>) -> Result<i64, Problem> {
    match asked {
        None => Ok(1),
        Some(page @ 1..=PAGE_MAX) => Ok(i64::from(page)),
        Some(_) => Err(Problem::malformed("page", format!("pages go from 1 to {PAGE_MAX}"))),
    }
}

/// What people search for.
pub fn search(text: Option<String>) -> Result<String, Problem> {
    words("search", text)
}

/// Short and printable: a control character is in nothing that is kept, and one of them (NUL) PostgreSQL does not take.
pub fn words(parameter: &str, text: Option<String>) -> Result<String, Problem> {
    let text = text.unwrap_or_default();
    if text.chars().count() > 200 {
        return Err(Problem::malformed(parameter, "shorten this to 200 characters"));
    }
    if text.chars().any(lineside_model::text::is_unprintable) {
        return Err(Problem::malformed(parameter, "remove the control characters"));
    }
    Ok(text)
}
