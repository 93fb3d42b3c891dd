//! The inventory, listed and offered.

use lineside_model::id::{LocationId, NumberId};
use lineside_model::journal::Scope;
use lineside_model::list::{FreeNumber, NumberFilter, NumberRow, Page};

use crate::{Store, StoreError};

impl Store {
    pub async fn numbers(&self, scope: &Scope, filter: &NumberFilter) -> Result<Page<NumberRow>, StoreError> {
        todo!()
    }

    pub async fn number(&self, scope: &Scope, id: NumberId) -> Result<Option<NumberRow>, StoreError> {
        todo!()
    }

    /// Free numbers, those in the location's area code first, then those at the location, then by number; whose digits hold
    /// `search`. At most `limit`.
    pub async fn free_numbers(
        &self,
        scope: &Scope,
        location: Option<LocationId>,
        search: &str,
        limit: i64,
    ) -> Result<Vec<FreeNumber>, StoreError> {
        todo!()
    }
}
