//! Phones that are asked to fetch their configuration: ordered with a change, claimed, settled. The orders of places and
//! the worker's statements go over many devices; the worker's over all accounts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lineside_model::device::DeviceModel;
use lineside_model::id::{AccountId, ChangeId, DeviceId, LineId, UserId};
use lineside_model::resync::{Asked, Resync, ResyncOrder, ResyncState};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::engine::Tries;
use crate::value::{Value, instant, known, try_all, values};
use crate::{Store, StoreError, lamp_key};

macro_rules! resync_columns {
    () => {
        "r.device_id, r.change_id, r.state, r.ordered_at, r.attempts, r.next_at, r.said, r.done_at"
    };
}

macro_rules! replaces {
    () => {
        " ON CONFLICT (device_id) DO UPDATE SET change_id = excluded.change_id, state = excluded.state,
        ordered_at = excluded.ordered_at, attempts = excluded.attempts, next_at = excluded.next_at, said = excluded.said,
        done_at = excluded.done_at"
    };
}

macro_rules! phones_of {
    ($place:literal) => {
        concat!(
            "INSERT INTO resync (device_id, account_id, change_id, state, ordered_at, attempts, next_at)
            SELECT d.id, d.account_id, $2, 'queued', $3, 0, $3
            FROM account_user u JOIN device d ON d.user_id = u.id JOIN line l ON l.device_id = d.id
            WHERE u.account_id = $1 AND ",
            $place,
            " AND NOT d.locked AND d.model IN (...)",
            replaces!()
        )
    };
}

const ORDER: &str = concat!(
    "INSERT INTO resync (device_id, account_id, change_id, state, ordered_at, attempts, next_at) VALUES (...)",
    replaces!()
);
const ORDER_AT_LOCATION: &str = phones_of!("u.location_id = $4");
const ORDER_WITHOUT_LOCATION: &str = phones_of!("u.location_id IS NULL");
const ORDER_WITH_KEY: &str = concat!(
    "INSERT INTO resync (device_id, account_id, change_id, state, ordered_at, attempts, next_at)
    SELECT d.id, d.account_id, $2, 'queued', $3, 0, $3
    FROM device d JOIN line l ON l.device_id = d.id
    WHERE d.account_id = $1 AND NOT d.locked AND d.id IN (
        SELECT k.device_id FROM lamp_key k WHERE k.account_id = $1 AND k.colleague IN (...)
    )",
    replaces!()
);
pub(crate) const RESYNCS_OF_DEVICES: &str =
    concat!("SELECT ", resync_columns!(), " FROM resync r WHERE r.account_id = $1 AND r.device_id IN (...)");
/// A phone that comes back is asked at once.
pub(crate) const WAKE: &str = "UPDATE resync SET next_at = $1 WHERE state = 'waiting' AND device_id IN (...)";
/// A phone that fetched by itself needs not be asked any more.
pub(crate) const FETCHED_BY_ITSELF: &str = "
    UPDATE resync SET state = 'fetched', done_at = $2
    WHERE device_id = $1 AND state IN ('queued', 'waiting', 'delayed')";
const CLAIM: &str = "
    UPDATE resync SET next_at = $2, attempts = attempts + 1
    WHERE device_id IN (
        SELECT device_id FROM resync WHERE state IN ('queued', 'waiting', 'delayed') AND next_at <= $1
        ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ) RETURNING device_id";
const JOBS: &str = concat!(
    "SELECT ",
    resync_columns!(),
    ", d.account_id, d.model, d.user_id, l.id AS line_id
    FROM resync r JOIN device d ON d.id = r.device_id LEFT JOIN line l ON l.device_id = d.id
    WHERE r.device_id IN (...)"
);
/// Not when a newer order took its place meanwhile.
const SETTLE: &str = "
    UPDATE resync SET state = $3, said = $4, next_at = COALESCE($5, next_at), done_at = $6
    WHERE device_id = $1 AND change_id = $2";
const NEXT_AT: &str = "SELECT min(next_at) FROM resync WHERE state IN ('queued', 'waiting', 'delayed')";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    ORDER,
    ORDER_AT_LOCATION,
    ORDER_WITHOUT_LOCATION,
    ORDER_WITH_KEY,
    RESYNCS_OF_DEVICES,
    WAKE,
    FETCHED_BY_ITSELF,
    CLAIM,
    JOBS,
    SETTLE,
    NEXT_AT,
];

/// A claimed order with whom to ask.
#[derive(Debug, Clone)]
pub struct ResyncJob {
    pub resync: Resync,
    pub account_id: AccountId,
    pub user_id: Option<UserId>,
    pub model: String,
    /// `None`: nobody has the device any more.
    pub line_id: Option<LineId>,
}

