//! The operator's tracks and license types.

use lineside_model::license::Catalogue;

use crate::{Store, StoreError};

impl Store {
    pub async fn catalogue(&self) -> Result<Catalogue, StoreError> {
        todo!()
    }

    /// Writes the catalogue when there is none yet.
    pub async fn install_catalogue(&self, catalogue: &Catalogue) -> Result<(), StoreError> {
        todo!()
    }
}
