//! What time does to those who left: after the days in which they can be brought back, nothing is left of them.

use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::AccountId;
use lineside_model::journal::{Actor, Scope};
use lineside_model::plan::{Plan, Record};

use crate::{Outcome, Service, ServiceError};

/// Accounts looked at in one round, and recordings deleted at once.
const ACCOUNTS: i64 = 100;
const RECORDINGS: i64 = 500;

impl Service {
    /// Recordings first, each part with its own proof, then the people: whatever dies on the way, the next round goes on.
    pub async fn erase_leavers(&self) -> Result<usize, ServiceError> {
        let mut erased = 0;
        for account in self.store().accounts_to_purge(self.now(), ACCOUNTS).await? {
            loop {
                let recordings = self.store().recordings_to_purge(account, self.now(), RECORDINGS).await?;
                if self.forget_recordings(account, recordings, "their user left, and so it was chosen").await? == 0 {
                    break;
                }
            }
            while let Some(plan) = self.purge(account).await? {
                erased += 1;
                // Messages go with every plan; a greeting only now, since until now an undo would have brought it back.
                let greetings = plan.steps.iter().filter_map(|step| match (&step.before, &step.after) {
                    (Some(Record::Greeting(greeting)), None) => Some(greeting.audio.clone()),
                    _ => None,
                });
                for greeting in greetings {
                    self.drop_greeting(&greeting).await;
                }
            }
        }
        Ok(erased)
    }

    /// Some of the account's; `None` when there is nobody left to erase.
    async fn purge(&self, account_id: AccountId) -> Result<Option<Plan>, ServiceError> {
        let scope = Scope { account_id, actor: Actor::system("Lineside") };
        let request = ChangeRequest { id: self.new_change_id(), change: Change::PurgeUsers };
        match Box::pin(self.apply_in(&scope, &request, None)).await? {
            Outcome::Done { plan, .. } if !plan.steps.is_empty() => Ok(Some(plan)),
            Outcome::Done { .. } | Outcome::Before => Ok(None),
            Outcome::Blocked(plan) | Outcome::Moved(plan) => {
                tracing::error!(%account_id, blockers = ?plan.blockers, "who left can't be erased");
                Ok(None)
            }
        }
    }
}
