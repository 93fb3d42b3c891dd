//! Lists and records, each scoped to the account of who asks.

use std::collections::BTreeMap;

use lineside_model::account::Account;
use lineside_model::device::Device;
use lineside_model::extension::Extension;
use lineside_model::id::{ChangeId, DeviceId, LocationId, MailId, NumberId, UserId};
use lineside_model::journal::{JournalEntry, Steps};
use lineside_model::license::Seats;
use lineside_model::list::{
    DepartmentRow, DeviceDetail, DeviceFilter, DeviceRow, FreeNumber, Home, JournalFilter, LocationRow, NumberFilter,
    NumberRow, Page, RailCounts, UserDetail, UserFilter, UserRow,
};
use lineside_model::text::Name;
use lineside_model::user::UserState;
use lineside_model::username::Username;

use crate::{Caller, Service, ServiceError};

impl Service {
    pub async fn account(&self, caller: &Caller) -> Result<Account, ServiceError> {
        let (scope, _) = caller.own_scope()?;
        self.store().account(&scope).await?.ok_or(ServiceError::NotFound)
    }

    pub async fn home(&self, caller: &Caller) -> Result<Home, ServiceError> {
        self.store().home(&caller.scope()?).await?.ok_or(ServiceError::NotFound)
    }

    /// The caller's account, and what the rail beside every page counts.
    pub async fn rail(&self, caller: &Caller) -> Result<(Account, RailCounts), ServiceError> {
        let (scope, _) = caller.own_scope()?;
        self.store().rail(&scope).await?.ok_or(ServiceError::NotFound)
    }

    pub async fn users(&self, caller: &Caller, filter: &UserFilter) -> Result<Page<UserRow>, ServiceError> {
        Ok(self.store().users(&caller.scope()?, filter, self.now()).await?)
    }

    /// Whose calls light a phone's keys: those who are there still, in the order of the keys.
    pub async fn colleagues(&self, caller: &Caller, device: &Device) -> Result<Vec<UserRow>, ServiceError> {
        if device.lamp_keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = self.user_rows(caller, &device.lamp_keys).await?;
        rows.retain(|row| row.state != UserState::Deleted);
        rows.sort_by_key(|row| device.lamp_keys.iter().position(|id| *id == row.id));
        Ok(rows)
    }

    /// Who has these extensions.
    pub async fn holders_of(
        &self,
        caller: &Caller,
        extensions: &[Extension],
    ) -> Result<BTreeMap<Extension, UserId>, ServiceError> {
        Ok(self.store().holders_of(&caller.scope()?, extensions).await?)
    }

    pub async fn user_rows(&self, caller: &Caller, ids: &[UserId]) -> Result<Vec<UserRow>, ServiceError> {
        Ok(self.store().user_rows(&caller.scope()?, ids, self.now()).await?)
    }

    pub async fn user(&self, caller: &Caller, id: UserId) -> Result<UserDetail, ServiceError> {
        self.store().user(&caller.scope_of_user(id)?, id, self.now()).await?.ok_or(ServiceError::NotFound)
    }

    /// The caller's own page, whatever their role.
    pub async fn me(&self, caller: &Caller) -> Result<UserDetail, ServiceError> {
        let (scope, id) = caller.own_scope()?;
        self.store().user(&scope, id, self.now()).await?.ok_or(ServiceError::NotFound)
    }

    /// `firstname.lastname`, with a number when that is taken.
    pub async fn suggest_username(&self, caller: &Caller, first: &Name, last: &Name) -> Result<Username, ServiceError> {
        caller.scope()?;
        let base = Username::suggest(first, last, |_| false);
        let taken = self.store().usernames_beginning(&base.key()).await?;
        Ok(Username::suggest(first, last, |name| taken.iter().any(|other| other == name)))
    }

    pub async fn suggest_extension(&self, caller: &Caller) -> Result<Option<Extension>, ServiceError> {
        let scope = caller.scope()?;
        let account = self.account(caller).await?;
        Ok(self.store().suggest_extension(&scope, &account.settings.dial_plan).await?)
    }

    pub async fn free_numbers(
        &self,
        caller: &Caller,
        location: Option<LocationId>,
        search: &str,
        limit: i64,
    ) -> Result<Vec<FreeNumber>, ServiceError> {
        Ok(self.store().free_numbers(&caller.scope()?, location, search, limit).await?)
    }

