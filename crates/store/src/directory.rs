//! What the switch keeps in memory, read user by user. Over all accounts: the switch serves everybody.

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::account::AccountSettings;
use lineside_model::device::Line;
use lineside_model::device_limit;
use lineside_model::directory::{DirectoryMailbox, DirectoryUser, Rights};
use lineside_model::id::{AccountId, LicenseTypeId, UserId};
use lineside_model::license::{Catalogue, LicenseType};
use lineside_model::phone_number::E164;
use lineside_model::time_zone::TimeZone;
use lineside_model::user::Profile;
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::device::LOCKED_OF_USERS;
use crate::line::{LINES_BY_USER, LineColumns};
use crate::phone_number::NUMBERS_BY_USER;
use crate::value::{from_json, kept_number, try_all, values};
use crate::{Store, StoreError};

macro_rules! directory_columns {
    () => {
        "u.id, u.account_id, u.profile, a.sip_domain, l.time_zone AS location_time_zone, g.audio AS greeting,
        u.state = 'active' AND u.voice_license_id IS NOT NULL AS voice, u.voice_license_id
        FROM account_user u
        JOIN account a ON a.id = u.account_id
        LEFT JOIN location l ON l.id = u.location_id
        LEFT JOIN greeting g ON g.user_id = u.id"
    };
}

const ASSIGNMENTS: &str = "SELECT user_id, license_type_id FROM assignment WHERE user_id IN (...)";
const TIME_ZONES: &str = "SELECT id, settings FROM account WHERE id IN (...)";
const USERS: &str = concat!("SELECT ", directory_columns!(), " WHERE u.id IN (...)");
const USERS_AFTER: &str = concat!("SELECT ", directory_columns!(), " WHERE u.id > $1 ORDER BY u.id LIMIT $2");

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ASSIGNMENTS, TIME_ZONES, USERS, USERS_AFTER];

/// A user for the line directory; the HA1s are sealed still.
#[derive(Debug, Clone)]
pub struct SealedDirectoryUser {
    /// With an empty `lines`.
    pub user: DirectoryUser,
    pub lines: Vec<SealedDirectoryLine>,
}

#[derive(Debug, Clone)]
pub struct SealedDirectoryLine {
    pub line: Line,
    /// False while its device is locked or beyond what the license allows.
    pub enabled: bool,
}

#[derive(FromRow)]
struct DirectoryColumns {
    id: Uuid,
    account_id: Uuid,
    profile: String,
    sip_domain: String,
    location_time_zone: Option<String>,
    greeting: Option<String>,
    voice: bool,
    voice_license_id: Option<Uuid>,
}

impl Store {
    /// The users named, of any account; those that no longer exist are absent.
    pub async fn directory_users(&self, ids: &[UserId]) -> Result<Vec<SealedDirectoryUser>, StoreError> {
        let mut link = self.snapshot().await?;
        let rows: Vec<DirectoryColumns> = link.rows_in(USERS, values![], ids.iter().copied()).await?;
        self.with_lines(&mut link, rows).await
    }

    /// All users by identifier, a page at a time, for the start.
    pub async fn directory_page(
        &self,
        after: Option<UserId>,
        limit: i64,
    ) -> Result<Vec<SealedDirectoryUser>, StoreError> {
        let mut link = self.snapshot().await?;
        let after = after.map_or_else(Uuid::nil, |id| id.0);
        let rows: Vec<DirectoryColumns> = link.rows(USERS_AFTER, values![after, limit]).await?;
        self.with_lines(&mut link, rows).await
    }

