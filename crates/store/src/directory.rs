//! What the switch keeps in memory, read user by user. Over all accounts: the switch serves everybody.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use lineside_model::account::AccountSettings;
use lineside_model::device::Line;
use lineside_model::device_limit;
use lineside_model::directory::{DirectoryMailbox, DirectoryUser, Rights};
use lineside_model::emergency::EmergencyPlace;
use lineside_model::extension::Extension;
use lineside_model::id::{AccountId, LicenseTypeId, LocationId, UserId};
use lineside_model::license::{Catalogue, LicenseType};
use lineside_model::location::Site;
use lineside_model::phone_number::E164;
use lineside_model::recording::RecordingMode;
use lineside_model::time_zone::TimeZone;
use lineside_model::user::Profile;
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::device::LOCKED_OF_USERS;
use crate::line::{LINES_BY_USER, LineColumns};
use crate::phone_number::{NUMBERS_ANSWERED, NUMBERS_BY_USER};
use crate::user::EXTENSIONS_TAKEN;
use crate::value::{from_json, kept_number, known, try_all, values};
use crate::{Store, StoreError, voicemail};

macro_rules! directory_columns {
    () => {
        "u.id, u.account_id, u.profile, a.sip_domain, l.time_zone AS location_time_zone, g.audio AS greeting,
        f.rules AS forwarding, m.enabled AS mailbox, m.pin_hash IS NOT NULL AS has_pin,
        r.mode AS recording,
        u.state = 'active' AND u.voice_license_id IS NOT NULL AS voice, u.voice_license_id,
        u.location_id, l.site, e.address AS e911_address, e.callback AS e911_callback,
        e.confirmed_at IS NOT NULL AS e911_confirmed
        FROM account_user u
        JOIN account a ON a.id = u.account_id
        LEFT JOIN location l ON l.id = u.location_id
        LEFT JOIN greeting g ON g.user_id = u.id
        LEFT JOIN forwarding f ON f.user_id = u.id
        LEFT JOIN mailbox m ON m.user_id = u.id
        LEFT JOIN recording_choice r ON r.user_id = u.id
        LEFT JOIN e911_address e ON e.user_id = u.id"
    };
}

const ASSIGNMENTS: &str = "SELECT user_id, license_type_id FROM assignment WHERE user_id IN (...)";
const TIME_ZONES: &str = "SELECT id, settings FROM account WHERE id IN (...)";
/// Over all accounts: a number reaches its user from everywhere.
const HOLDERS: &str = "
    SELECT COALESCE(user_id, forwarded_to) FROM phone_number
    WHERE COALESCE(user_id, forwarded_to) IS NOT NULL AND number IN (...)";
