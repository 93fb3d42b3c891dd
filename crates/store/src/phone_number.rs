//! The inventory of phone numbers.

use chrono::{DateTime, Utc};
use lineside_model::id::{AccountId, LocationId, NumberId, UserId};
use lineside_model::journal::Scope;
use lineside_model::list::{FreeNumber, NumberFilter, NumberRow, Page, UserName};
use lineside_model::phone_number::{E164, NumberKind, NumberState, PhoneNumber};
use lineside_model::plan::Record;
use lineside_model::text::search_text;
use sqlx::FromRow;
use uuid::Uuid;

use crate::condition::{Condition, Total};
use crate::record::Stored;
use crate::search;
use crate::value::{Value, date, instant, kept_number, known, try_all, values};
use crate::{Store, StoreError};

macro_rules! number_columns {
    () => {
        "n.id, n.account_id, n.version, n.number, n.kind, n.state, n.location_id, n.user_id, n.ports_on, n.promised_to,
        n.forwarded_to, n.forwarded_until, n.kept_until, n.created_at"
    };
}

pub(crate) const NUMBERS_BY_ID: &str =
    concat!("SELECT ", number_columns!(), " FROM phone_number n WHERE n.account_id = $1 AND n.id IN (...)");
pub(crate) const NUMBERS_BY_E164: &str =
    concat!("SELECT ", number_columns!(), " FROM phone_number n WHERE n.account_id = $1 AND n.number IN (...)");
pub(crate) const NUMBERS_OF_USERS: &str =
    concat!("SELECT ", number_columns!(), " FROM phone_number n WHERE n.account_id = $1 AND n.user_id IN (...)");
pub(crate) const NUMBERS_PROMISED: &str =
    concat!("SELECT ", number_columns!(), " FROM phone_number n WHERE n.account_id = $1 AND n.promised_to IN (...)");
/// Numbers of leavers that these users answer.
pub(crate) const NUMBERS_FORWARDED: &str =
    concat!("SELECT ", number_columns!(), " FROM phone_number n WHERE n.account_id = $1 AND n.forwarded_to IN (...)");
/// Forwarded or kept back until now.
pub(crate) const NUMBERS_DUE: &str = concat!(
    "SELECT ",
    number_columns!(),
    " FROM phone_number n WHERE n.account_id = $1 AND n.due_at IS NOT NULL AND n.due_at <= $2 ORDER BY n.due_at LIMIT 1000"
);
const ACCOUNTS_WITH_NUMBERS_DUE: &str = "
    SELECT DISTINCT account_id FROM (
        SELECT account_id FROM phone_number WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT 100000
    ) due ORDER BY account_id LIMIT $2";
/// Over all accounts: for the line directory.
pub(crate) const NUMBERS_BY_USER: &str =
    "SELECT user_id, number FROM phone_number WHERE user_id IN (...) ORDER BY user_id, kind";
/// The same, of those that a user answers for who left.
pub(crate) const NUMBERS_ANSWERED: &str = "
    SELECT forwarded_to, number FROM phone_number WHERE forwarded_to IN (...) ORDER BY forwarded_to, kind";
/// Over the whole system.
pub(crate) const NUMBERS_TAKEN: &str = "SELECT number FROM phone_number WHERE number IN (...)";
const LISTED: &str = concat!(
    "SELECT ",
    number_columns!(),
    ", u.first_name, u.last_name, u.extension, l.name AS location_name
    FROM phone_number n
    LEFT JOIN account_user u ON u.account_id = n.account_id AND u.id = COALESCE(n.user_id, n.promised_to, n.forwarded_to)
    LEFT JOIN location l ON l.account_id = n.account_id AND l.id = n.location_id
    WHERE n.account_id = $1"
);
const LISTED_ONE: &str = concat!(
    "SELECT ",
    number_columns!(),
    ", u.first_name, u.last_name, u.extension, l.name AS location_name
    FROM phone_number n
    LEFT JOIN account_user u ON u.account_id = n.account_id AND u.id = COALESCE(n.user_id, n.promised_to, n.forwarded_to)
    LEFT JOIN location l ON l.account_id = n.account_id AND l.id = n.location_id
    WHERE n.account_id = $1 AND n.id = $2"
);
const COUNT: &str = "SELECT n.id FROM phone_number n WHERE n.account_id = $1";
const BY_NUMBER: &str = " ORDER BY n.digits";
const BEGINS: &str = "((n.digits >= ?1 AND n.digits < ?2) OR (n.national >= ?1 AND n.national < ?2)
    OR (n.last_seven >= ?1 AND n.last_seven < ?2) OR (n.last_four >= ?1 AND n.last_four < ?2))";
