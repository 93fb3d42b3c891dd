//! A large account for measurements: people with numbers, phones, addresses and licenses in every state of readiness.
//! Rows are written directly, many at a time; what lists repeat of them is brought up to date as apply does it.

mod person;

use std::mem::take;

use chrono::{DateTime, Utc};
use lineside_model::department::Department;
use lineside_model::device::{Device, Line};
use lineside_model::e911::E911Address;
use lineside_model::id::{AccountId, DepartmentId, DeviceId, LocationId, UserId};
use lineside_model::journal::Scope;
use lineside_model::license::{Assignment, Catalogue, Seats};
use lineside_model::location::{Location, Site};
use lineside_model::phone_number::{AreaCode, PhoneNumber};
use lineside_model::text::Name;
use lineside_model::time_zone::TimeZone;
use lineside_model::user::User;
use uuid::Uuid;

use self::person::address;
use crate::connection::Connection;
use crate::engine::Engine;
use crate::record::Stored;
use crate::tally::{Places, Tally, UserCounts};
use crate::value::{Value, parse, values};
use crate::{Store, StoreError, login, readiness, search};

const BIND: &str = "
    INSERT INTO binding (line_id, contact, account_id, user_id, device_id, transport, source, user_agent, call_id, cseq,
        registered_at, expires_at)
    VALUES (...)";
const SEEN: &str = "UPDATE device SET last_registered_at = $2 WHERE account_id = $1 AND id IN (...)";
const USE_SEATS: &str = "
    UPDATE seats SET used = (
        SELECT count(*) FROM assignment a
        WHERE a.account_id = seats.account_id AND a.license_type_id = seats.license_type_id
    ) WHERE account_id = $1";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[BIND, SEEN, USE_SEATS];

const CHUNK: usize = 2_000;
const LOCATIONS: usize = 40;
const DEPARTMENTS: usize = 25;
impl Store {
    /// Fills a new account with this many users. On PostgreSQL, `VACUUM ANALYZE` follows, as it does by itself in time.
    pub async fn add_sample(&self, scope: &Scope, users: usize, now: DateTime<Utc>) -> Result<(), StoreError> {
        let catalogue = self.catalogue().await?;
        let sample = Sample { account: scope.account_id, now, catalogue };
        let mut link = self.begin().await?;
        sample.write_places(&mut link, users).await?;
        link.commit().await?;
        for first in (0..users).step_by(CHUNK) {
            let mut link = self.begin().await?;
            sample.write_users(&mut link, first, CHUNK.min(users - first)).await?;
            link.commit().await?;
        }
        let mut link = self.writer().await?;
        link.execute(USE_SEATS, values![scope.account_id]).await?;
        match &self.engine {
            // Its statistics are set at the start.
            Engine::Sqlite { .. } => Ok(()),
            Engine::Postgres(_) => link.execute("VACUUM ANALYZE", values![]).await.map(drop),
        }
    }
}

impl Store {
    /// The bare rows of this many users, in one transaction, without anything that lists repeat of them: what a database
    /// can do at best, for imports to be measured against.
    pub async fn add_bare_sample(&self, scope: &Scope, users: usize, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sample = Sample { account: scope.account_id, now, catalogue: self.catalogue().await? };
        let mut link = self.begin().await?;
        sample.write_places(&mut link, users).await?;
        for first in (0..users).step_by(CHUNK) {
            let mut rows = sample.rows(first, CHUNK.min(users - first))?;
            sample.write_bare(&mut link, &mut rows).await?;
        }
        link.commit().await
    }
}

struct Sample {
    account: AccountId,
    now: DateTime<Utc>,
    catalogue: Catalogue,
}

/// The people of one chunk and all that is theirs.
#[derive(Default)]
struct Rows {
    ids: Vec<UserId>,
    people: Vec<User>,
    users: Vec<Vec<Value>>,
    words: Vec<Vec<Value>>,
    numbers: Vec<Vec<Value>>,
    devices: Vec<Vec<Value>>,
    lines: Vec<Vec<Value>>,
    bindings: Vec<Vec<Value>>,
    seen: Vec<DeviceId>,
    e911: Vec<Vec<Value>>,
    assignments: Vec<Vec<Value>>,
    free: i64,
    places: Places,
}

