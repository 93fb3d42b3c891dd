//! The operator's trunks: planned anew within the transaction that writes them, as everything is, but in no account.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lineside_model::account::AccountNumber;
use lineside_model::change::ChangeRequest;
use lineside_model::journal::Actor;
use lineside_model::operator_journal::OperatorStep;
use lineside_model::operator_trunk::{OperatorTrunks, named};
use lineside_model::plan::{Fingerprint, Plan, Record, plan_operator_trunk};
use lineside_model::trunk::Trunk;

use crate::connection::Connection;
use crate::engine::Tries;
use crate::operator_journal::{self, Written};
use crate::trunk::TrunkColumns;
use crate::value::{json, parse, try_all, values};
use crate::{Applied, Store, StoreError};

const TRUNKS: &str = "
    SELECT id, account_id, version, settings, serves, password, created_at FROM trunk
    WHERE account_id IS NULL ORDER BY id";
const ACCOUNTS: &str = "SELECT number FROM account WHERE number IN (...)";
const SAVE: &str = "
    INSERT INTO trunk (id, account_id, version, settings, serves, password, created_at)
    VALUES ($1, NULL, $2, $3, $4, $5, $6)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, settings = excluded.settings, serves = excluded.serves,
        password = excluded.password
    WHERE trunk.account_id IS NULL AND trunk.version = excluded.version - 1";
const DELETE: &str = "DELETE FROM trunk WHERE account_id IS NULL AND id = $1 AND version = $2";

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[TRUNKS, ACCOUNTS, SAVE, DELETE];

impl Store {
    /// In the order in which they are tried.
    pub async fn operator_trunks(&self) -> Result<Vec<Trunk>, StoreError> {
        let mut trunks = trunks(&mut self.reader().await?).await?;
        trunks.sort_by_key(|trunk| (trunk.settings.priority, trunk.id));
        Ok(trunks)
    }

    pub async fn plan_operator_trunk(&self, request: &ChangeRequest, now: DateTime<Utc>) -> Result<Plan, StoreError> {
        let facts = facts(&mut self.snapshot().await?, request).await?;
        Ok(plan_operator_trunk(&facts, request, now))
    }

    /// As [`Self::apply_sent`], for the operator's own.
    pub async fn apply_operator_trunk(
        &self,
        actor: &Actor,
        request: &ChangeRequest,
        sent: Option<&str>,
        expected: Option<&Fingerprint>,
        now: DateTime<Utc>,
    ) -> Result<Applied, StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            let applied = try_apply(&mut link, actor, request, sent, expected, now).await;
            if let Some(applied) = tries.settle(link, applied).await? {
                return Ok(applied);
            }
        }
    }
}

async fn trunks(link: &mut Connection) -> Result<Vec<Trunk>, StoreError> {
    try_all(link.rows::<TrunkColumns>(TRUNKS, values![]).await?)
}

async fn facts(link: &mut Connection, request: &ChangeRequest) -> Result<OperatorTrunks, StoreError> {
    let trunks = trunks(link).await?;
    let kept = trunks.iter().flat_map(|trunk| &trunk.serves).flat_map(|serves| serves.numbers().cloned());
    let wanted: BTreeSet<AccountNumber> = named(&request.change).into_iter().chain(kept).collect();
    let found: Vec<(String,)> = link.rows_in(ACCOUNTS, values![], wanted.iter().map(AccountNumber::as_str)).await?;
    let read = |(number,): (String,)| parse("an account's number", &number);
    Ok(OperatorTrunks { trunks, accounts: found.into_iter().map(read).collect::<Result<_, _>>()? })
}

async fn try_apply(
    link: &mut Connection,
    actor: &Actor,
    request: &ChangeRequest,
    sent: Option<&str>,
    expected: Option<&Fingerprint>,
    now: DateTime<Utc>,
) -> Result<Applied, StoreError> {
    if operator_journal::knows(link, request.id).await? {
        return Ok(Applied::Before);
    }
    let plan = plan_operator_trunk(&facts(link, request).await?, request, now);
    if expected.is_some_and(|expected| *expected != plan.fingerprint()) {
        return Ok(Applied::Moved(plan));
    }
    if plan.blocked() {
        return Ok(Applied::Blocked(plan));
    }
    let entry = Written {
        request: sent,
        steps: plan.steps.iter().map(OperatorStep::from).collect(),
        ..Written::event(request.id, now, request.change.action(), &plan.summary)
    };
    if !operator_journal::write(link, actor, entry).await? {
        return Ok(Applied::Before);
    }
    for step in &plan.steps {
        let written = match (&step.before, &step.after) {
            (before, Some(Record::Trunk(trunk))) => {
                let version = before.as_ref().map_or(1, |before| before.version() + 1);
                let (settings, serves) = (json(&trunk.settings)?, trunk.serves.clone().map(String::from));
                let password = trunk.password.as_ref();
                link.execute(SAVE, values![trunk.id, version, settings, serves, password, trunk.created_at]).await?
            }
            (Some(Record::Trunk(trunk)), None) => link.execute(DELETE, values![trunk.id, trunk.version]).await?,
            _ => continue,
        };
        if written == 0 {
            return Err(StoreError::Busy);
        }
    }
    Ok(Applied::Done(plan))
}