#[derive(FromRow)]
pub(crate) struct ResyncColumns {
    device_id: Uuid,
    change_id: Uuid,
    state: String,
    ordered_at: i64,
    attempts: i64,
    next_at: i64,
    said: Option<String>,
    done_at: Option<i64>,
}

impl TryFrom<ResyncColumns> for Resync {
    type Error = StoreError;

    fn try_from(row: ResyncColumns) -> Result<Self, StoreError> {
        Ok(Self {
            device_id: DeviceId(row.device_id),
            change_id: ChangeId(row.change_id),
            state: known("a re-sync's state", &row.state, ResyncState::parse)?,
            ordered_at: instant(row.ordered_at),
            attempts: i32::try_from(row.attempts).unwrap_or(i32::MAX),
            next_at: instant(row.next_at),
            said: row.said,
            done_at: row.done_at.map(instant),
        })
    }
}

#[derive(FromRow)]
struct JobColumns {
    #[sqlx(flatten)]
    resync: ResyncColumns,
    account_id: Uuid,
    model: String,
    user_id: Option<Uuid>,
    line_id: Option<Uuid>,
}

impl TryFrom<JobColumns> for ResyncJob {
    type Error = StoreError;

    fn try_from(row: JobColumns) -> Result<Self, StoreError> {
        Ok(Self {
            resync: row.resync.try_into()?,
            account_id: AccountId(row.account_id),
            user_id: row.user_id.map(UserId),
            model: row.model,
            line_id: row.line_id.map(LineId),
        })
    }
}

/// Writes a plan's orders, with the rest of it. Many phones of a place are the database's own work: none is read here.
pub(crate) async fn order(
    link: &mut Connection,
    account: AccountId,
    change: ChangeId,
    orders: &[ResyncOrder],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let models = || DeviceModel::ALL.into_iter().filter(|model| model.resync_event().is_some()).map(|model| model.slug);
    let mut rows = Vec::new();
    for order in orders {
        match order {
            ResyncOrder::Device { device_id, .. } => {
                rows.push(values![*device_id, account, change, ResyncState::Queued.as_str(), now, 0_i64, now]);
            }
            ResyncOrder::Location { location_id, .. } => {
                link.execute_in(ORDER_AT_LOCATION, values![account, change, now, *location_id], models()).await?;
            }
            ResyncOrder::LampKeys { user_ids, .. } => {
                let colleagues = user_ids.iter().copied().map(lamp_key::colleague);
                link.execute_in(ORDER_WITH_KEY, values![account, change, now], colleagues).await?;
            }
            ResyncOrder::Account => {
                link.execute_in(ORDER_WITHOUT_LOCATION, values![account, change, now], models()).await?;
            }
        }
    }
    link.write_rows(ORDER, rows).await?;
    Ok(())
}

pub(crate) async fn of_devices(
    link: &mut Connection,
    account: AccountId,
    devices: Vec<DeviceId>,
) -> Result<BTreeMap<DeviceId, Resync>, StoreError> {
    let rows: Vec<ResyncColumns> = link.rows_in(RESYNCS_OF_DEVICES, values![account], devices).await?;
    let resyncs: Vec<Resync> = try_all(rows)?;
    Ok(resyncs.into_iter().map(|resync| (resync.device_id, resync)).collect())
}

impl Store {
    /// Claims what is due and puts its next try to `lease_until`, so that a claimer that dies loses nothing.
    pub async fn claim_resyncs(
        &self,
        now: DateTime<Utc>,
        lease_until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<ResyncJob>, StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin_loose().await?;
            let claimed = async {
                let ids: Vec<(Uuid,)> = link.rows(CLAIM, values![now, lease_until, limit]).await?;
                try_all(link.rows_in::<JobColumns>(JOBS, values![], ids.iter().map(|(id,)| *id)).await?)
            };
            let claimed = claimed.await;
            if let Some(jobs) = tries.settle(link, claimed).await? {
                return Ok(jobs);
            }
        }
    }

    pub async fn settle_resync(&self, resync: &Resync, asked: &Asked, now: DateTime<Utc>) -> Result<(), StoreError> {
        let done_at = (!asked.state.is_open()).then_some(now);
        let values: Vec<Value> = values![
            resync.device_id,
            resync.change_id,
            asked.state.as_str(),
            asked.said.as_deref(),
            asked.next_at,
            done_at,
        ];
        self.writer().await?.execute(SETTLE, values).await?;
        Ok(())
    }

    /// When the next phone is to be asked.
    pub async fn next_resync_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row: Option<(Option<i64>,)> = self.reader().await?.row(NEXT_AT, values![]).await?;
        Ok(row.and_then(|(at,)| at).map(instant))
    }
}
