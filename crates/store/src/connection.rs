//! One connection, whichever engine it leads to. The only file that says everything twice.
//!
//! `(...)` in a statement stands for as many values as there are: `IN (...)` for a list, `VALUES (...)` for rows.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow, Postgres, Sqlite, Transaction};

use crate::StoreError;
use crate::columns::{self, Column};
use crate::list::{List, ListKind};
use crate::value::Value;

/// A row that can be read from either engine.
pub(crate) trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Row for T {}

pub(crate) enum Link {
    SqlitePool(PoolConnection<Sqlite>),
    SqliteTransaction(Transaction<'static, Sqlite>),
    PostgresPool(PoolConnection<Postgres>),
    PostgresTransaction(Transaction<'static, Postgres>),
}

pub(crate) struct Connection {
    link: Link,
    statements: Arc<AtomicU64>,
}

/// SQLite takes at most 32,766 parameters a statement.
const ROW_PARAMETERS: usize = 8_000;
/// Of a statement whose parameters are columns.
const COLUMN_ROWS: usize = 4_000;

type Sql = Cow<'static, str>;

macro_rules! bound {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                Value::Uuid(value) => query.bind(value),
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
                Value::Bool(value) => query.bind(value),
                Value::List(value) => query.bind(value),
            };
        }
        query
    }};
}

/// Expands a query once per engine.
macro_rules! on_link {
    ($self:expr, |$executor:ident| $query:expr) => {{
        $self.statements.fetch_add(1, Ordering::Relaxed);
        match &mut $self.link {
            Link::SqlitePool(link) => {
                let $executor = &mut **link;
                $query
            }
            Link::SqliteTransaction(link) => {
                let $executor = &mut **link;
                $query
            }
            Link::PostgresPool(link) => {
                let $executor = &mut **link;
                $query
            }
            Link::PostgresTransaction(link) => {
                let $executor = &mut **link;
                $query
            }
        }
    }};
}

impl Connection {
    pub(crate) fn new(link: Link, statements: Arc<AtomicU64>) -> Self {
        Self { link, statements }
    }