const USERS_OF_LOCATION: &str = "SELECT id FROM account_user WHERE account_id = $1 AND location_id = $2";
const REGISTERED: &str = "SELECT id FROM account_user WHERE registered_until > $1 AND id IN (...)";
const USERS: &str = concat!("SELECT ", directory_columns!(), " WHERE u.id IN (...)");
const USERS_AFTER: &str = concat!("SELECT ", directory_columns!(), " WHERE u.id > $1 ORDER BY u.id LIMIT $2");

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[ASSIGNMENTS, TIME_ZONES, HOLDERS, USERS_OF_LOCATION, REGISTERED, USERS, USERS_AFTER];

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
    forwarding: Option<String>,
    /// `None`: on.
    mailbox: Option<bool>,
    has_pin: bool,
    recording: Option<String>,
    voice: bool,
    voice_license_id: Option<Uuid>,
    location_id: Option<Uuid>,
    site: Option<String>,
    e911_address: Option<String>,
    e911_callback: Option<String>,
    e911_confirmed: bool,
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

    /// Who has these extensions in the account, and these numbers anywhere.
    pub async fn destinations(
        &self,
        account: AccountId,
        extensions: &BTreeSet<Extension>,
        numbers: &BTreeSet<String>,
    ) -> Result<Vec<UserId>, StoreError> {
        let mut link = self.snapshot().await?;
        let extensions = extensions.iter().map(Extension::as_str);
        let held: Vec<(String, Uuid)> = link.rows_in(EXTENSIONS_TAKEN, values![account], extensions).await?;
        let holders: Vec<(Uuid,)> = link.rows_in(HOLDERS, values![], numbers.iter()).await?;
        Ok(held.into_iter().map(|(_, id)| id).chain(holders.into_iter().map(|(id,)| id)).map(UserId).collect())
    }

    /// Whose help is sent to this location, and called back there, unless they say otherwise.
    pub async fn users_of_location(&self, account: AccountId, location: LocationId) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<(Uuid,)> = self.reader().await?.rows(USERS_OF_LOCATION, values![account, location]).await?;
        Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
    }

    /// Those of them with a registered device.
    pub async fn registered(&self, users: &[UserId], now: DateTime<Utc>) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<(Uuid,)> = self.reader().await?.rows_in(REGISTERED, values![now], users.iter().copied()).await?;
        Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
    }

    async fn with_lines(
        &self,
        link: &mut Connection,
        rows: Vec<DirectoryColumns>,
    ) -> Result<Vec<SealedDirectoryUser>, StoreError> {
        let ids: Vec<UserId> = rows.iter().map(|row| UserId(row.id)).collect();
        let mut numbers_of = numbers(link, NUMBERS_BY_USER, &ids).await?;
        let mut answered_by = numbers(link, NUMBERS_ANSWERED, &ids).await?;
        let catalogue = self.catalogue_on(link).await?;
        let rights_of = rights(link, &catalogue, &ids).await?;
        let zones = time_zones(link, &rows).await?;
        let mut lines_of = lines(link, &ids).await?;
        let counts = voicemail::counts(link, &ids).await?;
        let user = |row: DirectoryColumns| {
            let profile: Profile = from_json("a profile", &row.profile)?;
            let emergency = place(&row, numbers_of.get(&row.id).and_then(|numbers| numbers.first()))?;
            let at_location = row
                .location_time_zone
                .as_deref()
                .map(TimeZone::parse)
                .transpose()
                .map_err(|error| StoreError::row("a time zone", error))?;
            let recording =
                row.recording.map(|mode| known("a recording mode", &mode, RecordingMode::parse)).transpose()?;
            let of_account = zones.get(&row.account_id).copied();
            let id = UserId(row.id);
            let fresh = DirectoryUser::new(AccountId(row.account_id), id, &row.sip_domain);
            let user = DirectoryUser {
                display_name: profile.full_name(),
                extension: profile.extension,
                numbers: numbers_of.remove(&row.id).unwrap_or_default(),
                answers: answered_by.remove(&row.id).unwrap_or_default(),
                unreachable: profile.unreachable,
                voice: row.voice,
                rights: rights_of.get(&row.id).copied().filter(|_| row.voice).unwrap_or_default(),
                forwarding: row
                    .forwarding
                    .map(|rules| from_json("forwarding", &rules))
                    .transpose()?
                    .unwrap_or_default(),
                mailbox: DirectoryMailbox {
                    enabled: row.mailbox.unwrap_or(true),
                    greeting: row.greeting,
                    has_pin: row.has_pin,
                    ..counts.get(&row.id).cloned().unwrap_or_default()
                },
                recording: recording.unwrap_or_default(),
                emergency,
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

/// Where help is sent: the user's own address, or as long as there is none the location's. Emergency services call back the
/// number that is set there, the user's own, or the location's.
fn place(row: &DirectoryColumns, own: Option<&E164>) -> Result<Option<EmergencyPlace>, StoreError> {
    let site: Option<Site> = row.site.as_deref().map(|site| from_json("a location", site)).transpose()?;
    let address = row.e911_address.as_deref().map(|address| from_json("an E911 address", address)).transpose()?;
    let callback = row.e911_callback.as_deref().map(kept_number).transpose()?;
    let callback = callback.or_else(|| own.cloned()).or_else(|| site.as_ref()?.callback.clone());
    let location_name = site.as_ref().map(|site| site.name.to_string());
    let Some(address) = address.or_else(|| site.map(|site| site.address)) else { return Ok(None) };
    let location = row.location_id.map(LocationId);
    Ok(Some(EmergencyPlace { address, confirmed: row.e911_confirmed, location, location_name, callback }))
}

async fn numbers(
    link: &mut Connection,
    sql: &'static str,
    ids: &[UserId],
) -> Result<BTreeMap<Uuid, Vec<E164>>, StoreError> {
    let rows: Vec<(Uuid, String)> = link.rows_in(sql, values![], ids.iter().copied()).await?;
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
