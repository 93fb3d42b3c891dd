//! Calls for help, and each user's last test of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lineside_model::device::Device;
use lineside_model::directory::DirectoryUser;
use lineside_model::e911::{Confirmation, E911Address};
use lineside_model::emergency::{EmergencyCall, EmergencyReadiness, EmergencyTest, SeenCall};
use lineside_model::id::{CallId, ChangeId, UserId};
use lineside_model::journal::Scope;
use lineside_model::list::{Page, UserFilter};
use lineside_model::location::{EmergencyContact, Site};
use lineside_model::mail::Mail;
use sqlx::FromRow;
use uuid::Uuid;

use crate::device::{DEVICES_OF_USERS, DeviceColumns};
use crate::e911::{E911_OF_USERS, E911Columns};
use crate::mail::Event;
use crate::value::{from_json, instant, json, try_all, values};
use crate::{Store, StoreError};

const SAVE_CALL: &str = "
    INSERT INTO emergency_call (id, account_id, user_id, called_at, told) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO NOTHING";
const CALLS: &str = "
    SELECT told, seen_at, seen_by FROM emergency_call WHERE account_id = $1 ORDER BY called_at DESC, id DESC LIMIT $2";
const SEE: &str = "
    UPDATE emergency_call SET seen_at = $3, seen_by = $4 WHERE account_id = $1 AND id = $2 AND seen_at IS NULL";
const CALL: &str = "SELECT told, seen_at, seen_by FROM emergency_call WHERE account_id = $1 AND id = $2";
const SAVE_TEST: &str = "
    INSERT INTO emergency_test (user_id, account_id, told) VALUES ($1, $2, $3)
    ON CONFLICT (user_id) DO UPDATE SET told = excluded.told WHERE emergency_test.account_id = excluded.account_id";
const TEST: &str = "SELECT told FROM emergency_test WHERE account_id = $1 AND user_id = $2";
const TESTS_OF_USERS: &str = "SELECT user_id, told FROM emergency_test WHERE account_id = $1 AND user_id IN (...)";
const SITE_OF_USER: &str = "
    SELECT l.site FROM account_user u JOIN location l ON l.id = u.location_id WHERE u.account_id = $1 AND u.id = $2";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[SAVE_CALL, CALLS, SEE, CALL, SAVE_TEST, TEST, TESTS_OF_USERS, SITE_OF_USER];

#[derive(FromRow)]
struct CallColumns {
    told: String,
    seen_at: Option<i64>,
    seen_by: Option<String>,
}

impl TryFrom<CallColumns> for SeenCall {
    type Error = StoreError;

    fn try_from(row: CallColumns) -> Result<Self, StoreError> {
        let seen = row.seen_at.map(|at| (instant(at), row.seen_by.unwrap_or_default()));
        Ok(Self { call: from_json("an emergency call", &row.told)?, seen })
    }
}

impl Store {
    /// The call, its journal entry and the mails that tell of it, together and once. False: it was told before.
    pub async fn emergency_called(
        &self,
        scope: &Scope,
        id: ChangeId,
        call: &EmergencyCall,
        summary: &str,
        mails: &[Mail],
    ) -> Result<bool, StoreError> {
        let told = json(call)?;
        let row = values![call.call, call.account, call.user, call.at, told];
        let event = Event { id, at: call.at, action: "emergency_call", summary, user_id: Some(call.user) };
        self.raise(scope, &event, mails, Some((SAVE_CALL, row))).await
    }

    /// The newest first.
    pub async fn emergency_calls(&self, scope: &Scope, limit: i64) -> Result<Vec<SeenCall>, StoreError> {
        try_all(self.reader().await?.rows::<CallColumns>(CALLS, values![scope.account_id, limit]).await?)
    }

    pub async fn emergency_call(&self, scope: &Scope, id: CallId) -> Result<Option<SeenCall>, StoreError> {
        let row = self.reader().await?.row::<CallColumns>(CALL, values![scope.account_id, id]).await?;
        row.map(SeenCall::try_from).transpose()
    }

    /// Somebody has seen it; the first who did stays.
    pub async fn see_emergency_call(
        &self,
        scope: &Scope,
        id: CallId,
        at: DateTime<Utc>,
        by: &str,
    ) -> Result<(), StoreError> {
        self.writer().await?.execute(SEE, values![scope.account_id, id, at, by]).await?;
        Ok(())
    }

    pub async fn save_emergency_test(
        &self,
        scope: &Scope,
        user: UserId,
        test: &EmergencyTest,
    ) -> Result<(), StoreError> {
        self.writer().await?.execute(SAVE_TEST, values![user, scope.account_id, json(test)?]).await?;
        Ok(())
    }

    pub async fn emergency_test(&self, scope: &Scope, user: UserId) -> Result<Option<EmergencyTest>, StoreError> {
        let row: Option<(String,)> = self.reader().await?.row(TEST, values![scope.account_id, user]).await?;
        row.map(|(told,)| from_json("an emergency test", &told)).transpose()
    }

    /// A page of users with what help would be told of each.
    pub async fn emergency_readiness(
        &self,
        scope: &Scope,
        filter: &UserFilter,
        now: DateTime<Utc>,
    ) -> Result<Page<EmergencyReadiness>, StoreError> {
        let page = self.users(scope, filter, now).await?;
        let ids: Vec<UserId> = page.rows.iter().map(|row| row.id).collect();
        let found = self.directory_users(&ids).await?.into_iter();
        let mut found: BTreeMap<UserId, DirectoryUser> = found.map(|found| (found.user.user_id, found.user)).collect();
        let mut link = self.snapshot().await?;
        let own = || values![scope.account_id];
        let addresses: Vec<E911Address> =
            try_all::<E911Columns, _>(link.rows_in(E911_OF_USERS, own(), ids.iter().copied()).await?)?;
        let mut confirmed: BTreeMap<UserId, Confirmation> =
            addresses.into_iter().filter_map(|e911| Some((e911.user_id, e911.confirmed?))).collect();
        let devices: Vec<Device> =
            try_all::<DeviceColumns, _>(link.rows_in(DEVICES_OF_USERS, own(), ids.iter().copied()).await?)?;
        let tests: Vec<(Uuid, String)> = link.rows_in(TESTS_OF_USERS, own(), ids.iter().copied()).await?;
        let read = |(user, told): (Uuid, String)| Ok((UserId(user), from_json("an emergency test", &told)?));
        let mut tests: BTreeMap<UserId, EmergencyTest> =
            tests.into_iter().map(read).collect::<Result<_, StoreError>>()?;
        Ok(page.map(|user| {
            let of_user = devices.iter().filter(|device| device.user_id == Some(user.id));
            let directory = found.remove(&user.id);
            EmergencyReadiness {
                devices: of_user.map(|device| (device.id, device.title())).collect(),
                callback: directory.as_ref().and_then(|found| found.callback().cloned()),
                place: directory.and_then(|found| found.emergency),
                confirmed: confirmed.remove(&user.id),
                test: tests.remove(&user.id),
                user,
            }
        }))
    }

    /// Who is told on site when this user calls for help.
    pub async fn emergency_contacts(&self, scope: &Scope, user: UserId) -> Result<Vec<EmergencyContact>, StoreError> {
        let row: Option<(String,)> = self.reader().await?.row(SITE_OF_USER, values![scope.account_id, user]).await?;
        let site: Option<Site> = row.map(|(site,)| from_json("a location", &site)).transpose()?;
        Ok(site.map(|site| site.emergency_contacts).unwrap_or_default())
    }
}
