//! Seats bought and used.

use lineside_model::journal::Scope;
use lineside_model::license::Seats;

use crate::{Store, StoreError};

impl Store {
    pub async fn seats(&self, scope: &Scope) -> Result<Vec<Seats>, StoreError> {
        todo!()
    }
}
