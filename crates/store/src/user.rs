//! Users, listed and looked at.

use chrono::{DateTime, Utc};
use lineside_model::extension::{DialPlan, Extension};
use lineside_model::id::UserId;
use lineside_model::journal::Scope;
use lineside_model::list::{Page, UserDetail, UserFilter, UserRow};

use crate::{Store, StoreError};

impl Store {
    pub async fn users(
        &self,
        scope: &Scope,
        filter: &UserFilter,
        now: DateTime<Utc>,
    ) -> Result<Page<UserRow>, StoreError> {
        todo!()
    }

    pub async fn user(&self, scope: &Scope, id: UserId, now: DateTime<Utc>) -> Result<Option<UserDetail>, StoreError> {
        todo!()
    }

    /// The rows of these users, for a lamp that changed on an open page.
    pub async fn user_rows(
        &self,
        scope: &Scope,
        ids: &[UserId],
        now: DateTime<Utc>,
    ) -> Result<Vec<UserRow>, StoreError> {
        todo!()
    }

    /// The first extension of the dial plan that is free.
    pub async fn suggest_extension(&self, scope: &Scope, plan: &DialPlan) -> Result<Option<Extension>, StoreError> {
        todo!()
    }
}
