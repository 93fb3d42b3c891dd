//! Departments.

use lineside_model::department::Department;
use lineside_model::id::{AccountId, DepartmentId};
use lineside_model::journal::Scope;
use lineside_model::list::DepartmentRow;
use lineside_model::plan::Record;
use lineside_model::text::fold;
use sqlx::FromRow;
use uuid::Uuid;

use crate::record::Stored;
use crate::value::{Value, parse, values};
use crate::{Store, StoreError};

pub(crate) const DEPARTMENTS_BY_ID: &str =
    "SELECT id, account_id, version, name FROM department WHERE account_id = $1 AND id IN (...)";
pub(crate) const ALL_DEPARTMENTS: &str = "SELECT id, account_id, version, name FROM department WHERE account_id = $1";
pub(crate) const DEPARTMENT_BY_NAME: &str = "SELECT id FROM department WHERE account_id = $1 AND name_key = $2";
pub(crate) const DEPARTMENT_USERS: &str =
    "SELECT count(*) FROM account_user WHERE account_id = $1 AND department_id = $2";
const DEPARTMENTS: &str = "SELECT id, version, name, users FROM department WHERE account_id = $1 ORDER BY name_key";
const SAVE_DEPARTMENTS: &str = "
    INSERT INTO department (id, account_id, version, name, name_key) VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, name = excluded.name, name_key = excluded.name_key
    WHERE department.account_id = excluded.account_id AND department.version = excluded.version - 1";
const DELETE_DEPARTMENTS: &str = "DELETE FROM department WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    ALL_DEPARTMENTS,
    DEPARTMENTS_BY_ID,
    DEPARTMENT_BY_NAME,
    DEPARTMENT_USERS,
    DEPARTMENTS,
    SAVE_DEPARTMENTS,
    DELETE_DEPARTMENTS,
];

#[derive(FromRow)]
pub(crate) struct DepartmentColumns {
    id: Uuid,
    account_id: Uuid,
    version: i64,
    name: String,
}

impl TryFrom<DepartmentColumns> for Department {
    type Error = StoreError;

    fn try_from(row: DepartmentColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: DepartmentId(row.id),
            account_id: AccountId(row.account_id),
            version: row.version,
            name: parse("a department's name", &row.name)?,
        })
    }
}

impl Stored for Department {
    const SAVE: &'static str = SAVE_DEPARTMENTS;
    const DELETE: &'static str = DELETE_DEPARTMENTS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Department(department) = record { Some(department) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![self.id, self.account_id, version, self.name.as_str(), fold(self.name.as_str())])
    }
}

impl Store {
    /// By name.
    pub async fn departments(&self, scope: &Scope) -> Result<Vec<DepartmentRow>, StoreError> {
        let rows: Vec<(Uuid, i64, String, i64)> =
            self.reader().await?.rows(DEPARTMENTS, values![scope.account_id]).await?;
        let row = |(id, version, name, users)| DepartmentRow { id: DepartmentId(id), version, name, users };
        Ok(rows.into_iter().map(row).collect())
    }
}
