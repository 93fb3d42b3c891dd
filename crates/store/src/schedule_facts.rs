//! Which of the account's entries a change of Lineside's own looks at, and who is told of them.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, Utc};
use lineside_model::facts::{ENTRIES_MAX, Facts, ScheduleNeeds};
use lineside_model::id::{AccountId, LicenseTypeId, ScheduleEntryId, UserId};
use lineside_model::seat_timeline::SeatTimeline;
use lineside_model::user::User;
use uuid::Uuid;

use crate::StoreError;
use crate::connection::Connection;
use crate::user::{UserColumns, user_columns};
use crate::value::{date, instant, try_all, values};

const FIRST_SCHEDULED: &str = "
    SELECT e.date, e.due_at FROM schedule_entry e WHERE e.account_id = $1 AND e.state = 'scheduled'
    ORDER BY e.date LIMIT 1";
const OF_DATE: &str = "
    SELECT e.id, e.user_id FROM schedule_entry e WHERE e.account_id = $1 AND e.state = 'scheduled' AND e.date = $2
    ORDER BY e.sort_key, e.id LIMIT $3";
const WOULD_FAIL_BY: &str = "
    SELECT e.user_id FROM schedule_entry e
    WHERE e.account_id = $1 AND e.conflicts <> '[]' AND e.state = 'scheduled' AND e.date <= $2
    ORDER BY e.date, e.sort_key, e.id LIMIT $3";
const WAITING: &str = "
    SELECT e.user_id FROM schedule_entry e
    WHERE e.account_id = $1 AND e.license_type_id = $2 AND e.date >= $3
        AND e.state = 'scheduled' AND NOT e.reserved AND e.license_type_id IS NOT NULL AND e.conflicts <> '[]'
    ORDER BY e.date, e.id LIMIT $4";
const LAST_RESERVED: &str = "
    SELECT e.user_id FROM schedule_entry e
    WHERE e.account_id = $1 AND e.license_type_id = $2 AND e.date <= $3 AND e.state = 'scheduled' AND e.reserved
    ORDER BY e.date DESC, e.id DESC LIMIT $4";
const ADMINISTRATORS: &str = concat!(
    "SELECT ",
    user_columns!(),
    " FROM account_user u
    WHERE u.account_id = $1 AND u.role <> 'user' AND u.role IN ('account_owner', 'administrator', 'authorized_user')
        AND u.state = 'active'
    ORDER BY u.id LIMIT 1000"
);

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[FIRST_SCHEDULED, OF_DATE, WOULD_FAIL_BY, WAITING, LAST_RESERVED, ADMINISTRATORS];

/// How many entries that wait for a seat are looked at, of each type.
const WAITING_MAX: i64 = 500;
/// Beyond those that are too many: some of the last may have nothing to give.
const A_FEW: i64 = 8;
/// Warnings go out seven days ahead.
const WARNED_AHEAD: Days = Days::new(7);
const ADMINISTRATORS_MAX: usize = 50;

/// The users whose entries are looked at, beside those that the change names; and the entries that are due.
#[derive(Default)]
pub(crate) struct LookedAt {
    pub users: BTreeSet<UserId>,
    pub due: BTreeSet<ScheduleEntryId>,
}

/// `facts`: with the account, its seats and their days.
pub(crate) async fn looked_at(
    link: &mut Connection,
    facts: &Facts,
    needs: ScheduleNeeds,
    now: DateTime<Utc>,
) -> Result<LookedAt, StoreError> {
    let account = facts.account.id;
    match needs {
        ScheduleNeeds::None => Ok(LookedAt::default()),
        ScheduleNeeds::Due => due(link, account, now).await,
        ScheduleNeeds::Warnings => {
            let until = facts.account.settings.time_zone.date(now) + WARNED_AHEAD;
            let most = i64::try_from(ENTRIES_MAX).unwrap_or(i64::MAX);
            let users = link.rows(WOULD_FAIL_BY, values![account, until, most]).await?;
            Ok(LookedAt { users: ids(users), ..LookedAt::default() })
        }
        ScheduleNeeds::Settle => settle(link, facts).await,
    }
}

async fn due(link: &mut Connection, account: AccountId, now: DateTime<Utc>) -> Result<LookedAt, StoreError> {
    // The first date is due first: within an account, later dates begin later.
    let first: Option<(i64, i64)> = link.row(FIRST_SCHEDULED, values![account]).await?;
    let Some((days, _)) = first.filter(|(_, due_at)| instant(*due_at) <= now) else { return Ok(LookedAt::default()) };
    let most = i64::try_from(ENTRIES_MAX).unwrap_or(i64::MAX);
    let rows: Vec<(Uuid, Uuid)> = link.rows(OF_DATE, values![account, date(days), most]).await?;
    let (due, users) = rows.into_iter().map(|(id, user)| (ScheduleEntryId(id), UserId(user))).unzip();
    Ok(LookedAt { users, due })
}

/// Two statements a type at most: the catalogue is small.
async fn settle(link: &mut Connection, facts: &Facts) -> Result<LookedAt, StoreError> {
    let mut users = BTreeSet::new();
    let account = facts.account.id;
    for license in facts.seats.keys().copied() {
        let timeline = facts.seat_timeline(license);
        users.extend(waiting(link, account, license, NaiveDate::MIN).await?);
        // Those that come first may find none, and a later one may.
        if let Some(from) = room_from(&timeline) {
            users.extend(waiting(link, account, license, from).await?);
        }
        if let Some(day) = timeline.first_above(timeline.bought) {
            let most = timeline.peak() - timeline.bought + A_FEW;
            let last = link.rows(LAST_RESERVED, values![account, license, day, most]).await?;
            users.extend(ids(last));
        }
    }
    Ok(LookedAt { users, ..LookedAt::default() })
}

async fn waiting(
    link: &mut Connection,
    account: AccountId,
    license: LicenseTypeId,
    from: NaiveDate,
) -> Result<BTreeSet<UserId>, StoreError> {
    Ok(ids(link.rows(WAITING, values![account, license, from, WAITING_MAX]).await?))
}

fn ids(rows: Vec<(Uuid,)>) -> BTreeSet<UserId> {
    rows.into_iter().map(|(id,)| UserId(id)).collect()
}

/// The first date from which on a seat is free for good; `None` when the last day has none.
pub(crate) fn room_from(timeline: &SeatTimeline) -> Option<NaiveDate> {
    let today = (timeline.used < timeline.bought).then_some(NaiveDate::MIN);
    timeline.levels().fold(today, |from, (date, used)| from.or(Some(date)).filter(|_| used < timeline.bought))
}

/// Who is told when a scheduled change would fail, or did.
pub(crate) async fn administrators(link: &mut Connection, account: AccountId) -> Result<Vec<User>, StoreError> {
    let mut users: Vec<User> = try_all(link.rows::<UserColumns>(ADMINISTRATORS, values![account]).await?)?;
    users.retain(|user| user.profile.email.is_some());
    users.truncate(ADMINISTRATORS_MAX);
    Ok(users)
}
