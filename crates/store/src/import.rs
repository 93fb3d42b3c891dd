//! Files of users: where each stands, and users as a file lists them.

use std::collections::BTreeMap;

use lineside_model::facts::{Facts, Needs};
use lineside_model::id::{ImportId, UserId};
use lineside_model::import::{ImportJob, Key};
use lineside_model::journal::Scope;
use lineside_model::user::Profile;
use uuid::Uuid;

use crate::value::{from_json, json, values};
use crate::{Store, StoreError, facts};

const ADD: &str =
    "INSERT INTO import (id, account_id, version, created_at, state, document) VALUES ($1, $2, 1, $3, $4, $5)
    ON CONFLICT (id) DO NOTHING";
/// Only over the version that was read: of two that start one import, one does.
const SAVE: &str = "
    UPDATE import SET version = version + 1, state = $4, document = $5
    WHERE account_id = $1 AND id = $2 AND version = $3";
const IMPORT: &str = "SELECT version, document FROM import WHERE account_id = $1 AND id = $2";
const IMPORTS: &str =
    "SELECT version, document FROM import WHERE account_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2";
/// Those that wait to be applied.
pub(crate) const PENDING: &str = "
    SELECT version, document FROM import WHERE account_id = $1 AND state = 'planned' ORDER BY created_at DESC, id DESC
    LIMIT 5";
const ALL_USERS: &str =
    "SELECT id FROM account_user WHERE account_id = $1 AND state <> 'deleted' ORDER BY sort_key, id";
const KEYS: &str =
    "SELECT id, username, extension, profile FROM account_user WHERE account_id = $1 AND state <> 'deleted'";
const DEVICES: &str = "
    SELECT d.model, d.mac, d.label, u.username FROM device d
    LEFT JOIN account_user u ON u.account_id = d.account_id AND u.id = d.user_id
    WHERE d.account_id = $1 AND d.mac IS NOT NULL ORDER BY d.mac";
const NUMBERS: &str = "
    SELECT n.number, n.kind, l.name, u.username FROM phone_number n
    LEFT JOIN location l ON l.account_id = n.account_id AND l.id = n.location_id
    LEFT JOIN account_user u ON u.account_id = n.account_id AND u.id = n.user_id
    WHERE n.account_id = $1 ORDER BY n.digits";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ADD, SAVE, IMPORT, IMPORTS, PENDING, ALL_USERS, KEYS, DEVICES, NUMBERS];

pub type DeviceCells = (String, String, Option<String>, Option<String>);
pub type NumberCells = (String, String, Option<String>, Option<String>);

impl Store {
    pub async fn add_import(&self, scope: &Scope, job: &ImportJob) -> Result<(), StoreError> {
        let values = values![job.id.0, scope.account_id, job.created_at, job.state.as_str(), json(job)?];
        self.writer().await?.execute(ADD, values).await?;
        Ok(())
    }

    /// False when somebody else went on with it meanwhile.
    pub async fn save_import(&self, scope: &Scope, job: &mut ImportJob) -> Result<bool, StoreError> {
        let values = values![scope.account_id, job.id.0, job.version, job.state.as_str(), json(job)?];
        let saved = self.writer().await?.execute(SAVE, values).await? == 1;
        job.version += i64::from(saved);
        Ok(saved)
    }

    pub async fn import(&self, scope: &Scope, id: ImportId) -> Result<Option<ImportJob>, StoreError> {
        let row: Option<(i64, String)> = self.reader().await?.row(IMPORT, values![scope.account_id, id.0]).await?;
        row.map(job).transpose()
    }

    /// The newest first.
    pub async fn imports(&self, scope: &Scope, limit: i64) -> Result<Vec<ImportJob>, StoreError> {
        let rows: Vec<(i64, String)> = self.reader().await?.rows(IMPORTS, values![scope.account_id, limit]).await?;
        rows.into_iter().map(job).collect()
    }

    /// All users, in the order of lists.
    pub async fn all_users(&self, scope: &Scope) -> Result<Vec<UserId>, StoreError> {
        let rows: Vec<(Uuid,)> = self.reader().await?.rows(ALL_USERS, values![scope.account_id]).await?;
        Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
    }

    /// Model, MAC address, label and username of each device that has a MAC address.
    pub async fn devices_for_file(&self, scope: &Scope) -> Result<Vec<DeviceCells>, StoreError> {
        self.reader().await?.rows(DEVICES, values![scope.account_id]).await
    }

    /// Number, kind, location's name and username of the whole inventory.
    pub async fn numbers_for_file(&self, scope: &Scope) -> Result<Vec<NumberCells>, StoreError> {
        self.reader().await?.rows(NUMBERS, values![scope.account_id]).await
    }

    /// By what a file's rows find each user, as it is now; empty where a user has none.
    pub async fn keys_of_users(&self, scope: &Scope, key: Key) -> Result<BTreeMap<UserId, String>, StoreError> {
        let rows: Vec<(Uuid, String, Option<String>, String)> =
            self.reader().await?.rows(KEYS, values![scope.account_id]).await?;
        let key_of = |(id, username, extension, profile): (Uuid, String, Option<String>, String)| {
            let text = match key {
                Key::Extension => extension.unwrap_or_default(),
                Key::Email => {
                    let profile: Profile = from_json("a profile", &profile)?;
                    profile.email.map(|email| email.to_string()).unwrap_or_default()
                }
                // Other keys are not of users.
                Key::Username | Key::Mac | Key::PhoneNumber | Key::Location => username,
            };
            Ok((UserId(id), text))
        };
        rows.into_iter().map(key_of).collect()
    }

    /// All that is known of these users, as planning sees it.
    pub async fn facts_of(&self, scope: &Scope, users: &[UserId]) -> Result<Facts, StoreError> {
        let mut link = self.snapshot().await?;
        let needs = Needs { users: users.iter().copied().collect(), all_places: true, ..Needs::default() };
        facts::load(self, &mut link, scope, needs).await
    }
}

pub(crate) fn job((version, document): (i64, String)) -> Result<ImportJob, StoreError> {
    let job: ImportJob = from_json("an import", &document)?;
    Ok(ImportJob { version, ..job })
}
