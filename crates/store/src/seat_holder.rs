//! Who holds a seat and seems to need it least.

use lineside_model::id::{LicenseTypeId, UserId};
use lineside_model::journal::Scope;
use lineside_model::list::UserName;
use lineside_model::schedule_list::SeatHolder;
use sqlx::FromRow;
use uuid::Uuid;

use crate::value::{instant, values};
use crate::{Store, StoreError};

/// Stops at the twentieth: in a large account, so many never had a phone.
const NEVER_REGISTERED: &str = "
    SELECT u.id, u.first_name, u.last_name, u.extension, a.starts_at, CAST(NULL AS BIGINT) AS last_registered_at
    FROM assignment a CROSS JOIN account_user u
    WHERE a.account_id = $1 AND a.license_type_id = $2 AND u.id = a.user_id AND NOT u.was_registered
        AND u.registered_until IS NULL
        AND NOT EXISTS (SELECT 1 FROM device d WHERE d.user_id = a.user_id AND d.last_registered_at IS NOT NULL)
    ORDER BY a.starts_at, a.user_id LIMIT $3";
const LONGEST_AGO: &str = "
    SELECT u.id, u.first_name, u.last_name, u.extension, l.starts_at, l.last_registered_at
    FROM (
        SELECT a.user_id, a.starts_at, max(d.last_registered_at) AS last_registered_at
        FROM assignment a CROSS JOIN device d
        WHERE a.account_id = $1 AND a.license_type_id = $2 AND d.user_id = a.user_id
            AND d.last_registered_at IS NOT NULL
        GROUP BY a.user_id, a.starts_at ORDER BY 3, 1 LIMIT $3
    ) l JOIN account_user u ON u.id = l.user_id
    ORDER BY l.last_registered_at, u.id";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[NEVER_REGISTERED, LONGEST_AGO];

const SHOWN: usize = 20;

#[derive(FromRow)]
struct HolderColumns {
    id: Uuid,
    first_name: String,
    last_name: String,
    extension: Option<String>,
    starts_at: i64,
    last_registered_at: Option<i64>,
}

impl From<HolderColumns> for SeatHolder {
    fn from(row: HolderColumns) -> Self {
        let name = format!("{} {}", row.first_name, row.last_name);
        Self {
            user: UserName { id: UserId(row.id), name, extension: row.extension },
            holds_since: instant(row.starts_at),
            last_registered_at: row.last_registered_at.map(instant),
        }
    }
}

impl Store {
    /// At most 20: those who never registered a phone first, then by how long ago they did.
    pub async fn seat_holders(&self, scope: &Scope, license: LicenseTypeId) -> Result<Vec<SeatHolder>, StoreError> {
        let mut link = self.snapshot().await?;
        let mut holders: Vec<SeatHolder> = Vec::new();
        for sql in [NEVER_REGISTERED, LONGEST_AGO] {
            let left = SHOWN - holders.len();
            if left > 0 {
                let most = i64::try_from(left).unwrap_or_default();
                let rows: Vec<HolderColumns> = link.rows(sql, values![scope.account_id, license, most]).await?;
                holders.extend(rows.into_iter().map(SeatHolder::from));
            }
        }
        Ok(holders)
    }
}
