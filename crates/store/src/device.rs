//! Devices, listed, and what was seen of them.

mod provisioned;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lineside_model::device::{Device, Line};
use lineside_model::device_limit::DeviceLimit;
use lineside_model::id::{AccountId, DeviceId, LicenseTypeId, UserId};
use lineside_model::journal::Scope;
use lineside_model::license::Catalogue;
use lineside_model::list::{DeviceDetail, DeviceFilter, DeviceRow, Fetch, Page, Registration, UserName};
use lineside_model::plan::Record;
use lineside_model::secret::Opaque;
use lineside_model::text::{fold, search_text};
use sqlx::FromRow;
use uuid::Uuid;

pub use self::provisioned::ProvisionedDevice;
use crate::condition::{Condition, Total};
use crate::connection::Connection;
use crate::line::{LINES_OF_USERS, LineColumns};
use crate::record::Stored;
use crate::value::{Value, from_json, instant, json, parse_optional, try_all, values};
use crate::{Store, StoreError, resync, search};

macro_rules! device_columns {
    () => {
        "d.id, d.account_id, d.version, d.model, d.mac, d.label, d.user_id, d.locked, d.provisioning_token,
        d.provisioning_hash, d.lamp_keys, d.created_at"
    };
}

macro_rules! seen_columns {
    () => {
        "d.fetched_at, d.fetched_from, d.fetched_by, d.last_registered_at, u.first_name, u.last_name, u.extension,
        u.voice_license_id"
    };
}

pub(crate) const DEVICES_BY_ID: &str =
    concat!("SELECT ", device_columns!(), " FROM device d WHERE d.account_id = $1 AND d.id IN (...)");
pub(crate) const DEVICES_OF_USERS: &str =
    concat!("SELECT ", device_columns!(), " FROM device d WHERE d.account_id = $1 AND d.user_id IN (...)");
/// Over the whole system.
pub(crate) const MACS_TAKEN: &str = "SELECT mac, id, account_id FROM device WHERE mac IN (...)";
/// Over all accounts: for the line directory.
pub(crate) const LOCKED_OF_USERS: &str = "SELECT id FROM device WHERE locked AND user_id IN (...)";
const BY_HASH: &str = concat!("SELECT ", device_columns!(), " FROM device d WHERE d.provisioning_hash = $1");
const LOOKED_AT: &str = concat!(
    "SELECT ",
    device_columns!(),
    ", ",
    seen_columns!(),
    " FROM device d LEFT JOIN account_user u ON u.account_id = d.account_id AND u.id = d.user_id
    WHERE d.account_id = $1 AND d.id = $2"
);
const LOOKED_AT_OF_USER: &str = concat!(
    "SELECT ",
    device_columns!(),
    ", ",
    seen_columns!(),
    " FROM device d LEFT JOIN account_user u ON u.account_id = d.account_id AND u.id = d.user_id
    WHERE d.account_id = $1 AND d.user_id = $2 ORDER BY d.created_at, d.id"
);
const VOICE: &str = "
    SELECT voice_license_id FROM account_user
    WHERE account_id = $1 AND id = $2 AND state = 'active' AND voice_license_id IS NOT NULL";
const REGISTRATIONS: &str = "
    SELECT device_id, transport, source, user_agent, registered_at FROM binding
    WHERE account_id = $1 AND expires_at > $2 AND device_id IN (...)";
const LISTED: &str = "
    SELECT d.id, d.model, d.mac, d.label, d.locked, d.user_id, d.fetched_at, d.registered_until,
        u.first_name, u.last_name, u.extension
    FROM device d LEFT JOIN account_user u ON u.account_id = d.account_id AND u.id = d.user_id
    WHERE d.account_id = $1";
const COUNT: &str = "SELECT d.id FROM device d WHERE d.account_id = $1";
const BY_TITLE: &str = " ORDER BY d.title_key, d.id";
const OF_MODEL: &str = "d.model = ?";
const ASSIGNED: &str = "d.user_id IS NOT NULL";
const UNASSIGNED: &str = "d.user_id IS NULL";
const BEGINS_MAC: &str = "d.mac >= ?1 AND d.mac < ?2";
/// Each side has an index: the title's, and from the words to their users' devices.
const BEGINS: &str = "((d.account_id = $1 AND d.title_key >= ?1 AND d.title_key < ?2) OR d.user_id IN (
        SELECT w.user_id FROM user_word w WHERE w.account_id = $1 AND w.word >= ?1 AND w.word < ?2
    ))";
const FETCHED: &str = "
    UPDATE device SET fetched_at = $3, fetched_from = $4, fetched_by = $5 WHERE account_id = $1 AND id = $2";