    pub async fn locations(&self, caller: &Caller) -> Result<Vec<LocationRow>, ServiceError> {
        Ok(self.store().locations(&caller.scope()?).await?)
    }

    pub async fn location(&self, caller: &Caller, id: LocationId) -> Result<LocationRow, ServiceError> {
        self.store().location(&caller.scope()?, id).await?.ok_or(ServiceError::NotFound)
    }

    pub async fn departments(&self, caller: &Caller) -> Result<Vec<DepartmentRow>, ServiceError> {
        Ok(self.store().departments(&caller.scope()?).await?)
    }

    pub async fn numbers(&self, caller: &Caller, filter: &NumberFilter) -> Result<Page<NumberRow>, ServiceError> {
        Ok(self.store().numbers(&caller.scope()?, filter).await?)
    }

    pub async fn number(&self, caller: &Caller, id: NumberId) -> Result<NumberRow, ServiceError> {
        self.store().number(&caller.scope()?, id).await?.ok_or(ServiceError::NotFound)
    }

    pub async fn devices(&self, caller: &Caller, filter: &DeviceFilter) -> Result<Page<DeviceRow>, ServiceError> {
        Ok(self.store().devices(&caller.scope()?, filter).await?)
    }

    pub async fn device(&self, caller: &Caller, id: DeviceId) -> Result<DeviceDetail, ServiceError> {
        self.store().device(&caller.scope()?, id).await?.ok_or(ServiceError::NotFound)
    }

    pub async fn seats(&self, caller: &Caller) -> Result<Vec<Seats>, ServiceError> {
        Ok(self.store().seats(&caller.scope()?).await?)
    }

    pub async fn journal(&self, caller: &Caller, filter: &JournalFilter) -> Result<Page<JournalEntry>, ServiceError> {
        Ok(self.store().journal(&caller.scope()?, filter).await?)
    }

    /// The newest entries about a user.
    pub async fn newest_of_user(
        &self,
        caller: &Caller,
        user: UserId,
        limit: i64,
    ) -> Result<Vec<JournalEntry>, ServiceError> {
        Ok(self.store().newest_of_user(&caller.scope()?, user, limit).await?)
    }

    pub async fn journal_entry(
        &self,
        caller: &Caller,
        id: ChangeId,
        steps: Steps,
    ) -> Result<JournalEntry, ServiceError> {
        self.store().journal_entry(&caller.scope()?, id, steps).await?.ok_or(ServiceError::NotFound)
    }

    /// The fingerprint of the request by which this caller made a change, where it may be sent again; `None` within when it
    /// may not. `None`: there is no such change.
    pub async fn request_of(&self, caller: &Caller, id: ChangeId) -> Result<Option<Option<String>>, ServiceError> {
        let request = if caller.is_operator() {
            self.operator_entry(caller, id).await.map(|entry| entry.request)
        } else {
            // A User has no journal to read, and changes of their own all the same.
            let (scope, _) = caller.own_scope()?;
            return Ok(self.store().journal_entry(&scope, id, Steps::Page(1)).await?.map(|entry| entry.request));
        };
        match request {
            Ok(request) => Ok(Some(request)),
            Err(ServiceError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The change that took this one back last.
    pub async fn undone_by(&self, caller: &Caller, id: ChangeId) -> Result<Option<JournalEntry>, ServiceError> {
        Ok(self.store().undone_by(&caller.scope()?, id).await?)
    }

    /// Tries a failed or delayed mail again at once.
    pub async fn retry_mail(&self, caller: &Caller, user: UserId, id: MailId) -> Result<(), ServiceError> {
        let retried = self.store().retry_mail(&caller.scope()?, user, id, self.now()).await?;
        self.inner.mail_due.notify_one();
        if retried { Ok(()) } else { Err(ServiceError::NotFound) }
    }

    /// A new PIN, checked and hashed, for a change that sets it.
    pub async fn hash_pin(
        &self,
        pin: &str,
        extension: Option<&Extension>,
    ) -> Result<lineside_model::secret::Opaque, ServiceError> {
        let pin = lineside_auth::Pin::parse(pin.trim(), extension.map(Extension::as_str))
            .map_err(|error| ServiceError::field("pin", error))?;
        let hash = self.inner.hasher.hash(&pin, &mut *self.rng()).await?;
        Ok(lineside_model::secret::Opaque::new(hash.as_str().as_bytes().to_vec()))
    }
}
