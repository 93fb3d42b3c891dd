//! The schedule: read by people, carried out on its day by a worker, rehearsed after each change, warned of.
//!
//! Several nodes may run the worker at once: what is due is found, planned and removed in one transaction, so a second
//! finds nothing left to do.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::{AccountId, LicenseTypeId, ScheduleEntryId};
use lineside_model::journal::{Actor, Scope};
use lineside_model::list::Page;
use lineside_model::plan::{Plan, Record};
use lineside_model::schedule_list::{ScheduleCounts, ScheduleDay, ScheduleFilter, ScheduleRow, SeatHolder};
use lineside_model::seat_timeline::SeatTimeline;

use crate::{Caller, Outcome, Service, ServiceError};

/// Under which name Lineside's own work stands in the journal.
const ACTOR: &str = "Schedule";
/// The longest sleep, so that a clock that was turned does not hold the schedule up.
const LONGEST_SLEEP: std::time::Duration = std::time::Duration::from_secs(30);
/// Accounts looked at in one round; the others come in the next.
const ACCOUNTS: i64 = 100;
/// Dates of one account carried out in one round: a machine that was off for months catches up date by date.
const DATES: usize = 400;
/// Users rehearsed in one transaction when the whole catalogue changed.
const USERS: i64 = 2_000;
/// So long, others leave such a part to the node that took it; should that die, they take it up.
const CLAIM: TimeDelta = TimeDelta::minutes(1);
/// Such parts in one round of the worker: what is due in other accounts need not wait for all of them.
const PARTS: usize = 20;
/// One settling may free what another entry waits for; this often, then the next round goes on.
const SETTLINGS: usize = 8;

impl Service {
    pub async fn schedule(&self, caller: &Caller, filter: &ScheduleFilter) -> Result<Page<ScheduleRow>, ServiceError> {
        Ok(self.store().schedule(&caller.scope()?, filter).await?)
    }

    pub async fn schedule_entry(&self, caller: &Caller, id: ScheduleEntryId) -> Result<ScheduleRow, ServiceError> {
        self.store().schedule_entry(&caller.scope()?, id).await?.ok_or(ServiceError::NotFound)
    }

