//! A list as one parameter of a statement, however long it is: an array for PostgreSQL, JSON for SQLite.

use serde::Serialize;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo};
use sqlx::{Encode, Postgres, Sqlite, Type};
use uuid::Uuid;

use crate::value::Value;

#[derive(Debug, Clone)]
pub(crate) enum List {
    Ids(Vec<Uuid>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListKind {
    Ids,
    Ints,
    Texts,
}

impl ListKind {
    pub(crate) fn postgres_array(self) -> &'static str {
        match self {
            Self::Ids => "uuid[]",
            Self::Ints => "bigint[]",
            Self::Texts => "text[]",
        }
    }
}

impl List {
    pub(crate) fn kind(&self) -> ListKind {
        match self {
            Self::Ids(_) => ListKind::Ids,
            Self::Ints(_) => ListKind::Ints,
            Self::Texts(_) => ListKind::Texts,
        }
    }

    /// Of identifiers, numbers or texts, all of one type. NULL equals nothing, so it is left out.
    pub(crate) fn of(values: Vec<Value>) -> Self {
        let (mut ids, mut ints, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for value in values {
            match value {
                Value::Uuid(id) => ids.extend(id),
                Value::Int(int) => ints.extend(int),
                Value::Text(text) => texts.extend(text),
                Value::Bytes(_) | Value::Bool(_) | Value::List(_) => debug_assert!(false, "no list is of these"),
            }
        }
        match (ids.is_empty(), ints.is_empty()) {
            (false, _) => Self::Ids(ids),
            (_, false) => Self::Ints(ints),
            _ => Self::Texts(texts),
        }
    }

    fn json(&self) -> Result<String, serde_json::Error> {
        fn text<T: Serialize>(list: &[T]) -> Result<String, serde_json::Error> {
            serde_json::to_string(list)
        }
        match self {
            Self::Ids(ids) => text(&ids.iter().map(Uuid::as_simple).collect::<Vec<_>>()),
            Self::Ints(ints) => text(ints),
            Self::Texts(texts) => text(texts),
        }
    }
}

impl Type<Postgres> for List {
    fn type_info() -> PgTypeInfo {
        <Vec<Uuid> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for List {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self {
            Self::Ids(ids) => Encode::<Postgres>::encode_by_ref(ids, buffer),
            Self::Ints(ints) => Encode::<Postgres>::encode_by_ref(ints, buffer),
            Self::Texts(texts) => Encode::<Postgres>::encode_by_ref(texts, buffer),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(match self {
            Self::Ids(_) => <Vec<Uuid> as Type<Postgres>>::type_info(),
            Self::Ints(_) => <Vec<i64> as Type<Postgres>>::type_info(),
            Self::Texts(_) => <Vec<String> as Type<Postgres>>::type_info(),
        })
    }
}

impl Type<Sqlite> for List {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for List {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode(self.json()?, buffer)
    }
}
