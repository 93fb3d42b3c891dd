//! Forwarding.

use std::collections::{BTreeMap, BTreeSet};

use lineside_model::forwarding::Forwarding;
use lineside_model::id::{AccountId, UserId};
use lineside_model::journal::Scope;
use lineside_model::plan::{Plan, Record};
use sqlx::FromRow;
use uuid::Uuid;

use crate::connection::Connection;
use crate::record::Stored;
use crate::value::{Value, from_json, json, values};
use crate::{Store, StoreError};

pub(crate) const FORWARDING_OF_USERS: &str =
    "SELECT user_id, account_id, version, rules FROM forwarding WHERE account_id = $1 AND user_id IN (...)";
const SAVE_FORWARDING: &str = "
    INSERT INTO forwarding (user_id, account_id, version, rules) VALUES (...)
    ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, rules = excluded.rules
    WHERE forwarding.account_id = excluded.account_id AND forwarding.version = excluded.version - 1";
/// Who sends calls where, to be found from there.
const FORGET_TARGETS: &str = "DELETE FROM forwards_to WHERE account_id = $1 AND user_id IN (...)";
const ADD_TARGETS: &str = "INSERT INTO forwards_to (account_id, target, user_id) VALUES (...)";
const DELETE_FORWARDING: &str = "DELETE FROM forwarding WHERE account_id = $1 AND user_id IN (...)";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] =
    &[FORWARDING_OF_USERS, SAVE_FORWARDING, DELETE_FORWARDING, FORGET_TARGETS, ADD_TARGETS];

#[derive(FromRow)]
pub(crate) struct ForwardingColumns {
    user_id: Uuid,
    account_id: Uuid,
    version: i64,
    rules: String,
}

impl TryFrom<ForwardingColumns> for Forwarding {
    type Error = StoreError;

    fn try_from(row: ForwardingColumns) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: UserId(row.user_id),
            account_id: AccountId(row.account_id),
            version: row.version,
            rules: from_json("forwarding", &row.rules)?,
        })
    }
}

impl Stored for Forwarding {
    const SAVE: &'static str = SAVE_FORWARDING;
    const DELETE: &'static str = DELETE_FORWARDING;

    fn of(record: &Record) -> Option<&Self> {
        if let Record::Forwarding(forwarding) = record { Some(forwarding) } else { None }
    }

    fn values(&self, version: i64) -> Result<Vec<Value>, StoreError> {
        Ok(values![self.user_id, self.account_id, version, json(&self.rules)?])
    }
}

/// What other tables repeat of the rules that changed.
pub(crate) async fn follow(link: &mut Connection, account: AccountId, plan: &Plan) -> Result<(), StoreError> {
    let mut rules: BTreeMap<UserId, BTreeSet<String>> = BTreeMap::new();
    for step in &plan.steps {
        let Some(Record::Forwarding(forwarding)) = step.record() else { continue };
        let targets = forwarding.rules.set().filter(|_| step.after.is_some());
        rules.insert(forwarding.user_id, targets.map(|(_, to)| to.as_str().to_owned()).collect());
    }
    link.execute_in(FORGET_TARGETS, values![account], rules.keys().copied()).await?;
    let rows = rules.iter().flat_map(|(user, targets)| targets.iter().map(|to| values![account, to.as_str(), *user]));
    link.write_rows(ADD_TARGETS, rows.collect()).await?;
    Ok(())
}

impl Store {
    /// `None`: nothing is forwarded.
    pub async fn forwarding(&self, scope: &Scope, user: UserId) -> Result<Option<Forwarding>, StoreError> {
        let rows: Vec<ForwardingColumns> =
            self.reader().await?.rows_in(FORWARDING_OF_USERS, values![scope.account_id], [user]).await?;
        rows.into_iter().next().map(Forwarding::try_from).transpose()
    }
}
