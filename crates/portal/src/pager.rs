//! Pages of a list, and links that change one thing of its address.

use lineside_model::list::Page;

/// Where a list is, and where its other pages are.
pub struct Pager {
    pub page: i64,
    pub last: i64,
    pub total: i64,
    pub more_than: bool,
    pub path: String,
    /// The query without `page`.
    query: Vec<(String, String)>,
}

impl Pager {
    /// `query`: the filters as they stand in the address.
    pub fn new<T>(page: &Page<T>, path: &str, query: &[(String, String)]) -> Self {
        let filled = |(name, value): &&(String, String)| name != "page" && !value.is_empty();
        let query = query.iter().filter(filled).cloned().collect();
        let (total, more_than) = (page.total, page.more_than);
        Self { page: page.page, last: page.last_page(), total, more_than, path: path.to_owned(), query }
    }

    pub fn has_next(&self) -> bool {
        self.page < self.last
    }

    pub fn href(&self, page: &i64) -> String {
        let page = (*page > 1).then(|| ("page".to_owned(), page.to_string()));
        address(&self.path, self.query.iter().cloned().chain(page))
    }

    /// The same list with one thing set, from its first page; blank takes it out.
    pub fn with(&self, name: &str, value: &str) -> String {
        let others = self.query.iter().filter(|(field, _)| field != name).cloned();
        let set = (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()));
        address(&self.path, others.chain(set))
    }

    /// The same list with several things set.
    pub fn with_all(&self, set: &[(&str, &str)]) -> String {
        let others = self.query.iter().filter(|(field, _)| !set.iter().any(|(name, _)| name == field)).cloned();
        let set = set.iter().filter(|(_, value)| !value.is_empty()).map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        address(&self.path, others.chain(set))
    }

    /// `148`, or `more than 2000`.
    pub fn count(&self) -> String {
        if self.more_than { format!("more than {}", self.total) } else { self.total.to_string() }
    }
}

fn address(path: &str, query: impl Iterator<Item = (String, String)>) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_filters() {
        let list = Page::<()> { rows: Vec::new(), page: 2, total: 120, more_than: false };
        let query = [("search", "an a"), ("page", "2"), ("state", "")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let pager = Pager::new(&list, "/users", &query);
        assert_eq!(pager.href(&3), "/users?search=an+a&page=3");
        assert_eq!(pager.href(&1), "/users?search=an+a");
        assert_eq!(pager.with("sort", "extension"), "/users?search=an+a&sort=extension");
        assert!(pager.has_next());
    }
}
