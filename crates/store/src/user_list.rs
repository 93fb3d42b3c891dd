//! The user list: filtered, searched, sorted, fast with 100,000 users.

mod filtered;
mod listing;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lineside_model::id::{LicenseTypeId, UserId};
use lineside_model::journal::Scope;
use lineside_model::license::Catalogue;
use lineside_model::list::{Page, UserFilter, UserRow};
use lineside_model::user::{Profile, Role, UserState, WizardStep};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::user::LampColumns;
use crate::value::{from_json, instant, kept_number, known, values};
use crate::{Store, StoreError};

#[cfg(test)]
pub(crate) use self::listing::COMPOSED;
pub(crate) use self::listing::ENTRIES;
use self::listing::Listing;

const ROWS: &str = "
    SELECT u.id, u.first_name, u.last_name, u.username, u.extension, u.state, u.wizard, u.role, u.created_at, u.profile,
        u.voice_license_id, u.number, u.e911_confirmed, u.device, u.registered_until, u.was_registered,
        l.name AS location_name, d.name AS department_name
    FROM account_user u
    LEFT JOIN location l ON l.account_id = u.account_id AND l.id = u.location_id
    LEFT JOIN department d ON d.account_id = u.account_id AND d.id = u.department_id
    WHERE u.account_id = $1 AND u.id IN (...)";
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ROWS, ENTRIES];

#[derive(FromRow)]
struct ListedUser {
    id: Uuid,
    first_name: String,
    last_name: String,
    username: String,
    extension: Option<String>,
    state: String,
    wizard: Option<String>,
    role: String,
    created_at: i64,
    profile: String,
    #[sqlx(flatten)]
    lamps: LampColumns,
    location_name: Option<String>,
    department_name: Option<String>,
}

impl ListedUser {
    fn into_row(self, catalogue: &Catalogue, now: DateTime<Utc>) -> Result<UserRow, StoreError> {
        let license = self.lamps.voice_license_id.and_then(|id| catalogue.license_type(LicenseTypeId(id)));
        let profile: Profile = from_json("a profile", &self.profile)?;
        Ok(UserRow {
            id: UserId(self.id),
            email: profile.email.map(String::from),
            role: known("a role", &self.role, Role::parse)?,
            created_at: instant(self.created_at),
            number: self.lamps.number.as_deref().map(kept_number).transpose()?,
            lamps: self.lamps.lamps(now),
            first_name: self.first_name,
            last_name: self.last_name,
            username: self.username,
            extension: self.extension,
            location: self.location_name,
            department: self.department_name,
            license: license.map(|license| license.name.clone()),
            state: known("a user's state", &self.state, UserState::parse)?,
            wizard: self.wizard.as_deref().map(|step| known("a wizard's step", step, WizardStep::parse)).transpose()?,
        })
    }
}

impl Store {
    pub async fn users(
        &self,
        scope: &Scope,
        filter: &UserFilter,
        now: DateTime<Utc>,
    ) -> Result<Page<UserRow>, StoreError> {
        let mut link = self.listing().await?;
        let (total, ids) = Listing { link: &mut link, scope, filter }.page().await?;
        let rows = self.rows_in_order(&mut link, scope, &ids, now).await?;
        Ok(total.page(rows, filter.page))
    }

    /// All that match, in no order, up to a limit: whom a mass action is about.
    pub async fn matching(&self, scope: &Scope, filter: &UserFilter, limit: usize) -> Result<Vec<UserId>, StoreError> {
        let mut link = self.listing().await?;
        Listing { link: &mut link, scope, filter }.all(limit).await
    }

    /// The rows of these users, for a lamp that changed on an open page.
    pub async fn user_rows(
        &self,
        scope: &Scope,
        ids: &[UserId],
        now: DateTime<Utc>,
    ) -> Result<Vec<UserRow>, StoreError> {
        self.rows_in_order(&mut self.reader().await?, scope, ids, now).await
    }

    async fn rows_in_order(
        &self,
        link: &mut Connection,
        scope: &Scope,
        ids: &[UserId],
        now: DateTime<Utc>,
    ) -> Result<Vec<UserRow>, StoreError> {
        let catalogue = self.catalogue_on(link).await?;
        let rows: Vec<ListedUser> = link.rows_in(ROWS, values![scope.account_id], ids.iter().copied()).await?;
        let mut by_id: BTreeMap<UserId, UserRow> = BTreeMap::new();
        for row in rows {
            by_id.insert(UserId(row.id), row.into_row(&catalogue, now)?);
        }
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }
}
