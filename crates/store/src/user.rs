//! Users: one looked at, and what Add user suggests. Lists are in `user_list`.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use lineside_model::extension::{Destination, DialPlan, Extension};
use lineside_model::id::{AccountId, UserId};
use lineside_model::journal::Scope;
use lineside_model::list::UserDetail;
use lineside_model::plan::Record;
use lineside_model::readiness::{Conditions, Lamps};
use lineside_model::secret::Opaque;
use lineside_model::user::{Role, User, UserState, WizardStep};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::e911::{E911_OF_USERS, E911Columns};
use crate::greeting::{GREETINGS_OF_USERS, GreetingColumns};
use crate::license::{ASSIGNMENTS_OF_USERS, AssignmentColumns};
use crate::location::{LOCATIONS_BY_ID, LocationColumns};
use crate::mail::{MAILS_OF_USER, MailColumns};
use crate::phone_number::{NUMBERS_OF_USERS, NumberColumns};
use crate::record::Stored;
use crate::schedule::{ENTRIES_OF_USERS, EntryColumns, in_order};
use crate::value::{Value, from_json, instant, json, known, parse, try_all, values};
use crate::{Store, StoreError, device};

macro_rules! user_columns {
    () => {
        "u.id, u.account_id, u.version, u.profile, u.role, u.state, u.pin_hash, u.wizard, u.welcome_wanted, u.created_at,
        u.deleted_at, u.recordings_go, u.purged_at"
    };
}
pub(crate) use user_columns;

pub(crate) const USERS_BY_ID: &str =
    concat!("SELECT ", user_columns!(), " FROM account_user u WHERE u.account_id = $1 AND u.id IN (...)");
pub(crate) const EXTENSIONS_TAKEN: &str =
    "SELECT extension, id FROM account_user WHERE account_id = $1 AND extension IN (...)";
const USER_EXISTS: &str = "SELECT count(*) FROM account_user WHERE account_id = $1 AND id = $2";
const LOOKED_AT: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", u.voice_license_id, u.number, u.e911_confirmed, u.device, u.registered_until, u.was_registered,
        d.name AS department_name, g.last_sign_in, g.password_hash IS NOT NULL AS has_password
    FROM account_user u
    LEFT JOIN department d ON d.account_id = u.account_id AND d.id = u.department_id
    LEFT JOIN login g ON g.user_id = u.id
    WHERE u.account_id = $1 AND u.id = $2"
);
/// By their rules of forwarding.
pub(crate) const RULES_TO_EXTENSION: &str = "
    SELECT f.user_id FROM account_user u
    JOIN forwards_to f ON f.account_id = u.account_id AND f.target = u.extension
    WHERE u.account_id = $1 AND u.id IN (...)";
pub(crate) const RULES_TO_NUMBER: &str = "
    SELECT f.user_id FROM phone_number n JOIN forwards_to f ON f.account_id = n.account_id AND f.target = n.number
    WHERE n.account_id = $1 AND n.user_id IN (...)";
/// Whose calls go to one of these users, by extension or by number.
pub(crate) const FORWARDERS_BY_EXTENSION: &str = "
    SELECT f.id FROM account_user u
    JOIN account_user f ON f.account_id = u.account_id AND f.unreachable = u.extension
    WHERE u.account_id = $1 AND u.id IN (...)";
pub(crate) const FORWARDERS_BY_NUMBER: &str = "
    SELECT f.id FROM phone_number n JOIN account_user f ON f.account_id = n.account_id AND f.unreachable = n.number
    WHERE n.account_id = $1 AND n.user_id IN (...)";
const THOUSANDS: &str = "
    SELECT substr(extension_key, 1, CAST($4 AS INTEGER)) AS thousand, count(*) FROM account_user
    WHERE account_id = $1 AND extension_key >= $2 AND extension_key < $3 GROUP BY 1";
const EXTENSIONS: &str = "
    SELECT extension FROM account_user
    WHERE account_id = $1 AND extension_key >= $2 AND extension_key < $3 AND extension IS NOT NULL";
/// What lists repeat of readiness is written with new users alone; of the others, [`crate::readiness`] refreshes it.
pub(crate) const SAVE_USERS: &str = "
    INSERT INTO account_user (id, account_id, version, first_name, last_name, username, extension, location_id,
        department_id, role, state, wizard, welcome_wanted, pin_hash, profile, created_at, sort_key, extension_key,
        deleted_at, unreachable, recordings_go, purged_at, voice_license_id, number, e911_confirmed, device)
    VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, first_name = excluded.first_name,
        last_name = excluded.last_name, username = excluded.username, extension = excluded.extension,
        location_id = excluded.location_id, department_id = excluded.department_id, role = excluded.role,
        state = excluded.state, wizard = excluded.wizard, welcome_wanted = excluded.welcome_wanted,
        pin_hash = excluded.pin_hash, profile = excluded.profile, sort_key = excluded.sort_key,
        extension_key = excluded.extension_key, deleted_at = excluded.deleted_at, unreachable = excluded.unreachable,
        recordings_go = excluded.recordings_go, purged_at = excluded.purged_at
    WHERE account_user.account_id = excluded.account_id AND account_user.version = excluded.version - 1";
