//! Departments, listed.

use lineside_model::journal::Scope;
use lineside_model::list::DepartmentRow;

use crate::{Store, StoreError};

impl Store {
    /// By name.
    pub async fn departments(&self, scope: &Scope) -> Result<Vec<DepartmentRow>, StoreError> {
        todo!()
    }
}
