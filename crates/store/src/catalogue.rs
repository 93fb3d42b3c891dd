//! The operator's tracks and license types: one small document that every plan and list reads, so it is kept in memory
//! once it was read.

use std::sync::Arc;

use lineside_model::license::Catalogue;

use crate::connection::Connection;
use crate::value::{from_json, json, values};
use crate::{Store, StoreError};

const CATALOGUE: &str = "SELECT body FROM catalogue WHERE id = 1";
const INSTALL_CATALOGUE: &str = "INSERT INTO catalogue (id, body) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[CATALOGUE, INSTALL_CATALOGUE];

impl Store {
    pub async fn catalogue(&self) -> Result<Catalogue, StoreError> {
        match self.catalogue.get() {
            Some(catalogue) => Ok(Catalogue::clone(catalogue)),
            None => Ok(Catalogue::clone(&*self.catalogue_on(&mut self.reader().await?).await?)),
        }
    }

    /// Writes the catalogue when there is none yet.
    pub async fn install_catalogue(&self, catalogue: &Catalogue) -> Result<(), StoreError> {
        self.writer().await?.execute(INSTALL_CATALOGUE, values![json(catalogue)?]).await?;
        Ok(())
    }

    /// Without waiting for another connection.
    pub(crate) async fn catalogue_on(&self, link: &mut Connection) -> Result<Arc<Catalogue>, StoreError> {
        if let Some(catalogue) = self.catalogue.get() {
            return Ok(catalogue.clone());
        }
        let Some((body,)) = link.row::<(String,)>(CATALOGUE, values![]).await? else {
            return Ok(Arc::default());
        };
        let catalogue = Arc::new(from_json("the catalogue", &body)?);
        Ok(self.catalogue.get_or_init(|| catalogue).clone())
    }
}
