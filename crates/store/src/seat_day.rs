//! What scheduled entries take and free of each license type on each date: a sum, so that a change of one user need not read
//! the schedule of all.

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::facts::{Facts, SeatDays};
use lineside_model::id::{AccountId, LicenseTypeId};
use lineside_model::journal::Scope;
use lineside_model::license::Seats;
use lineside_model::plan::Plan;
use lineside_model::seat_timeline::SeatTimeline;
use uuid::Uuid;

use crate::connection::Connection;
use crate::record::Stored;
use crate::value::{date, values};
use crate::{Store, StoreError, seats};

pub(crate) const SEAT_DAYS: &str =
    "SELECT license_type_id, date, delta FROM seat_day WHERE account_id = $1 ORDER BY license_type_id, date";
pub(crate) const ADD_TO_SEAT_DAYS: &str = "
    INSERT INTO seat_day (account_id, license_type_id, date, delta) VALUES (...)
    ON CONFLICT (account_id, license_type_id, date) DO UPDATE SET delta = seat_day.delta + excluded.delta";
const FORGET_SEAT_DAYS: &str = "DELETE FROM seat_day WHERE account_id = $1 AND delta = 0";
/// Written with every change to the type's days. Two transactions that each see the last free seat meet here.
const MEET: &str = "
    UPDATE seats SET rescheduled = rescheduled + 1, overbooked = $3 WHERE account_id = $1 AND license_type_id = $2";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[SEAT_DAYS, ADD_TO_SEAT_DAYS, FORGET_SEAT_DAYS, MEET];

pub(crate) async fn load(link: &mut Connection, account: AccountId) -> Result<SeatDays, StoreError> {
    let rows: Vec<(Uuid, i64, i64)> = link.rows(SEAT_DAYS, values![account]).await?;
    let mut seat_days = SeatDays::new();
    for (license, days, delta) in rows {
        seat_days.entry(LicenseTypeId(license)).or_default().insert(date(days), delta);
    }
    Ok(seat_days)
}

/// Adds what the plan changes, and notes of which types some day now has too few seats.
pub(crate) async fn add(link: &mut Connection, scope: &Scope, facts: &Facts, plan: &Plan) -> Result<(), StoreError> {
    let account = scope.account_id;
    let moves = plan.seat_days();
    let mut rows = Vec::new();
    for (license, days) in &moves {
        rows.extend(days.iter().map(|(date, delta)| values![account, *license, *date, *delta]));
    }
    if !rows.is_empty() {
        link.write_rows(ADD_TO_SEAT_DAYS, rows).await?;
        link.execute(FORGET_SEAT_DAYS, values![account]).await?;
    }
    for (license, timeline) in timelines_after(facts, plan, &moves) {
        let overbooked = timeline.first_above(timeline.bought).is_some();
        link.execute(MEET, values![account, license, overbooked]).await?;
    }
    Ok(())
}

/// Of the types whose days, seats or use the plan changes; those that nothing is or was scheduled of need no look.
fn timelines_after(facts: &Facts, plan: &Plan, moves: &SeatDays) -> BTreeMap<LicenseTypeId, SeatTimeline> {
    let bought: BTreeMap<LicenseTypeId, i64> = plan
        .steps
        .iter()
        .filter_map(|step| step.after.as_ref().and_then(Seats::of))
        .map(|seats| (seats.license_type_id, seats.bought))
        .collect();
    let now = || plan.seats.iter().filter(|effect| effect.date.is_none());
    let changed: BTreeSet<LicenseTypeId> = now()
        .map(|effect| effect.license_type_id)
        .chain(bought.keys().copied())
        .filter(|license| facts.seat_days.contains_key(license))
        .chain(moves.keys().copied())
        .collect();
    let after = |license: LicenseTypeId| {
        let mut timeline = facts.seat_timeline(license);
        timeline.bought = bought.get(&license).copied().unwrap_or(timeline.bought);
        timeline.used +=
            now().filter(|effect| effect.license_type_id == license).map(|effect| effect.delta).sum::<i64>();
        for (date, delta) in moves.get(&license).into_iter().flatten() {
            timeline.add(*date, *delta);
        }
        timeline
    };
    changed.into_iter().map(|license| (license, after(license))).collect()
}

impl Store {
    /// The seats of each type that the account holds, day by day.
    pub async fn seat_timelines(&self, scope: &Scope) -> Result<BTreeMap<LicenseTypeId, SeatTimeline>, StoreError> {
        let mut link = self.snapshot().await?;
        let mut days = load(&mut link, scope.account_id).await?;
        let mut timelines = BTreeMap::new();
        for seats in seats::load(&mut link, scope.account_id).await? {
            let days = days.remove(&seats.license_type_id).unwrap_or_default();
            timelines.insert(seats.license_type_id, SeatTimeline::new(Some(&seats), days));
        }
        Ok(timelines)
    }
}
