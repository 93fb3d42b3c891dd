//! Saved views of the list of users, one's own and shared, and the columns that somebody chose. They show, and change nothing
//! of the account.

use lineside_model::field::FieldErrors;
use lineside_model::id::{UserId, ViewId};
use lineside_model::journal::Scope;
use lineside_model::text::Name;
use lineside_model::user_view::{UserColumn, UserView, VIEWS_MAX, Viewed};

use crate::{Caller, Service, ServiceError};

impl Service {
    /// By name: one's own, and those that others share.
    pub async fn user_views(&self, caller: &Caller) -> Result<Vec<UserView>, ServiceError> {
        let (scope, user) = administrator(caller)?;
        Ok(self.store().user_views(&scope, user).await?)
    }

    pub async fn user_view(&self, caller: &Caller, id: ViewId) -> Result<UserView, ServiceError> {
        let (scope, user) = administrator(caller)?;
        self.store().user_view(&scope, user, id).await?.ok_or(ServiceError::NotFound)
    }

    /// Under a name that one has already, it takes that view's place.
    pub async fn save_user_view(
        &self,
        caller: &Caller,
        name: &str,
        shared: bool,
        mut viewed: Viewed,
    ) -> Result<UserView, ServiceError> {
        let (scope, user_id) = administrator(caller)?;
        let mut errors = FieldErrors::default();
        let name = errors.take("name", Name::parse(name));
        let name = errors.into_result(name)?;
        viewed.filter.page = 1;
        let (id, created_at) = (ViewId(self.new_uuid()), self.now());
        let view = UserView { id, user_id, name, shared, viewed, created_at };
        let most = i64::try_from(VIEWS_MAX).unwrap_or(i64::MAX);
        let id = self.store().save_user_view(&scope, &view, most, self.new_change_id()).await?.ok_or_else(|| {
            ServiceError::field("name", format!("you have {VIEWS_MAX} views; remove one that you no longer use"))
        })?;
        Ok(UserView { id, ..view })
    }

    /// One's own; of those that are shared, any administrator's.
    pub async fn remove_user_view(&self, caller: &Caller, id: ViewId) -> Result<(), ServiceError> {
        let view = self.user_view(caller, id).await?;
        let (scope, _) = administrator(caller)?;
        let removed = self.store().remove_user_view(&scope, &view, self.new_change_id(), self.now()).await?;
        if removed { Ok(()) } else { Err(ServiceError::NotFound) }
    }

    pub async fn user_columns(&self, caller: &Caller) -> Result<Vec<UserColumn>, ServiceError> {
        let (scope, user) = administrator(caller)?;
        let chosen = self.store().user_columns(&scope, user).await?;
        Ok(chosen.unwrap_or_else(|| UserColumn::DEFAULT.to_vec()))
    }

    pub async fn choose_user_columns(&self, caller: &Caller, columns: &[UserColumn]) -> Result<(), ServiceError> {
        let (scope, user) = administrator(caller)?;
        Ok(self.store().choose_user_columns(&scope, user, columns).await?)
    }
}

fn administrator(caller: &Caller) -> Result<(Scope, UserId), ServiceError> {
    let (scope, user) = caller.own_scope()?;
    if caller.administers() { Ok((scope, user)) } else { Err(ServiceError::NotFound) }
}