const SAVE_DEVICES: &str = "
    INSERT INTO device (id, account_id, version, model, mac, label, title_key, user_id, locked, provisioning_token,
        provisioning_hash, lamp_keys, created_at)
    VALUES (...)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, model = excluded.model, mac = excluded.mac,
        label = excluded.label, title_key = excluded.title_key, user_id = excluded.user_id, locked = excluded.locked,
        provisioning_token = excluded.provisioning_token, provisioning_hash = excluded.provisioning_hash,
        lamp_keys = excluded.lamp_keys,
        last_registered_at =
            CASE WHEN device.user_id = excluded.user_id THEN device.last_registered_at END
    WHERE device.account_id = excluded.account_id AND device.version = excluded.version - 1";
const DELETE_DEVICES: &str = "DELETE FROM device WHERE account_id = $1 AND id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    DEVICES_BY_ID,
    DEVICES_OF_USERS,
    MACS_TAKEN,
    LOCKED_OF_USERS,
    BY_HASH,
    LOOKED_AT,
    LOOKED_AT_OF_USER,
    VOICE,
    REGISTRATIONS,
    FETCHED,
    SAVE_DEVICES,
    DELETE_DEVICES,
];

#[cfg(test)]
pub(crate) const COMPOSED: crate::condition::Composed = crate::condition::Composed {
    selects: &[LISTED, COUNT],
    clauses: &[OF_MODEL, ASSIGNED, UNASSIGNED, BEGINS_MAC, BEGINS],
    orders: &[BY_TITLE],
};

#[derive(FromRow)]
pub(crate) struct DeviceColumns {
    pub id: Uuid,
    account_id: Uuid,
    version: i64,
    model: String,
    mac: Option<String>,
    label: Option<String>,
    pub user_id: Option<Uuid>,
    locked: bool,
    provisioning_token: Vec<u8>,
    provisioning_hash: Vec<u8>,
    lamp_keys: Option<String>,
    created_at: i64,
}

impl TryFrom<DeviceColumns> for Device {
    type Error = StoreError;

    fn try_from(row: DeviceColumns) -> Result<Self, StoreError> {
        Ok(Self {
            id: DeviceId(row.id),
            account_id: AccountId(row.account_id),
            version: row.version,
            model: row.model,
            mac: parse_optional("a MAC address", row.mac.as_ref())?,
            label: parse_optional("a device's label", row.label.as_ref())?,
            user_id: row.user_id.map(UserId),
            locked: row.locked,
            provisioning_token: Opaque::new(row.provisioning_token),
            provisioning_hash: Opaque::new(row.provisioning_hash),
            lamp_keys: row.lamp_keys.map_or(Ok(Vec::new()), |keys| from_json("a phone's lamp keys", &keys))?,
            created_at: instant(row.created_at),
        })
    }
}

/// A device with what was seen of it.
#[derive(FromRow)]
struct SeenColumns {
    #[sqlx(flatten)]
    device: DeviceColumns,
    fetched_at: Option<i64>,
    fetched_from: Option<String>,
    fetched_by: Option<String>,
    last_registered_at: Option<i64>,
    first_name: Option<String>,
    last_name: Option<String>,
    extension: Option<String>,
    voice_license_id: Option<Uuid>,
}

#[derive(FromRow)]
struct RegistrationColumns {
    device_id: Uuid,
    transport: String,
    source: String,
    user_agent: String,
    registered_at: i64,
}

#[derive(FromRow)]
struct ListedDevice {
    id: Uuid,
    model: String,
    mac: Option<String>,
    label: Option<String>,
    locked: bool,
    user_id: Option<Uuid>,
    fetched_at: Option<i64>,
    registered_until: Option<i64>,
    first_name: Option<String>,
    last_name: Option<String>,
    extension: Option<String>,
}

impl From<ListedDevice> for DeviceRow {
    fn from(row: ListedDevice) -> Self {
        Self {
            id: DeviceId(row.id),
            model: row.model,
            mac: row.mac,
            label: row.label,
            locked: row.locked,
            user: user_name(row.user_id, row.first_name, row.last_name, row.extension),
            fetched_at: row.fetched_at.map(instant),
            registered_until: row.registered_until.map(instant),
        }
    }
}

fn user_name(
    id: Option<Uuid>,
    first: Option<String>,
    last: Option<String>,
    extension: Option<String>,
) -> Option<UserName> {
    let name = first.zip(last).map(|(first, last)| format!("{first} {last}"));
    id.zip(name).map(|(id, name)| UserName { id: UserId(id), name, extension })
}

impl Stored for Device {
    const SAVE: &'static str = SAVE_DEVICES;
    const DELETE: &'static str = DELETE_DEVICES;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Device(device) = record { Some(device) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![
            self.id,
            self.account_id,
            version,
            self.model.as_str(),
            self.mac.as_ref().map(lineside_model::device::Mac::as_str),
            self.label.as_ref().map(lineside_model::text::Name::as_str),
            title_key(self),
            self.user_id,
            self.locked,
            &self.provisioning_token,
            &self.provisioning_hash,
            Some(&self.lamp_keys).filter(|keys| !keys.is_empty()).map(json).transpose()?,
            self.created_at,
        ])
    }
}

