//! How a plan's records become rows: what every table of an account has in common.

use std::collections::BTreeMap;

use lineside_model::journal::Scope;
use lineside_model::plan::{Plan, Record, Step};
use uuid::Uuid;

use crate::StoreError;
use crate::connection::Connection;
use crate::value::{Value, values};

/// A record with a table of its own.
pub(crate) trait Stored: Sized {
    /// Writes new rows, and changed ones whose version is the one that was read. `(...)` are rows of [`Stored::values`].
    const SAVE: &'static str;
    /// `$1` is the account, `(...)` the identifiers.
    const DELETE: &'static str;

    fn of(record: &Record) -> Option<&Self>;

    /// The columns, with this version.
    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError>;

    /// What has to be written first: rows that free a unique value before the rows that take it.
    fn rank(&self) -> u8 {
        0
    }
}

/// Rows that are put together before they are written: as columns they take several times what the records do.
const ROWS_AT_ONCE: usize = 8_000;

/// A record before the first and after the last of a plan's steps with it.
struct Moved<'a> {
    before: Option<&'a Record>,
    after: Option<&'a Record>,
}

fn moved<T: Stored>(plan: &Plan) -> BTreeMap<Uuid, Moved<'_>> {
    let mut moved: BTreeMap<Uuid, Moved<'_>> = BTreeMap::new();
    let of_this_kind =
        |step: &&Step| step.after.as_ref().or(step.before.as_ref()).is_some_and(|record| T::of(record).is_some());
    for step in plan.steps.iter().filter(of_this_kind) {
        let Some(record) = step.after.as_ref().or(step.before.as_ref()) else { continue };
        moved
            .entry(record.id())
            .and_modify(|earlier| earlier.after = step.after.as_ref())
            .or_insert(Moved { before: step.before.as_ref(), after: step.after.as_ref() });
    }
    moved
}

/// Writes the plan's new and changed rows of one table.
pub(crate) async fn save<T: Stored>(link: &mut Connection, plan: &Plan) -> Result<(), StoreError> {
    save_as::<T>(link, plan, T::values).await
}

/// As [`save`], where [`Stored::values`] alone are no whole row.
pub(crate) async fn save_as<T: Stored>(
    link: &mut Connection,
    plan: &Plan,
    values: impl Fn(&T, i64) -> Result<Vec<Value>, StoreError>,
) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for Moved { before, after } in moved::<T>(plan).into_values() {
        let Some(record) = after else { continue };
        let Some(row) = T::of(record) else { continue };
        rows.push((row, before.map_or_else(|| record.version(), |before| before.version() + 1)));
    }
    rows.sort_by_key(|(row, _)| row.rank());
    let mut written = 0;
    for some in rows.chunks(ROWS_AT_ONCE) {
        let columns: Vec<Vec<Value>> =
            some.iter().map(|(row, version)| values(row, *version)).collect::<Result<_, _>>()?;
        written += link.write_rows(T::SAVE, columns).await?;
    }
    all_or_again(written, rows.len())
}

/// Removes the plan's deleted rows of one table.
pub(crate) async fn delete<T: Stored>(link: &mut Connection, scope: &Scope, plan: &Plan) -> Result<(), StoreError> {
    let gone: Vec<Uuid> =
        moved::<T>(plan).into_iter().filter(|(_, moved)| moved.after.is_none()).map(|(id, _)| id).collect();
    let expected = gone.len();
    let deleted = link.execute_in(T::DELETE, values![scope.account_id], gone).await?;
    all_or_again(deleted, expected)
}

/// Fewer rows than the plan has steps: the facts moved under it, so the transaction is rolled back and planned anew.
fn all_or_again(rows: u64, expected: usize) -> Result<(), StoreError> {
    if usize::try_from(rows).is_ok_and(|rows| rows == expected) { Ok(()) } else { Err(StoreError::Busy) }
}
