//! Who holds which license.

use lineside_model::id::{AccountId, AssignmentId, ChangeId, LicenseTypeId, TrackId, UserId};
use lineside_model::license::Assignment;
use lineside_model::plan::Record;
use sqlx::FromRow;
use uuid::Uuid;

use crate::StoreError;
use crate::record::Stored;
use crate::value::{Value, instant, values};

pub(crate) const ASSIGNMENTS_OF_USERS: &str = "
    SELECT id, account_id, version, user_id, track_id, license_type_id, starts_at, change_id
    FROM assignment WHERE account_id = $1 AND user_id IN (...)";
const SAVE_ASSIGNMENTS: &str = "
    INSERT INTO assignment (id, account_id, version, user_id, track_id, license_type_id, starts_at, change_id)
    VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, license_type_id = excluded.license_type_id,
        starts_at = excluded.starts_at, change_id = excluded.change_id
    WHERE assignment.account_id = excluded.account_id AND assignment.version = excluded.version - 1";
const DELETE_ASSIGNMENTS: &str = "DELETE FROM assignment WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ASSIGNMENTS_OF_USERS, SAVE_ASSIGNMENTS, DELETE_ASSIGNMENTS];

#[derive(FromRow)]
pub(crate) struct AssignmentColumns {
    id: Uuid,
    account_id: Uuid,
    version: i64,
    user_id: Uuid,
    track_id: Uuid,
    license_type_id: Uuid,
    starts_at: i64,
    change_id: Option<Uuid>,
}

impl TryFrom<AssignmentColumns> for Assignment {
    type Error = StoreError;

    fn try_from(row: AssignmentColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: AssignmentId(row.id),
            account_id: AccountId(row.account_id),
            version: row.version,
            user_id: UserId(row.user_id),
            track_id: TrackId(row.track_id),
            license_type_id: LicenseTypeId(row.license_type_id),
            starts_at: instant(row.starts_at),
            change_id: row.change_id.map(ChangeId),
        })
    }
}

impl Stored for Assignment {
    const SAVE: &'static str = SAVE_ASSIGNMENTS;
    const DELETE: &'static str = DELETE_ASSIGNMENTS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Assignment(assignment) = record { Some(assignment) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![
            self.id,
            self.account_id,
            version,
            self.user_id,
            self.track_id,
            self.license_type_id,
            self.starts_at,
            self.change_id,
        ])
    }
}