const DELETE_USERS: &str = "DELETE FROM account_user WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    USERS_BY_ID,
    EXTENSIONS_TAKEN,
    USER_EXISTS,
    LOOKED_AT,
    FORWARDERS_BY_EXTENSION,
    FORWARDERS_BY_NUMBER,
    RULES_TO_EXTENSION,
    RULES_TO_NUMBER,
    THOUSANDS,
    EXTENSIONS,
    SAVE_USERS,
    DELETE_USERS,
];

/// How many mails a user's page shows.
const MAILS_SHOWN: i64 = 20;

#[derive(FromRow)]
pub(crate) struct UserColumns {
    pub id: Uuid,
    account_id: Uuid,
    version: i64,
    profile: String,
    role: String,
    state: String,
    pin_hash: Option<Vec<u8>>,
    wizard: Option<String>,
    welcome_wanted: bool,
    created_at: i64,
    deleted_at: Option<i64>,
    recordings_go: bool,
    purged_at: Option<i64>,
}

impl TryFrom<UserColumns> for User {
    type Error = StoreError;

    fn try_from(row: UserColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: UserId(row.id),
            account_id: AccountId(row.account_id),
            version: row.version,
            profile: from_json("a profile", &row.profile)?,
            role: known("a role", &row.role, Role::parse)?,
            state: known("a user's state", &row.state, UserState::parse)?,
            pin_hash: row.pin_hash.map(Opaque::new),
            wizard: row.wizard.as_deref().map(|step| known("a wizard's step", step, WizardStep::parse)).transpose()?,
            welcome_wanted: row.welcome_wanted,
            created_at: instant(row.created_at),
            deleted_at: row.deleted_at.map(instant),
            recordings_go: row.recordings_go,
            purged_at: row.purged_at.map(instant),
        })
    }
}

/// What the lamp strip follows from.
#[derive(FromRow)]
pub(crate) struct LampColumns {
    pub voice_license_id: Option<Uuid>,
    pub number: Option<String>,
    e911_confirmed: bool,
    device: bool,
    registered_until: Option<i64>,
    was_registered: bool,
}

impl LampColumns {
    pub(crate) fn lamps(&self, now: DateTime<Utc>) -> Lamps {
        Lamps::of(Conditions {
            voice_license: self.voice_license_id.is_some(),
            number: self.number.is_some(),
            e911_confirmed: self.e911_confirmed,
            device: self.device,
            registered: self.registered_until.is_some_and(|until| until > now.timestamp_micros()),
            was_registered: self.was_registered || self.registered_until.is_some(),
        })
    }
}

#[derive(FromRow)]
struct LookedAt {
    #[sqlx(flatten)]
    user: UserColumns,
    #[sqlx(flatten)]
    lamps: LampColumns,
    department_name: Option<String>,
    last_sign_in: Option<i64>,
    has_password: bool,
}

impl Stored for User {
    const SAVE: &'static str = SAVE_USERS;
    const DELETE: &'static str = DELETE_USERS;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::User(user) = record { Some(user) } else { None }
    }

    /// All but what lists repeat of readiness.
    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        let profile = &self.profile;
        // Others may have the extension of who left, and places do not count them.
        let stays = !self.is_deleted();
        let extension = profile.extension.as_ref().map(Extension::as_str).filter(|_| stays);
        Ok(values![
            self.id,
            self.account_id,
            version,
            profile.first_name.as_str(),
            profile.last_name.as_str(),
            profile.username.as_str(),
            extension,
            profile.location_id.filter(|_| stays),
            profile.department_id.filter(|_| stays),
            self.role.as_str(),
            self.state.as_str(),
            self.wizard.map(WizardStep::as_str),
            self.welcome_wanted,
            self.pin_hash.as_ref(),
            json(profile)?,
            self.created_at,
            profile.sort_key(),
            extension_key(extension),
            self.deleted_at,
            profile.unreachable.as_ref().map(Destination::as_str).filter(|_| stays),
            self.recordings_go,
            self.purged_at,
        ])
    }
}

/// In the order of numbers: shorter ones first. Users without one come last.
fn extension_key(extension: Option<&str>) -> String {
    extension.map_or_else(|| "~".to_owned(), |extension| format!("{}{extension}", extension.len()))
}

pub(crate) async fn exists(link: &mut Connection, account: AccountId, user: UserId) -> Result<bool, StoreError> {
    Ok(link.number(USER_EXISTS, values![account, user]).await? > 0)
}