    pub(crate) async fn rows<T: Row>(&mut self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Vec<T>, StoreError> {
        let sql = AssertSqlSafe(self.dialect(sql.into()));
        Ok(on_link!(self, |link| bound!(sqlx::query_as(sql), values).fetch_all(link).await?))
    }

    pub(crate) async fn row<T: Row>(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Option<T>, StoreError> {
        let sql = AssertSqlSafe(self.dialect(sql.into()));
        Ok(on_link!(self, |link| bound!(sqlx::query_as(sql), values).fetch_optional(link).await?))
    }

    /// The first column of the only row; zero when there is none.
    pub(crate) async fn number(&mut self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<i64, StoreError> {
        Ok(self.row::<(i64,)>(sql, values).await?.map_or(0, |(number,)| number))
    }

    /// How many rows it changed.
    pub(crate) async fn execute(&mut self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<u64, StoreError> {
        self.run(sql.into(), values, true).await
    }

    /// With `(...)` filled from a list. Empty lists ask nothing.
    pub(crate) async fn rows_in<T: Row>(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
        list: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Result<Vec<T>, StoreError> {
        match self.with_values(sql, values, list) {
            Some((sql, values)) => self.rows(sql, values).await,
            None => Ok(Vec::new()),
        }
    }

    pub(crate) async fn execute_in(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
        list: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Result<u64, StoreError> {
        match self.with_values(sql, values, list) {
            Some((sql, values)) => self.execute(sql, values).await,
            None => Ok(0),
        }
    }

    /// Writes rows of one width with few statements; returns how many it wrote.
    pub(crate) async fn write_rows(&mut self, sql: &'static str, rows: Vec<Vec<Value>>) -> Result<u64, StoreError> {
        let Some(width) = rows.first().map(Vec::len) else { return Ok(0) };
        if rows.len() > 1 && matches!(self.link, Link::PostgresPool(_) | Link::PostgresTransaction(_)) {
            return self.write_columns(sql, rows).await;
        }
        let many = (ROW_PARAMETERS / width.max(1)).max(1);
        let mut written = 0;
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let chunk: Vec<Vec<Value>> = rows.by_ref().take(many).collect();
            let (height, values) = (chunk.len(), chunk.into_iter().flatten().collect());
            // One row and full chunks come again; other heights would only crowd out the statements that are kept.
            let keep = height == 1 || height == many;
            written += self.run(Sql::Owned(self.with_rows(sql, width, height)), values, keep).await?;
        }
        Ok(written)
    }

    async fn write_columns(&mut self, sql: &'static str, rows: Vec<Vec<Value>>) -> Result<u64, StoreError> {
        let mut written = 0;
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let columns = columns::turned(rows.by_ref().take(COLUMN_ROWS).collect())?;
            let mut query = sqlx::query(AssertSqlSafe(columns::with_columns(sql, &columns)));
            for column in columns {
                query = match column {
                    Column::Uuids(values) => query.bind(values),
                    Column::Ints(values) => query.bind(values),
                    Column::Texts(values) => query.bind(values),
                    Column::Bytes(values) => query.bind(values),
                    Column::Bools(values) => query.bind(values),
                };
            }
            self.statements.fetch_add(1, Ordering::Relaxed);
            let done = match &mut self.link {
                Link::PostgresPool(link) => query.execute(&mut **link).await?,
                Link::PostgresTransaction(link) => query.execute(&mut **link).await?,
                Link::SqlitePool(_) | Link::SqliteTransaction(_) => break,
            };
            written += done.rows_affected();
        }
        Ok(written)
    }

    async fn run(&mut self, sql: Sql, values: Vec<Value>, keep: bool) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(self.dialect(sql));
        Ok(on_link!(self, |link| bound!(sqlx::query(sql).persistent(keep), values)
            .execute(link)
            .await?
            .rows_affected()))
    }

    /// Held to the end of the transaction. SQLite's writers are one by one anyhow.
    pub(crate) async fn wait_for_turn(&mut self) -> Result<(), StoreError> {
        if matches!(self.link, Link::PostgresTransaction(_)) {
            self.execute("LOCK TABLE turn IN EXCLUSIVE MODE", Vec::new()).await?;
        }
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self.link {
            Link::SqliteTransaction(transaction) => transaction.commit().await?,
            Link::PostgresTransaction(transaction) => transaction.commit().await?,
            Link::SqlitePool(_) | Link::PostgresPool(_) => {}
        }
        Ok(())
    }

    /// What can't be rolled back because the connection is gone is rolled back by the server.
    pub(crate) async fn roll_back(self) {
        let result = match self.link {
            Link::SqliteTransaction(transaction) => transaction.rollback().await,
            Link::PostgresTransaction(transaction) => transaction.rollback().await,
            Link::SqlitePool(_) | Link::PostgresPool(_) => Ok(()),
        };
        if let Err(error) = result {
            tracing::debug!(%error, "rollback");
        }
    }

    /// `(...)` becomes `($1, $2), ($3, $4), …`. SQLite looks numbered parameters up by their name, one after the other, so
    /// thousands of them would cost millions of comparisons; its rows have `?`, which are bound in their order.
    pub(crate) fn with_rows(&self, sql: &str, width: usize, height: usize) -> String {
        let rows: Vec<String> = match self.link {
            Link::SqlitePool(_) | Link::SqliteTransaction(_) => {
                vec![format!("({})", vec!["?"; width].join(",")); height]
            }
            Link::PostgresPool(_) | Link::PostgresTransaction(_) => {
                (0..height).map(|row| parameters(row * width, width)).collect()
            }
        };
        sql.replacen("(...)", &rows.join(", "), 1)
    }

    fn with_values(
        &self,
        sql: &str,
        mut values: Vec<Value>,
        list: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Option<(String, Vec<Value>)> {
        let mut list: Vec<Value> = list.into_iter().map(Into::into).collect();
        let at = values.len() + 1;
        let (sql, value) = match list.len() {
            0 => return None,
            1 => (with_one(sql, at), list.swap_remove(0)),
            _ => {
                let list = List::of(list);
                (self.with_list(sql, at, list.kind()), Value::List(list))
            }
        };
        values.push(value);
        Some((sql, values))
    }

    /// One statement serves lists of all lengths. PostgreSQL joins with what `unnest` gives, by an index or a hash, where it
    /// would compare each row with each value of `= ANY` in a table that it takes for small.
    pub(crate) fn with_list(&self, sql: &str, at: usize, kind: ListKind) -> String {
        let list = match (&self.link, kind) {
            (Link::PostgresPool(_) | Link::PostgresTransaction(_), kind) => {
                format!("IN (SELECT unnest(${at}::{}))", kind.postgres_array())
            }
            (Link::SqlitePool(_) | Link::SqliteTransaction(_), ListKind::Ids) => {
                format!("IN (SELECT unhex(value) FROM json_each(${at}))")
            }
            (Link::SqlitePool(_) | Link::SqliteTransaction(_), ListKind::Ints | ListKind::Texts) => {
                format!("IN (SELECT value FROM json_each(${at}))")
            }
        };
        sql.replacen("IN (...)", &list, 1)
    }

    /// SQLite has one writer, so it knows no row locks. All else is the same text.
    fn dialect(&self, sql: Sql) -> Sql {
        const SKIP_LOCKED: &str = " FOR UPDATE SKIP LOCKED";
        match self.link {
            Link::SqlitePool(_) | Link::SqliteTransaction(_) if sql.contains(SKIP_LOCKED) => {
                Cow::Owned(sql.replace(SKIP_LOCKED, ""))
            }
            _ => sql,
        }
    }

    #[cfg(test)]
    pub(crate) async fn prepare(&mut self, sql: String) -> Result<(), StoreError> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        let sql = AssertSqlSafe(self.dialect(sql.into())).into_sql_str();
        on_link!(self, |link| link.prepare(sql).await.map(drop)?);
        Ok(())
    }
}

/// For pages, a statement for a single value comes with the one for lists.
pub(crate) fn with_one(sql: &str, at: usize) -> String {
    sql.replacen("IN (...)", &format!("IN (${at})"), 1)
}

fn parameters(first: usize, length: usize) -> String {
    let mut text = String::with_capacity(length * 6 + 2);
    for at in 1..=length {
        let separator = if at == 1 { '(' } else { ',' };
        let _ = write!(text, "{separator}${}", first + at);
    }
    text.push(')');
    text
}
