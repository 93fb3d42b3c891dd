//! The schedule: read by people, carried out on its day by a worker, rehearsed after each change, warned of.
//!
//! Several nodes may run the worker at once: what is due is found, planned and removed in one transaction, so a second
//! finds nothing left to do.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::{AccountId, LicenseTypeId, ScheduleEntryId, UserId};
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
            tokio::time::sleep(self.until_next_due().await).await;
        }
    }

    async fn until_next_due(&self) -> std::time::Duration {
        let next = self.store().next_due_at().await.ok().flatten();
        let wait = next.and_then(|next| (next - self.now()).to_std().ok());
        wait.unwrap_or(LONGEST_SLEEP).clamp(std::time::Duration::from_millis(500), LONGEST_SLEEP)
    }

    /// One round: carries out what is due, settles seats, and mails warnings. Returns how many changes it made.
    pub async fn keep_schedule(&self) -> Result<usize, ServiceError> {
        let now = self.now();
        let mut made = 0;
        for account in self.store().accounts_with_due(now, ACCOUNTS).await? {
            for _ in 0..DATES {
                if !self.keep(account, Change::RunSchedule).await? {
                    break;
                }
                made += 1;
            }
        }
        for account in self.store().accounts_to_settle(ACCOUNTS).await? {
            made += self.settle(account).await?;
        }
        for account in self.store().accounts_to_warn(now, ACCOUNTS).await? {
            made += usize::from(self.keep(account, Change::WarnOfSchedule).await?);
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

    /// After the catalogue changed: every account's entries, user by user.
    pub(crate) async fn rehearse_all(&self) -> Result<(), ServiceError> {
        for account in self.store().accounts_with_entries().await? {
            let scope = Scope { account_id: account, actor: Actor::system(ACTOR) };
            let mut after: Option<UserId> = None;
            loop {
                let users = self.store().users_with_entries(&scope, after, USERS).await?;
                let Some(last) = users.last() else { break };
                after = Some(*last);
                self.keep(account, Change::Rehearse { user_ids: users }).await?;
            }
        }
        Ok(())
    }
}