/// What the list is ordered by and searched in: the label, or else the model, then the rest.
fn title_key(device: &Device) -> String {
    let mac = device.mac.as_ref().map_or("", |mac| mac.as_str());
    let label = device.label.as_ref().map_or("", |label| label.as_str());
    fold(&format!("{label} {} {mac}", device.model_name())).trim().to_owned()
}

/// A user's devices, the oldest first.
pub(crate) async fn of_user(
    link: &mut Connection,
    scope: &Scope,
    catalogue: &Catalogue,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<DeviceDetail>, StoreError> {
    let rows: Vec<SeenColumns> = link.rows(LOOKED_AT_OF_USER, values![scope.account_id, user]).await?;
    details(link, scope, catalogue, rows, now).await
}

async fn details(
    link: &mut Connection,
    scope: &Scope,
    catalogue: &Catalogue,
    rows: Vec<SeenColumns>,
    now: DateTime<Utc>,
) -> Result<Vec<DeviceDetail>, StoreError> {
    let own = values![scope.account_id];
    let users: Vec<UserId> = rows.iter().filter_map(|row| row.device.user_id).map(UserId).collect();
    let lines: Vec<Line> = try_all::<LineColumns, _>(link.rows_in(LINES_OF_USERS, own, users).await?)?;
    let devices: Vec<DeviceId> = rows.iter().map(|row| DeviceId(row.device.id)).collect();
    let mut resyncs = resync::of_devices(link, scope.account_id, devices.clone()).await?;
    let seen: Vec<RegistrationColumns> = link.rows_in(REGISTRATIONS, values![scope.account_id, now], devices).await?;
    let mut registrations: BTreeMap<Uuid, Vec<Registration>> = BTreeMap::new();
    for row in seen {
        registrations.entry(row.device_id).or_default().push(Registration {
            transport: row.transport,
            source: row.source,
            user_agent: row.user_agent,
            registered_at: instant(row.registered_at),
        });
    }
    let mut detail = |row: SeenColumns| {
        let user = user_name(row.device.user_id, row.first_name, row.last_name, row.extension);
        let fetch = row.fetched_at.map(|at| Fetch {
            at: instant(at),
            from: row.fetched_from.unwrap_or_default(),
            user_agent: row.fetched_by.unwrap_or_default(),
        });
        let device = Device::try_from(row.device)?;
        let own = lines.iter().find(|line| line.device_id == device.id);
        let license = row.voice_license_id.and_then(|id| catalogue.license_type(LicenseTypeId(id)));
        let limit = license.and_then(DeviceLimit::of).zip(own).filter(|(limit, line)| {
            let of_user = lines.iter().filter(|other| other.user_id == line.user_id);
            limit.beyond(of_user.map(|line| line.id)).contains(&line.id)
        });
        Ok(DeviceDetail {
            beyond: limit.map(|(limit, _)| limit),
            line: own.cloned(),
            user,
            fetch,
            registrations: registrations.get(&device.id.0).cloned().unwrap_or_default(),
            last_registered_at: row.last_registered_at.map(instant),
            resync: resyncs.remove(&device.id),
            device,
        })
    };
    rows.into_iter().map(&mut detail).collect()
}

fn condition(scope: &Scope, filter: &DeviceFilter) -> Condition {
    let mut condition = Condition::new(values![scope.account_id]);
    let search = fold(&search_text(&filter.search));
    let digits: String = search.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    let like_mac = digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if like_mac {
        condition.and_each(BEGINS_MAC, [digits.as_str().into(), search::past(&digits).into()]);
    } else if !search.is_empty() {
        let past = search::past(&search);
        condition.and_each(BEGINS, [search.into(), past.into()]);
    }
    condition.and_if(OF_MODEL, filter.model.as_deref());
    match filter.assigned {
        Some(true) => condition.and_plain(ASSIGNED),
        Some(false) => condition.and_plain(UNASSIGNED),
        None => {}
    }
    condition
}

impl Store {
    /// By label, then model.
    pub async fn devices(&self, scope: &Scope, filter: &DeviceFilter) -> Result<Page<DeviceRow>, StoreError> {
        let condition = condition(scope, filter);
        let mut link = self.listing().await?;
        let total = Total::capped(&mut link, COUNT, &condition).await?;
        let rows: Vec<ListedDevice> =
            link.rows(condition.page(LISTED, BY_TITLE, filter.page), condition.values.clone()).await?;
        Ok(total.page(rows.into_iter().map(DeviceRow::from).collect(), filter.page))
    }

    /// Registrations come with their end; those past it stand there until they are swept.
    pub async fn device(&self, scope: &Scope, id: DeviceId) -> Result<Option<DeviceDetail>, StoreError> {
        let mut link = self.snapshot().await?;
        let rows: Vec<SeenColumns> = link.rows(LOOKED_AT, values![scope.account_id, id]).await?;
        let catalogue = self.catalogue_on(&mut link).await?;
        Ok(details(&mut link, scope, &catalogue, rows, DateTime::UNIX_EPOCH).await?.pop())
    }
}
