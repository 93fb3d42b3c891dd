//! What the switch keeps in memory, read user by user. Over all accounts: the switch serves everybody.

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::device::Line;
use lineside_model::directory::DirectoryUser;
use lineside_model::id::{AccountId, UserId};
use lineside_model::phone_number::E164;
use lineside_model::user::Profile;
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::device::LOCKED_OF_USERS;
use crate::line::{LINES_BY_USER, LineColumns};
use crate::phone_number::NUMBERS_BY_USER;
use crate::value::{from_json, parse, try_all, values};
use crate::{Store, StoreError};

macro_rules! directory_columns {
    () => {
        "u.id, u.account_id, u.profile, a.sip_domain,
        u.state = 'active' AND u.voice_license_id IS NOT NULL AS voice
        FROM account_user u JOIN account a ON a.id = u.account_id"
    };
}

const USERS: &str = concat!("SELECT ", directory_columns!(), " WHERE u.id IN (...)");
const USERS_AFTER: &str = concat!("SELECT ", directory_columns!(), " WHERE u.id > $1 ORDER BY u.id LIMIT $2");

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[USERS, USERS_AFTER];

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
    /// False while its device is locked.
    pub enabled: bool,
}

#[derive(FromRow)]
struct DirectoryColumns {
    id: Uuid,
    account_id: Uuid,
    profile: String,
    sip_domain: String,
    voice: bool,
}

impl Store {
    /// The users named, of any account; those that no longer exist are absent.
    pub async fn directory_users(&self, ids: &[UserId]) -> Result<Vec<SealedDirectoryUser>, StoreError> {
        let mut link = self.snapshot().await?;
        let rows: Vec<DirectoryColumns> = link.rows_in(USERS, values![], ids.iter().copied()).await?;
        with_lines(&mut link, rows).await
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
        with_lines(&mut link, rows).await
    }
}

async fn with_lines(
    link: &mut Connection,
    rows: Vec<DirectoryColumns>,
) -> Result<Vec<SealedDirectoryUser>, StoreError> {
    let ids: Vec<UserId> = rows.iter().map(|row| UserId(row.id)).collect();
    let numbers: Vec<(Uuid, String)> = link.rows_in(NUMBERS_BY_USER, values![], ids.clone()).await?;
    let mut numbers_of: BTreeMap<Uuid, Vec<E164>> = BTreeMap::new();
    for (user, number) in numbers {
        numbers_of.entry(user).or_default().push(parse("a phone number", &number)?);
    }
    let lines: Vec<Line> = try_all::<LineColumns, _>(link.rows_in(LINES_BY_USER, values![], ids.clone()).await?)?;
    let locked: Vec<(Uuid,)> = link.rows_in(LOCKED_OF_USERS, values![], ids).await?;
    let locked: BTreeSet<Uuid> = locked.into_iter().map(|(id,)| id).collect();
    let mut lines_of: BTreeMap<UserId, Vec<SealedDirectoryLine>> = BTreeMap::new();
    for line in lines {
        let enabled = !locked.contains(&line.device_id.0);
        lines_of.entry(line.user_id).or_default().push(SealedDirectoryLine { line, enabled });
    }
    let user = |row: DirectoryColumns| {
        let profile: Profile = from_json("a profile", &row.profile)?;
        let user = DirectoryUser {
            account_id: AccountId(row.account_id),
            user_id: UserId(row.id),
            sip_domain: row.sip_domain,
            display_name: profile.full_name(),
            extension: profile.extension,
            numbers: numbers_of.remove(&row.id).unwrap_or_default(),
            unreachable: profile.unreachable,
            voice: row.voice,
            lines: Vec::new(),
        };
        let lines = lines_of.remove(&user.user_id).unwrap_or_default();
        Ok(SealedDirectoryUser { user, lines })
    };
    rows.into_iter().map(user).collect()
}
