//! Rows turned over, for PostgreSQL: an array for each column, so that one statement serves any number of rows and the server
//! parses no thousands of parameters.

use std::fmt::Write as _;

use uuid::Uuid;

use crate::StoreError;
use crate::value::Value;

pub(crate) enum Column {
    Uuids(Vec<Option<Uuid>>),
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Bools(Vec<bool>),
}

impl Column {
    fn beginning_with(value: &Value, rows: usize) -> Result<Self, StoreError> {
        Ok(match value {
            Value::Uuid(_) => Self::Uuids(Vec::with_capacity(rows)),
            Value::Int(_) => Self::Ints(Vec::with_capacity(rows)),
            Value::Text(_) => Self::Texts(Vec::with_capacity(rows)),
            Value::Bytes(_) => Self::Bytes(Vec::with_capacity(rows)),
            Value::Bool(_) => Self::Bools(Vec::with_capacity(rows)),
            Value::List(_) => return Err(StoreError::row("a column", "a list")),
        })
    }

    fn push(&mut self, value: Value) -> Result<(), StoreError> {
        match (self, value) {
            (Self::Uuids(column), Value::Uuid(value)) => column.push(value),
            (Self::Ints(column), Value::Int(value)) => column.push(value),
            (Self::Texts(column), Value::Text(value)) => column.push(value),
            (Self::Bytes(column), Value::Bytes(value)) => column.push(value),
            (Self::Bools(column), Value::Bool(value)) => column.push(value),
            (_, value) => return Err(StoreError::row("a column of another type", format!("{value:?}"))),
        }
        Ok(())
    }

    fn array(&self) -> &'static str {
        match self {
            Self::Uuids(_) => "uuid[]",
            Self::Ints(_) => "bigint[]",
            Self::Texts(_) => "text[]",
            Self::Bytes(_) => "bytea[]",
            Self::Bools(_) => "boolean[]",
        }
    }
}

pub(crate) fn turned(rows: Vec<Vec<Value>>) -> Result<Vec<Column>, StoreError> {
    let height = rows.len();
    let first = rows.first().map(Vec::as_slice).unwrap_or_default();
    let mut columns: Vec<Column> =
        first.iter().map(|value| Column::beginning_with(value, height)).collect::<Result<_, _>>()?;
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value)?;
        }
    }
    Ok(columns)
}

/// `VALUES (...)` becomes `SELECT * FROM unnest($1::uuid[], $2::text[], …)`.
pub(crate) fn with_columns(sql: &str, columns: &[Column]) -> String {
    let mut arrays = String::from("SELECT * FROM unnest(");
    for (at, column) in columns.iter().enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        let _ = write!(arrays, "{separator}${}::{}", at + 1, column.array());
    }
    arrays.push(')');
    sql.replacen("VALUES (...)", &arrays, 1)
}
