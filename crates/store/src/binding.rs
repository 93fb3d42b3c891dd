//! Registered contacts, kept so that phones stay reachable over a restart.

use chrono::{DateTime, Utc};
use lineside_model::directory::{Binding, RegistrationChange};

use crate::{Store, StoreError};

impl Store {
    /// Writes a batch behind the registrar, in one transaction; changes of lines that are gone are passed over. Keeps each
    /// user's and device's registered state current.
    pub async fn save_bindings(&self, changes: &[RegistrationChange], now: DateTime<Utc>) -> Result<(), StoreError> {
        todo!()
    }

    /// Those not yet expired.
    pub async fn bindings(&self, now: DateTime<Utc>) -> Result<Vec<Binding>, StoreError> {
        todo!()
    }

    /// Removes what expired while nobody was there to see it.
    pub async fn expire_bindings(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        todo!()
    }
}