    pub async fn schedule_days(
        &self,
        caller: &Caller,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Vec<ScheduleDay>, ServiceError> {
        Ok(self.store().schedule_days(&caller.scope()?, from, until).await?)
    }

    pub async fn schedule_counts(&self, caller: &Caller) -> Result<ScheduleCounts, ServiceError> {
        Ok(self.store().schedule_counts(&caller.scope()?).await?)
    }

    /// Each type's seats over time.
    pub async fn seat_timelines(&self, caller: &Caller) -> Result<BTreeMap<LicenseTypeId, SeatTimeline>, ServiceError> {
        Ok(self.store().seat_timelines(&caller.scope()?).await?)
    }

    /// Who holds seats of the type, those first whose phones have been silent for longest.
    pub async fn seat_holders(&self, caller: &Caller, license: LicenseTypeId) -> Result<Vec<SeatHolder>, ServiceError> {
        Ok(self.store().seat_holders(&caller.scope()?, license).await?)
    }

    /// Runs until the task is dropped.
    pub async fn run_scheduler(&self) {
        loop {
            if let Err(error) = self.keep_schedule().await {
                tracing::error!(%error, "the schedule can't be kept for now");
            }
            // An entry that is due again wakes the worker at once.
            let sleep = self.until_next_due().await;
            let _ = tokio::time::timeout(sleep, self.inner.schedule_due.notified()).await;
        }
    }

    async fn until_next_due(&self) -> std::time::Duration {
        let now = self.now();
        let due = self.store().next_due_at().await.ok().flatten();
        let due = due.and_then(|at| (at - now).to_std().ok());
        let rehearsal = self.store().next_rehearsal_at().await.ok().flatten();
        let rehearsal = rehearsal.map(|at| (at - now).to_std().unwrap_or_default());
        let wait = due.into_iter().chain(rehearsal).min().unwrap_or(LONGEST_SLEEP);
        wait.clamp(std::time::Duration::from_millis(500), LONGEST_SLEEP)
    }

    /// One round: carries out what is due, rehearses what a changed catalogue asks for, settles seats, and mails warnings. Returns how many changes it made.
    pub async fn keep_schedule(&self) -> Result<usize, ServiceError> {
        let now = self.now();
        let mut made = 0;
        for account in self.store().accounts_with_due(now, ACCOUNTS).await? {
            for _ in 0..DATES {
                if !apart(account, self.keep(account, Change::RunSchedule).await)? {
                    break;
                }
                made += 1;
            }
        }
        made += self.rehearse_claimed(PARTS).await?;
        for account in self.store().accounts_to_settle(ACCOUNTS).await? {
            made += apart(account, self.settle(account).await)?;
        }
        for account in self.store().accounts_with_numbers_due(now, ACCOUNTS).await? {
            made += usize::from(apart(account, self.keep(account, Change::ReleaseNumbers).await)?);
        }
        for account in self.store().accounts_to_warn(now, ACCOUNTS).await? {
            made += usize::from(apart(account, self.keep(account, Change::WarnOfSchedule).await)?);
        }
        Ok(made)
    }

    /// One of Lineside's own changes; false when there was nothing to do.
    async fn keep(&self, account_id: AccountId, change: Change) -> Result<bool, ServiceError> {
        let scope = Scope { account_id, actor: Actor::system(ACTOR) };
        let request = ChangeRequest { id: self.new_change_id(), change };
        match Box::pin(self.apply_in(&scope, &request, None)).await? {
            Outcome::Done { plan, .. } => Ok(!plan.steps.is_empty()),
            Outcome::Before => Ok(false),
            Outcome::Blocked(plan) | Outcome::Moved(plan) => {
                tracing::error!(%account_id, blockers = ?plan.blockers, "the schedule is blocked");
                Ok(false)
            }
        }
    }

    async fn settle(&self, account: AccountId) -> Result<usize, ServiceError> {
        for settled in 0..SETTLINGS {
            if !self.keep(account, Change::Rehearse { user_ids: Vec::new() }).await? {
                return Ok(settled);
            }
        }
        Ok(SETTLINGS)
    }

    /// After a change that moved seats or entries: who waits for a seat may have one now.
    pub(crate) async fn settle_after(&self, account: AccountId, plan: &Plan) {
        let moved = |record: &Option<Record>| matches!(record, Some(Record::Seats(_) | Record::ScheduleEntry(_)));
        let seats = !plan.seats.is_empty() || plan.steps.iter().any(|step| moved(&step.before) || moved(&step.after));
        if !seats {
            return;
        }
        let settled = match self.store().account_to_settle(account).await {
            Ok(true) => self.settle(account).await,
            Ok(false) => return,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = settled {
            // The change itself is done; the next round of the worker settles what is left.
            tracing::warn!(%account, %error, "seats are settled later");
        }
    }

    /// After the catalogue changed: the entries of every account, some users at a time, until nobody has any left to take.
    /// Rehearsed twice, nothing changes the second time. Returns how many changes it made.
    pub(crate) async fn rehearse_claimed(&self, parts: usize) -> Result<usize, ServiceError> {
        let mut made = 0;
        for _ in 0..parts {
            let now = self.now();
            let Some(rehearsal) = self.store().claim_rehearsal(now, now + CLAIM).await? else { break };
            let scope = Scope { account_id: rehearsal.account_id, actor: Actor::system(ACTOR) };
            let user_ids = self.store().users_with_entries(&scope, rehearsal.after, USERS).await?;
            let Some(last) = user_ids.last().copied() else {
                self.store().end_rehearsal(rehearsal).await?;
                continue;
            };
            made += usize::from(self.keep(rehearsal.account_id, Change::Rehearse { user_ids }).await?);
            self.store().go_on_rehearsing(rehearsal, last).await?;
        }
        Ok(made)
    }
}

/// What goes wrong in one account keeps none of the others waiting.
fn apart<T: Default>(account_id: AccountId, kept: Result<T, ServiceError>) -> Result<T, ServiceError> {
    match kept {
        Err(error) if !error.is_outage() => {
            tracing::error!(%account_id, %error, "the schedule of an account can't be kept for now");
            Ok(T::default())
        }
        kept => kept,
    }
}
