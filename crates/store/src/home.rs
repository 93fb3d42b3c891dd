//! What Home and the rail show.

use lineside_model::journal::Scope;
use lineside_model::list::{Home, RailCounts};

use crate::{Store, StoreError};

impl Store {
    pub async fn home(&self, scope: &Scope) -> Result<Option<Home>, StoreError> {
        todo!()
    }

    pub async fn rail_counts(&self, scope: &Scope) -> Result<RailCounts, StoreError> {
        todo!()
    }
}
