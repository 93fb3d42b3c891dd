//! Locations, listed.

use lineside_model::id::LocationId;
use lineside_model::journal::Scope;
use lineside_model::list::LocationRow;

use crate::{Store, StoreError};

impl Store {
    /// By name.
    pub async fn locations(&self, scope: &Scope) -> Result<Vec<LocationRow>, StoreError> {
        todo!()
    }

    pub async fn location(&self, scope: &Scope, id: LocationId) -> Result<Option<LocationRow>, StoreError> {
        todo!()
    }
}
