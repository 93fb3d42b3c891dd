//! What Home and the rail show.

use lineside_model::account::Account;
use lineside_model::journal::Scope;
use lineside_model::list::{Home, RailCounts};
use lineside_model::readiness::LampKind;
use sqlx::FromRow;

use crate::account::AccountColumns;
use crate::connection::Connection;
use crate::mail::MAIL_COUNTS;
use crate::tally::{TALLY, Tally};
use crate::value::values;
use crate::{Store, StoreError, account, seats};

const LOCATION_COUNT: &str = "SELECT count(*) FROM location WHERE account_id = $1";
const RAIL: &str = "
    SELECT a.id, a.version, a.number, a.settings, a.created_at, t.users, t.schedule_conflicts, t.schedule_failed,
        (SELECT count(*) FROM emergency_call e WHERE e.account_id = a.id AND e.seen_at IS NULL) AS emergencies
    FROM account a JOIN tally t ON t.account_id = a.id WHERE a.id = $1";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[LOCATION_COUNT, RAIL];

#[derive(FromRow)]
struct RailColumns {
    #[sqlx(flatten)]
    account: AccountColumns,
    users: i64,
    schedule_conflicts: i64,
    schedule_failed: i64,
    emergencies: i64,
}

pub(crate) async fn tally(link: &mut Connection, scope: &Scope) -> Result<Tally, StoreError> {
    Ok(link.row::<Tally>(TALLY, values![scope.account_id]).await?.unwrap_or_default())
}

impl Store {
    pub async fn home(&self, scope: &Scope) -> Result<Option<Home>, StoreError> {
        let mut link = self.snapshot().await?;
        let Some(account) = account::load(&mut link, scope.account_id).await? else { return Ok(None) };
        let tally = tally(&mut link, scope).await?;
        let locations = link.number(LOCATION_COUNT, values![scope.account_id]).await?;
        let seats = seats::load(&mut link, scope.account_id).await?;
        let mails: Vec<(String, i64)> = link.rows(MAIL_COUNTS, values![scope.account_id]).await?;
        let in_state = |states: &[&str]| {
            mails.iter().filter(|(state, _)| states.contains(&state.as_str())).map(|(_, count)| count).sum()
        };
        let users = tally.of_users;
        Ok(Some(Home {
            account,
            users: users.users,
            not_ready: users.users - users.ready,
            missing: LampKind::ALL.map(|lamp| users.lacking(lamp)),
            unfinished: users.unfinished,
            locations,
            numbers: tally.numbers,
            numbers_free: tally.numbers_free,
            devices: tally.devices,
            seats,
            mails_waiting: in_state(&["queued", "delayed"]),
            mails_failed: in_state(&["failed"]),
        }))
    }

    /// What stands around every page, with one statement.
    pub async fn rail(&self, scope: &Scope) -> Result<Option<(Account, RailCounts)>, StoreError> {
        let row = self.reader().await?.row::<RailColumns>(RAIL, values![scope.account_id]).await?;
        let Some(row) = row else { return Ok(None) };
        let failing = row.schedule_conflicts + row.schedule_failed;
        let counts = RailCounts { users: row.users, failing, emergencies: row.emergencies };
        Ok(Some((row.account.try_into()?, counts)))
    }
}
