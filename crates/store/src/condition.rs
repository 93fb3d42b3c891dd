//! A list's filter, put together from named clauses; and its total, counted no further than people read.

use std::fmt::Write as _;

use lineside_model::list::{PAGE, Page, TOTAL_MAX};

use crate::StoreError;
use crate::connection::Connection;
use crate::value::Value;

/// A list's statement with each clause and order that may follow it: what the test of all statements prepares.
#[cfg(test)]
pub(crate) struct Composed {
    pub selects: &'static [&'static str],
    pub clauses: &'static [&'static str],
    pub orders: &'static [&'static str],
}

/// Clauses that follow a statement's own `WHERE account_id = $1`. In a clause, each `?` stands for the value given with it.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    sql: String,
    pub values: Vec<Value>,
}

impl Condition {
    /// Beside the statement's own parameters.
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self { sql: String::new(), values }
    }

    pub(crate) fn and(&mut self, clause: &'static str, value: impl Into<Value>) {
        self.values.push(value.into());
        let parameter = format!("${}", self.values.len());
        let _ = write!(self.sql, " AND {}", clause.replace('?', &parameter));
    }

    pub(crate) fn and_if(&mut self, clause: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.and(clause, value);
        }
    }

    /// A clause with several parameters: `?1`, `?2`, …
    pub(crate) fn and_each<const N: usize>(&mut self, clause: &'static str, values: [Value; N]) {
        let mut clause = clause.to_owned();
        for (at, value) in values.into_iter().enumerate() {
            self.values.push(value);
            clause = clause.replace(&format!("?{}", at + 1), &format!("${}", self.values.len()));
        }
        let _ = write!(self.sql, " AND {clause}");
    }

    pub(crate) fn and_plain(&mut self, clause: &'static str) {
        let _ = write!(self.sql, " AND {clause}");
    }

    pub(crate) fn all(&self, select: &str) -> String {
        format!("{select}{}", self.sql)
    }

    /// The rows of a page, counted from 1.
    pub(crate) fn page(&self, select: &str, order: &str, page: i64) -> String {
        self.slice(select, order, PAGE, (page.max(1) - 1).saturating_mul(PAGE))
    }

    pub(crate) fn slice(&self, select: &str, order: &str, limit: i64, offset: i64) -> String {
        format!("{select}{}{order} LIMIT {limit} OFFSET {offset}", self.sql)
    }
}

/// Exact up to [`TOTAL_MAX`], unless it was known without counting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Total {
    total: i64,
    more_than: bool,
}

impl Total {
    pub(crate) fn exact(total: i64) -> Self {
        Self { total, more_than: false }
    }

    /// Counts what a select finds, and stops early.
    pub(crate) async fn capped(link: &mut Connection, select: &str, condition: &Condition) -> Result<Self, StoreError> {
        let sql = format!("SELECT count(*) FROM ({} LIMIT {}) counted", condition.all(select), TOTAL_MAX + 1);
        Ok(Self::counted(link.number(sql, condition.values.clone()).await?))
    }

    /// From a count that went on to one past [`TOTAL_MAX`].
    pub(crate) fn counted(count: i64) -> Self {
        Self { total: count.min(TOTAL_MAX), more_than: count > TOTAL_MAX }
    }

    /// Counting ended early: there may be more.
    pub(crate) fn at_least(self) -> Self {
        Self { more_than: true, ..self }
    }

    pub(crate) fn page<T>(self, rows: Vec<T>, page: i64) -> Page<T> {
        Page { rows, page: page.max(1), total: self.total, more_than: self.more_than }
    }
}