const IN_STATE: &str = "n.state = ?";
const OF_KIND: &str = "n.kind = ?";
const AT: &str = "n.location_id = ?";
const NOT_AT: &str = "(n.location_id IS NULL OR n.location_id <> ?)";
const FREE: &str = "SELECT n.id, n.number, n.kind FROM phone_number n WHERE n.account_id = $1 AND n.state = 'free'";
const IN_AREA: &str = "n.area_code = ?";
const NOT_IN_AREA: &str = "(n.area_code IS NULL OR n.area_code <> ?)";
const HOLDS: &str = "n.digits LIKE ?";
const AREA_CODE: &str = "SELECT area_code FROM location WHERE account_id = $1 AND id = $2";
const SAVE_NUMBERS: &str = "
    INSERT INTO phone_number (id, account_id, version, number, kind, state, location_id, user_id, ports_on,
        promised_to, forwarded_to, forwarded_until, kept_until, due_at, created_at, area_code, digits, national,
        last_seven, last_four)
    VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, kind = excluded.kind, state = excluded.state,
        location_id = excluded.location_id, user_id = excluded.user_id, ports_on = excluded.ports_on,
        promised_to = excluded.promised_to, forwarded_to = excluded.forwarded_to,
        forwarded_until = excluded.forwarded_until, kept_until = excluded.kept_until, due_at = excluded.due_at
    WHERE phone_number.account_id = excluded.account_id AND phone_number.version = excluded.version - 1";
const DELETE_NUMBERS: &str = "DELETE FROM phone_number WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    NUMBERS_BY_ID,
    NUMBERS_BY_E164,
    NUMBERS_OF_USERS,
    NUMBERS_PROMISED,
    NUMBERS_FORWARDED,
    NUMBERS_DUE,
    ACCOUNTS_WITH_NUMBERS_DUE,
    NUMBERS_ANSWERED,
    NUMBERS_BY_USER,
    NUMBERS_TAKEN,
    LISTED_ONE,
    AREA_CODE,
    SAVE_NUMBERS,
    DELETE_NUMBERS,
];

#[cfg(test)]
pub(crate) const COMPOSED: crate::condition::Composed = crate::condition::Composed {
    selects: &[LISTED, COUNT, FREE],
    clauses: &[BEGINS, IN_STATE, OF_KIND, AT, NOT_AT, IN_AREA, NOT_IN_AREA, HOLDS],
    orders: &[BY_NUMBER],
};

#[derive(FromRow)]
pub(crate) struct NumberColumns {
    id: Uuid,
    account_id: Uuid,
    version: i64,
    number: String,
    kind: String,
    state: String,
    location_id: Option<Uuid>,
    user_id: Option<Uuid>,
    ports_on: Option<i64>,
    promised_to: Option<Uuid>,
    forwarded_to: Option<Uuid>,
    forwarded_until: Option<i64>,
    kept_until: Option<i64>,
    created_at: i64,
}

impl TryFrom<NumberColumns> for PhoneNumber {
    type Error = StoreError;

    fn try_from(row: NumberColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: NumberId(row.id),
            account_id: AccountId(row.account_id),
            version: row.version,
            number: kept_number(&row.number)?,
            kind: known("a number's kind", &row.kind, NumberKind::parse)?,
            state: known("a number's state", &row.state, NumberState::parse)?,
            location_id: row.location_id.map(LocationId),
            user_id: row.user_id.map(UserId),
            ports_on: row.ports_on.map(date),
            promised_to: row.promised_to.map(UserId),
            forwarded_to: row.forwarded_to.map(UserId),
            forwarded_until: row.forwarded_until.map(instant),
            kept_until: row.kept_until.map(instant),
            created_at: instant(row.created_at),
        })
    }
}

#[derive(FromRow)]
struct ListedNumber {
    #[sqlx(flatten)]
    number: NumberColumns,
    first_name: Option<String>,
    last_name: Option<String>,
    extension: Option<String>,
    location_name: Option<String>,
}

impl TryFrom<ListedNumber> for NumberRow {
    type Error = StoreError;

    fn try_from(row: ListedNumber) -> Result<Self, StoreError> {
        let number: PhoneNumber = row.number.try_into()?;
        let name = row.first_name.zip(row.last_name).map(|(first, last)| format!("{first} {last}"));
        let extension = row.extension;
        let user = number.user_id.or(number.promised_to).or(number.forwarded_to).zip(name).map(|(id, name)| UserName {
            id,
            name,
            extension,
        });
        Ok(Self { number, user, location: row.location_name })
    }
}

#[derive(FromRow)]
struct FreeColumns {
    id: Uuid,
    number: String,
    kind: String,
}

impl FreeColumns {
    fn offered(self, local: bool) -> Result<FreeNumber, StoreError> {
        Ok(FreeNumber {
            id: NumberId(self.id),
            number: kept_number(&self.number)?,
            kind: known("a number's kind", &self.kind, NumberKind::parse)?,
            local,
        })
    }
}

