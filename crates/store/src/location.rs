//! Locations.

use lineside_model::id::{AccountId, LocationId};
use lineside_model::journal::Scope;
use lineside_model::list::LocationRow;
use lineside_model::location::Location;
use lineside_model::plan::Record;
use lineside_model::text::fold;
use sqlx::FromRow;
use uuid::Uuid;

use crate::record::Stored;
use crate::value::{Value, from_json, json, try_all, values};
use crate::{Store, StoreError};

pub(crate) const LOCATIONS_BY_ID: &str =
    "SELECT id, account_id, version, site FROM location WHERE account_id = $1 AND id IN (...)";
pub(crate) const ALL_LOCATIONS: &str = "SELECT id, account_id, version, site FROM location WHERE account_id = $1";
pub(crate) const LOCATION_BY_NAME: &str = "SELECT id FROM location WHERE account_id = $1 AND name_key = $2";
pub(crate) const LOCATION_IDS_BY_NAME: &str = "SELECT id FROM location WHERE account_id = $1 ORDER BY name_key";
pub(crate) const LOCATION_USERS: &str = "SELECT count(*) FROM account_user WHERE account_id = $1 AND location_id = $2";
pub(crate) const LOCATION_NUMBERS: &str =
    "SELECT count(*) FROM phone_number WHERE account_id = $1 AND location_id = $2";
const LOCATIONS: &str = "
    SELECT id, account_id, version, site, users, numbers FROM location WHERE account_id = $1 ORDER BY name_key";
const LOCATION: &str =
    "SELECT id, account_id, version, site, users, numbers FROM location WHERE account_id = $1 AND id = $2";
const SAVE_LOCATIONS: &str = "
    INSERT INTO location (id, account_id, version, name, name_key, area_code, time_zone, site) VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, name = excluded.name, name_key = excluded.name_key,
        area_code = excluded.area_code, time_zone = excluded.time_zone, site = excluded.site
    WHERE location.account_id = excluded.account_id AND location.version = excluded.version - 1";
const DELETE_LOCATIONS: &str = "DELETE FROM location WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    LOCATIONS_BY_ID,
    ALL_LOCATIONS,
    LOCATION_BY_NAME,
    LOCATION_IDS_BY_NAME,
    LOCATION_USERS,
    LOCATION_NUMBERS,
    LOCATIONS,
    LOCATION,
    SAVE_LOCATIONS,
    DELETE_LOCATIONS,
];

#[derive(FromRow)]
pub(crate) struct LocationColumns {
    id: Uuid,
    account_id: Uuid,
    version: i64,
    site: String,
}

impl TryFrom<LocationColumns> for Location {
    type Error = StoreError;

    fn try_from(row: LocationColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: LocationId(row.id),
            account_id: AccountId(row.account_id),
            version: row.version,
            site: from_json("a location", &row.site)?,
        })
    }
}

#[derive(FromRow)]
struct ListedLocation {
    #[sqlx(flatten)]
    location: LocationColumns,
    users: i64,
    numbers: i64,
}

impl TryFrom<ListedLocation> for LocationRow {
    type Error = StoreError;

    fn try_from(row: ListedLocation) -> Result<Self, StoreError> {
        Ok(Self { location: row.location.try_into()?, users: row.users, numbers: row.numbers })
    }
}

impl Stored for Location {
    const SAVE: &'static str = SAVE_LOCATIONS;
    const DELETE: &'static str = DELETE_LOCATIONS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Location(location) = record { Some(location) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        let site = &self.site;
        Ok(values![
            self.id,
            self.account_id,
            version,
            site.name.as_str(),
            fold(site.name.as_str()),
            site.area_code.as_ref().map(lineside_model::phone_number::AreaCode::as_str),
            site.time_zone.name(),
            json(site)?,
        ])
    }
}

impl Store {
    /// By name.
    pub async fn locations(&self, scope: &Scope) -> Result<Vec<LocationRow>, StoreError> {
        try_all(self.reader().await?.rows::<ListedLocation>(LOCATIONS, values![scope.account_id]).await?)
    }

    pub async fn location(&self, scope: &Scope, id: LocationId) -> Result<Option<LocationRow>, StoreError> {
        let row = self.reader().await?.row::<ListedLocation>(LOCATION, values![scope.account_id, id]).await?;
        row.map(LocationRow::try_from).transpose()
    }
}