fn id(kind: u128, at: usize) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + (kind << 40) + at as u128)
}

impl Sample {
    async fn write_places(&self, link: &mut Connection, users: usize) -> Result<(), StoreError> {
        let mut locations = Vec::new();
        for at in 0..LOCATIONS {
            locations.push(self.location(at)?.values(1)?);
        }
        link.write_rows(Location::SAVE, locations).await?;
        let mut departments = Vec::new();
        for at in 0..DEPARTMENTS {
            let name = parse::<Name>("a name", &format!("Department {at:02}"))?;
            let id = DepartmentId(id(2, at));
            departments.push(Department { id, account_id: self.account, version: 1, name }.values(1)?);
        }
        link.write_rows(Department::SAVE, departments).await?;
        let bought = i64::try_from(users).unwrap_or(i64::MAX);
        let mut seats = Vec::new();
        for license in &self.catalogue.types {
            let license_type_id = license.id;
            seats.push(
                Seats { account_id: self.account, license_type_id, version: 1, bought, bound: Vec::new(), used: 0 }
                    .values(1)?,
            );
        }
        link.write_rows(Seats::SAVE, seats).await?;
        Ok(())
    }

    fn location(&self, at: usize) -> Result<Location, StoreError> {
        let site = Site {
            name: parse("a name", &format!("Site {at:02}"))?,
            address: address(at),
            time_zone: TimeZone::parse("America/Phoenix").map_err(|error| StoreError::row("a time zone", error))?,
            area_code: Some(parse::<AreaCode>("an area code", "480")?),
            callback: None,
            emergency_contacts: Vec::new(),
        };
        Ok(Location { id: LocationId(id(1, at)), account_id: self.account, version: 1, site })
    }

    fn rows(&self, first: usize, count: usize) -> Result<Rows, StoreError> {
        let mut rows = Rows::default();
        for at in first..first + count {
            self.person(at, &mut rows)?;
        }
        Ok(rows)
    }

    async fn write_bare(&self, link: &mut Connection, rows: &mut Rows) -> Result<(), StoreError> {
        link.write_rows(User::SAVE, take(&mut rows.users)).await?;
        link.write_rows(search::ADD_WORDS, take(&mut rows.words)).await?;
        link.write_rows(PhoneNumber::SAVE, take(&mut rows.numbers)).await?;
        link.write_rows(Device::SAVE, take(&mut rows.devices)).await?;
        link.write_rows(Line::SAVE, take(&mut rows.lines)).await?;
        link.write_rows(E911Address::SAVE, take(&mut rows.e911)).await?;
        link.write_rows(Assignment::SAVE, take(&mut rows.assignments)).await?;
        login::save_usernames(link, self.account, &rows.people.iter().collect::<Vec<_>>()).await
    }

    async fn write_users(&self, link: &mut Connection, first: usize, count: usize) -> Result<(), StoreError> {
        let mut rows = self.rows(first, count)?;
        let tally = Tally {
            numbers: i64::try_from(rows.numbers.len()).unwrap_or_default(),
            numbers_free: rows.free,
            devices: i64::try_from(rows.devices.len()).unwrap_or_default(),
            ..Tally::default()
        };
        self.write_bare(link, &mut rows).await?;
        link.write_rows(BIND, rows.bindings).await?;
        let registered = rows.seen.clone();
        link.execute_in(SEEN, values![self.account, self.now], rows.seen).await?;
        readiness::refresh_devices(link, self.account, registered).await?;
        readiness::refresh_users(link, self.account, &self.catalogue, &rows.ids).await?;
        let of_users = UserCounts::of(link, self.account, &rows.ids).await?;
        Tally { of_users, ..tally }.add(link, self.account).await?;
        rows.places.add(link, self.account).await
    }
}