impl Store {
    /// Who has these extensions.
    pub async fn holders_of(
        &self,
        scope: &Scope,
        extensions: &[Extension],
    ) -> Result<BTreeMap<Extension, UserId>, StoreError> {
        let extensions = extensions.iter().map(Extension::as_str);
        let rows: Vec<(String, Uuid)> =
            self.reader().await?.rows_in(EXTENSIONS_TAKEN, values![scope.account_id], extensions).await?;
        let holder = |(extension, id): (String, Uuid)| Ok((parse("an extension", &extension)?, UserId(id)));
        rows.into_iter().map(holder).collect()
    }

    pub async fn user(&self, scope: &Scope, id: UserId, now: DateTime<Utc>) -> Result<Option<UserDetail>, StoreError> {
        let mut link = self.snapshot().await?;
        let own = values![scope.account_id];
        let Some(row) = link.row::<LookedAt>(LOOKED_AT, values![scope.account_id, id]).await? else {
            return Ok(None);
        };
        let user = User::try_from(row.user)?;
        let locations: Vec<LocationColumns> =
            link.rows_in(LOCATIONS_BY_ID, own.clone(), user.profile.location_id).await?;
        let mut numbers: Vec<_> =
            try_all::<NumberColumns, _>(link.rows_in(NUMBERS_OF_USERS, own.clone(), [id]).await?)?;
        numbers.sort_by_key(|number: &lineside_model::phone_number::PhoneNumber| number.kind);
        let assignments: Vec<AssignmentColumns> = link.rows_in(ASSIGNMENTS_OF_USERS, own.clone(), [id]).await?;
        let entries: Vec<EntryColumns> = link.rows_in(ENTRIES_OF_USERS, own.clone(), [id]).await?;
        let e911: Vec<E911Columns> = link.rows_in(E911_OF_USERS, own.clone(), [id]).await?;
        let greetings: Vec<GreetingColumns> = link.rows_in(GREETINGS_OF_USERS, own, [id]).await?;
        let mails: Vec<MailColumns> = link.rows(MAILS_OF_USER, values![scope.account_id, id, MAILS_SHOWN]).await?;
        let catalogue = self.catalogue_on(&mut link).await?;
        let devices = device::of_user(&mut link, scope, &catalogue, id, now).await?;
        Ok(Some(UserDetail {
            location: try_all(locations)?.pop(),
            department: row.department_name,
            numbers,
            assignments: try_all(assignments)?,
            schedule: in_order(try_all(entries)?),
            devices,
            e911: try_all(e911)?.pop(),
            greeting: try_all(greetings)?.pop(),
            mails: try_all(mails)?,
            lamps: row.lamps.lamps(now),
            last_sign_in: row.last_sign_in.map(instant),
            has_password: row.has_password,
            user,
        }))
    }

    /// The first extension of the dial plan that is free.
    pub async fn suggest_extension(&self, scope: &Scope, plan: &DialPlan) -> Result<Option<Extension>, StoreError> {
        let mut link = self.snapshot().await?;
        let first = plan.first_extension.as_str();
        let width = first.len();
        // A thousand extensions share all but their last three digits: full thousands are passed over by their count.
        let head = width.saturating_sub(3);
        let key_head = i64::try_from(head + 1).unwrap_or(1);
        let key = extension_key(Some(first));
        let counts: Vec<(String, i64)> =
            link.rows(THOUSANDS, values![scope.account_id, key, format!("{width}~"), key_head]).await?;
        let taken_of: BTreeMap<String, i64> = counts.into_iter().collect();
        let thousands = first[..head].parse().unwrap_or(0)..10_u32.pow(u32::try_from(head).unwrap_or(0));
        for thousand in thousands {
            let beginning = if head == 0 { String::new() } else { format!("{thousand:0head$}") };
            let key = format!("{width}{beginning}");
            if taken_of.get(&key) == Some(&1_000) {
                continue;
            }
            let from = if first.starts_with(&beginning) { first.to_owned() } else { format!("{beginning:0<width$}") };
            // A thousand of numbers that are no extensions, such as 911000 to 911999.
            let Ok(first_extension) = Extension::parse(&from) else { continue };
            let within: Vec<(String,)> =
                link.rows(EXTENSIONS, values![scope.account_id, key.as_str(), format!("{key}~")]).await?;
            let taken: HashSet<String> = within.into_iter().map(|(extension,)| extension).collect();
            let plan = DialPlan { first_extension, ..plan.clone() };
            let suggested = plan.suggest(|extension| taken.contains(extension));
            if suggested.as_ref().is_some_and(|extension| extension.as_str().starts_with(&beginning)) {
                return Ok(suggested);
            }
        }
        Ok(None)
    }
}