    async fn with_lines(
        &self,
        link: &mut Connection,
        rows: Vec<DirectoryColumns>,
    ) -> Result<Vec<SealedDirectoryUser>, StoreError> {
        let ids: Vec<UserId> = rows.iter().map(|row| UserId(row.id)).collect();
        let mut numbers_of = numbers(link, &ids).await?;
        let catalogue = self.catalogue_on(link).await?;
        let rights_of = rights(link, &catalogue, &ids).await?;
        let zones = time_zones(link, &rows).await?;
        let mut lines_of = lines(link, &ids).await?;
        let user = |row: DirectoryColumns| {
            let profile: Profile = from_json("a profile", &row.profile)?;
            let at_location = row
                .location_time_zone
                .as_deref()
                .map(TimeZone::parse)
                .transpose()
                .map_err(|error| StoreError::row("a time zone", error))?;
            let of_account = zones.get(&row.account_id).copied();
            let id = UserId(row.id);
            let fresh = DirectoryUser::new(AccountId(row.account_id), id, &row.sip_domain);
            let user = DirectoryUser {
                display_name: profile.full_name(),
                extension: profile.extension,
                numbers: numbers_of.remove(&row.id).unwrap_or_default(),
                unreachable: profile.unreachable,
                voice: row.voice,
                rights: rights_of.get(&row.id).copied().filter(|_| row.voice).unwrap_or_default(),
                mailbox: DirectoryMailbox { enabled: true, greeting: row.greeting, ..DirectoryMailbox::default() },
                time_zone: profile.time_zone.or(at_location).or(of_account).unwrap_or(fresh.time_zone),
                ..fresh
            };
            let mut lines = lines_of.remove(&id).unwrap_or_default();
            let license = row.voice_license_id.and_then(|id| catalogue.license_type(LicenseTypeId(id)));
            let beyond = device_limit::beyond(license, lines.iter().map(|sealed| sealed.line.id));
            for sealed in &mut lines {
                sealed.enabled &= !beyond.contains(&sealed.line.id);
            }
            Ok(SealedDirectoryUser { user, lines })
        };
        rows.into_iter().map(user).collect()
    }
}

async fn numbers(link: &mut Connection, ids: &[UserId]) -> Result<BTreeMap<Uuid, Vec<E164>>, StoreError> {
    let rows: Vec<(Uuid, String)> = link.rows_in(NUMBERS_BY_USER, values![], ids.iter().copied()).await?;
    let mut numbers_of: BTreeMap<Uuid, Vec<E164>> = BTreeMap::new();
    for (user, number) in rows {
        numbers_of.entry(user).or_default().push(kept_number(&number)?);
    }
    Ok(numbers_of)
}

/// What the licenses of each user come to.
async fn rights(
    link: &mut Connection,
    catalogue: &Catalogue,
    ids: &[UserId],
) -> Result<BTreeMap<Uuid, Rights>, StoreError> {
    let rows: Vec<(Uuid, Uuid)> = link.rows_in(ASSIGNMENTS, values![], ids.iter().copied()).await?;
    let mut types_of: BTreeMap<Uuid, Vec<&LicenseType>> = BTreeMap::new();
    for (user, license) in rows {
        types_of.entry(user).or_default().extend(catalogue.license_type(LicenseTypeId(license)));
    }
    let rights = |types: Vec<&LicenseType>| Rights::of(types.iter().flat_map(|license| &license.features));
    Ok(types_of.into_iter().map(|(user, types)| (user, rights(types))).collect())
}

/// Of accounts, for users whose location says none.
async fn time_zones(link: &mut Connection, rows: &[DirectoryColumns]) -> Result<BTreeMap<Uuid, TimeZone>, StoreError> {
    let accounts: BTreeSet<Uuid> = rows.iter().map(|row| row.account_id).collect();
    let found: Vec<(Uuid, String)> = link.rows_in(TIME_ZONES, values![], accounts).await?;
    let zone = |(id, settings): (Uuid, String)| {
        let settings: AccountSettings = from_json("an account's settings", &settings)?;
        Ok((id, settings.time_zone))
    };
    found.into_iter().map(zone).collect()
}

async fn lines(
    link: &mut Connection,
    ids: &[UserId],
) -> Result<BTreeMap<UserId, Vec<SealedDirectoryLine>>, StoreError> {
    let lines: Vec<Line> =
        try_all::<LineColumns, _>(link.rows_in(LINES_BY_USER, values![], ids.iter().copied()).await?)?;
    let locked: Vec<(Uuid,)> = link.rows_in(LOCKED_OF_USERS, values![], ids.iter().copied()).await?;
    let locked: BTreeSet<Uuid> = locked.into_iter().map(|(id,)| id).collect();
    let mut lines_of: BTreeMap<UserId, Vec<SealedDirectoryLine>> = BTreeMap::new();
    for line in lines {
        let enabled = !locked.contains(&line.device_id.0);
        lines_of.entry(line.user_id).or_default().push(SealedDirectoryLine { line, enabled });
    }
    Ok(lines_of)
}
