//! Devices that ask for their configuration.

use chrono::{DateTime, Utc};
use lineside_model::account::Account;
use lineside_model::device::{Device, Line};
use lineside_model::device_limit;
use lineside_model::id::{ChangeId, LicenseTypeId};
use lineside_model::journal::{Actor, Scope};
use lineside_model::location::Location;
use lineside_model::time_zone::TimeZone;
use lineside_model::user::User;
use uuid::Uuid;

use super::{BY_HASH, DeviceColumns, FETCHED, VOICE};
use crate::connection::Connection;
use crate::engine::Tries;
use crate::journal::Written;
use crate::line::{LINE_OF_DEVICE, LINES_OF_USERS, LineColumns};
use crate::location::{LOCATIONS_BY_ID, LocationColumns};
use crate::resync::FETCHED_BY_ITSELF;
use crate::user::{USERS_BY_ID, UserColumns};
use crate::value::{try_all, values};
use crate::{Store, StoreError, account, journal};

/// A device that asks for its configuration, with all that goes into it.
#[derive(Debug, Clone)]
pub struct ProvisionedDevice {
    pub account: Account,
    pub device: Device,
    pub line: Option<Line>,
    pub user: Option<User>,
    /// Those of its lamp keys' colleagues who are there still, in the order of the keys.
    pub colleagues: Vec<User>,
    /// The user's own, the location's, or the account's.
    pub time_zone: TimeZone,
    /// The user has an active Voice license, which allows this device too, and is not suspended.
    pub voice: bool,
}

impl Store {
    /// By the SHA-256 of the secret in its address; over all accounts, since the address is all that a phone knows.
    pub async fn device_by_provisioning_hash(&self, hash: &[u8]) -> Result<Option<ProvisionedDevice>, StoreError> {
        let mut link = self.snapshot().await?;
        let Some(row) = link.row::<DeviceColumns>(BY_HASH, values![hash]).await? else { return Ok(None) };
        let device = Device::try_from(row)?;
        let Some(account) = account::load(&mut link, device.account_id).await? else { return Ok(None) };
        let own = values![device.account_id];
        let users: Vec<UserColumns> = link.rows_in(USERS_BY_ID, own.clone(), device.user_id).await?;
        let user: Option<User> = try_all(users)?.pop();
        let ids = device.lamp_keys.iter().copied();
        let mut colleagues: Vec<User> =
            try_all::<UserColumns, _>(link.rows_in(USERS_BY_ID, own.clone(), ids.clone()).await?)?;
        colleagues.retain(|user| !user.is_deleted());
        colleagues.sort_by_key(|user| ids.clone().position(|id| id == user.id));
        let credentials = link.row::<LineColumns>(LINE_OF_DEVICE, values![device.account_id, device.id]).await?;
        let at = user.as_ref().and_then(|user| user.profile.location_id);
        let locations: Vec<LocationColumns> = link.rows_in(LOCATIONS_BY_ID, own, at).await?;
        let location: Option<Location> = try_all(locations)?.pop();
        let time_zone = user
            .as_ref()
            .and_then(|user| user.profile.time_zone)
            .or_else(|| location.map(|location| location.site.time_zone))
            .unwrap_or(account.settings.time_zone);
        let credentials = credentials.map(Line::try_from).transpose()?;
        let voice = self.has_voice(&mut link, &device, credentials.as_ref()).await?;
        Ok(Some(ProvisionedDevice { account, device, line: credentials, user, colleagues, time_zone, voice }))
    }

    /// Whether the device's user has a Voice license that allows this device too.
    async fn has_voice(&self, link: &mut Connection, device: &Device, own: Option<&Line>) -> Result<bool, StoreError> {
        let held: Option<(Uuid,)> = link.row(VOICE, values![device.account_id, device.user_id]).await?;
        let (Some((license,)), Some(own)) = (held, own) else { return Ok(false) };
        let lines: Vec<LineColumns> = link.rows_in(LINES_OF_USERS, values![device.account_id], [own.user_id]).await?;
        let lines: Vec<Line> = try_all(lines)?;
        let catalogue = self.catalogue_on(link).await?;
        let license = catalogue.license_type(LicenseTypeId(license));
        Ok(!device_limit::beyond(license, lines.iter().map(|line| line.id)).contains(&own.id))
    }

    /// Remembers when and from where the configuration was fetched, and writes it to the journal under `entry`.
    pub async fn record_fetch(
        &self,
        device: &Device,
        entry: ChangeId,
        now: DateTime<Utc>,
        from: &str,
        user_agent: &str,
    ) -> Result<(), StoreError> {
        let actor = Actor { from: Some(from.to_owned()), ..Actor::system(&device.title()) };
        let scope = Scope { account_id: device.account_id, actor };
        let summary = format!("{} fetched its configuration", device.title());
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let written = async {
                link.execute(FETCHED, values![scope.account_id, device.id, now, from, user_agent]).await?;
                link.execute(FETCHED_BY_ITSELF, values![device.id, now]).await?;
                let event = Written::event(entry, now, "fetch_configuration", &summary);
                journal::write(&mut link, &scope, Written { user_id: device.user_id, ..event }).await
            };
            let written = written.await;
            if tries.settle(link, written).await?.is_some() {
                return Ok(());
            }
        }
    }
}
