//! Devices, listed, and what was seen of them.

use chrono::{DateTime, Utc};
use lineside_model::account::Account;
use lineside_model::device::{Device, Line};
use lineside_model::id::DeviceId;
use lineside_model::journal::Scope;
use lineside_model::list::{DeviceDetail, DeviceFilter, DeviceRow, Page};
use lineside_model::time_zone::TimeZone;
use lineside_model::user::User;

use crate::{Store, StoreError};

/// A device that asks for its configuration, with all that goes into it.
#[derive(Debug, Clone)]
pub struct ProvisionedDevice {
    pub account: Account,
    pub device: Device,
    pub line: Option<Line>,
    pub user: Option<User>,
    /// The user's own, the location's, or the account's.
    pub time_zone: TimeZone,
    /// The user has an active Voice license and is not suspended.
    pub voice: bool,
}

impl Store {
    pub async fn devices(&self, scope: &Scope, filter: &DeviceFilter) -> Result<Page<DeviceRow>, StoreError> {
        todo!()
    }

    pub async fn device(&self, scope: &Scope, id: DeviceId) -> Result<Option<DeviceDetail>, StoreError> {
        todo!()
    }

    /// By the SHA-256 of the secret in its address; over all accounts, since the address is all that a phone knows.
    pub async fn device_by_provisioning_hash(&self, hash: &[u8]) -> Result<Option<ProvisionedDevice>, StoreError> {
        todo!()
    }

    /// Remembers when and from where the configuration was fetched, and writes it to the journal under `entry`.
    pub async fn record_fetch(
        &self,
        device: &Device,
        entry: lineside_model::id::ChangeId,
        now: DateTime<Utc>,
        from: &str,
        user_agent: &str,
    ) -> Result<(), StoreError> {
        todo!()
    }
}