impl Stored for PhoneNumber {
    const SAVE: &'static str = SAVE_NUMBERS;
    const DELETE: &'static str = DELETE_NUMBERS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::PhoneNumber(number) = record { Some(number) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        let ends = Ends::of(&self.number);
        Ok(values![
            self.id,
            self.account_id,
            version,
            self.number.as_str(),
            self.kind.as_str(),
            self.state.as_str(),
            self.location_id,
            self.user_id,
            self.ports_on,
            self.promised_to,
            self.forwarded_to,
            self.forwarded_until,
            self.kept_until,
            self.due_at(),
            self.created_at,
            self.number.area_code(),
            self.number.digits(),
            ends.national,
            ends.last_seven,
            ends.last_four,
        ])
    }

    /// A user's old number of the kind goes before the new one comes.
    fn rank(&self) -> u8 {
        u8::from(self.user_id.is_some())
    }
}

/// The parts that a search may begin with.
struct Ends<'a> {
    national: &'a str,
    last_seven: &'a str,
    last_four: &'a str,
}

impl<'a> Ends<'a> {
    fn of(number: &'a E164) -> Self {
        let digits = number.digits();
        let last = |length: usize| &digits[digits.len().saturating_sub(length)..];
        Self { national: last(10), last_seven: last(7), last_four: last(4) }
    }
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn condition(scope: &Scope, filter: &NumberFilter) -> Condition {
    let mut condition = Condition::new(values![scope.account_id]);
    let search = search_text(&filter.search);
    if !search.is_empty() {
        // Letters are in no number: nothing begins with them.
        let digits = digits_of(&search);
        let from = if digits.is_empty() { search.to_lowercase() } else { digits };
        condition.and_each(BEGINS, [from.as_str().into(), search::past(&from).into()]);
    }
    condition.and_if(IN_STATE, filter.state.map(NumberState::as_str));
    condition.and_if(OF_KIND, filter.kind.map(NumberKind::as_str));
    condition.and_if(AT, filter.location_id);
    condition
}

impl Store {
    /// By number.
    pub async fn numbers(&self, scope: &Scope, filter: &NumberFilter) -> Result<Page<NumberRow>, StoreError> {
        let condition = condition(scope, filter);
        let mut link = self.listing().await?;
        let total = Total::capped(&mut link, COUNT, &condition).await?;
        let sql = condition.page(LISTED, BY_NUMBER, filter.page);
        let rows: Vec<ListedNumber> = link.rows(sql, condition.values.clone()).await?;
        Ok(total.page(try_all(rows)?, filter.page))
    }

    /// Accounts with numbers whose time as forwarded or kept back is over.
    pub async fn accounts_with_numbers_due(
        &self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<AccountId>, StoreError> {
        let rows: Vec<(Uuid,)> = self.reader().await?.rows(ACCOUNTS_WITH_NUMBERS_DUE, values![now, limit]).await?;
        Ok(rows.into_iter().map(|(id,)| AccountId(id)).collect())
    }

    pub async fn number(&self, scope: &Scope, id: NumberId) -> Result<Option<NumberRow>, StoreError> {
        let row = self.reader().await?.row::<ListedNumber>(LISTED_ONE, values![scope.account_id, id]).await?;
        row.map(NumberRow::try_from).transpose()
    }

    /// Free numbers, those in the location's area code first, then those at the location, then by number; whose digits hold
    /// `search`. At most `limit`.
    pub async fn free_numbers(
        &self,
        scope: &Scope,
        location: Option<LocationId>,
        search: &str,
        limit: i64,
    ) -> Result<Vec<FreeNumber>, StoreError> {
        let mut link = self.listing().await?;
        let area: Option<String> = match location {
            Some(location) => {
                let row: Option<(Option<String>,)> = link.row(AREA_CODE, values![scope.account_id, location]).await?;
                row.and_then(|(area,)| area)
            }
            None => None,
        };
        let mut all = Condition::new(values![scope.account_id]);
        let search = search_text(search);
        let digits = digits_of(&search);
        if !search.is_empty() {
            all.and(HOLDS, if digits.is_empty() { search.clone() } else { search::part(&digits) });
        }
        // Three short walks along indexes instead of sorting the inventory.
        let mut offers = Vec::new();
        if let Some(area) = &area {
            let mut local = all.clone();
            local.and(IN_AREA, area.as_str());
            offers.push((local, true));
            all.and(NOT_IN_AREA, area.as_str());
        }
        if let Some(location) = location {
            let mut here = all.clone();
            here.and(AT, location);
            offers.push((here, false));
            all.and(NOT_AT, location);
        }
        offers.push((all, false));
        let mut free = Vec::new();
        for (condition, local) in offers {
            let left = limit - i64::try_from(free.len()).unwrap_or(limit);
            if left <= 0 {
                break;
            }
            let rows: Vec<FreeColumns> =
                link.rows(condition.slice(FREE, BY_NUMBER, left, 0), condition.values.clone()).await?;
            for row in rows {
                free.push(row.offered(local)?);
            }
        }
        Ok(free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_by_its_ends() {
        let number = E164::parse("+14805550143").unwrap();
        let ends = Ends::of(&number);
        assert_eq!((ends.national, ends.last_seven, ends.last_four), ("4805550143", "5550143", "0143"));
    }
}
