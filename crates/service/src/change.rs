//! Plan, then apply: the one way of every change.

use lineside_model::change::{Change, ChangeRequest};
use lineside_model::id::AccountId;
use lineside_model::journal::{Actor, Scope};
use lineside_model::plan::{BlockerKind, Context, Fingerprint, Plan, Record};
use lineside_model::schedule::ScheduleEntry;
use lineside_store::Applied;

use crate::live::News;
use crate::mint::{BlankMint, LineSecret, SealingMint};
use crate::{Caller, Service, ServiceError};

/// What became of a change.
#[derive(Debug, Clone)]
pub enum Outcome {
    Done {
        plan: Plan,
        /// Credentials of a line that a person has to type, shown this once.
        secret: Option<LineSecret>,
    },
    /// It was applied before: a second click, a retried request.
    Before,
    Blocked(Plan),
    /// The facts moved since the plan was read; this is the plan now.
    Moved(Plan),
}

impl Service {
    pub async fn plan(&self, caller: &Caller, request: &ChangeRequest) -> Result<Plan, ServiceError> {
        if of_operator(caller, &request.change) {
            return found(self.store().plan_operator_trunk(request, self.now()).await?);
        }
        let scope = scope_of(caller, request)?;
        let context = Context { now: self.now(), actor: &scope.actor.name, mint: &BlankMint };
        found(self.store().plan(&scope, request, context).await?)
    }

    /// With `expected`, exactly the plan that was shown, or nothing.
    pub async fn apply(
        &self,
        caller: &Caller,
        request: &ChangeRequest,
        expected: Option<&Fingerprint>,
    ) -> Result<Outcome, ServiceError> {
        self.apply_sent(caller, request, None, expected).await
    }

    /// For requests that may be sent again under the same identifier: `sent` is their fingerprint, kept in the journal.
    pub async fn apply_sent(
        &self,
        caller: &Caller,
        request: &ChangeRequest,
        sent: Option<&str>,
        expected: Option<&Fingerprint>,
    ) -> Result<Outcome, ServiceError> {
        if of_operator(caller, &request.change) {
            return self.carry_out_for_operator(&caller.actor(), request, sent, expected).await;
        }
        let scope = scope_of(caller, request)?;
        self.carry_out(&scope, request, sent, expected).await
    }

    /// A change to what is the operator's own, and in no account.
    pub async fn carry_out_for_operator(
        &self,
        actor: &Actor,
        request: &ChangeRequest,
        sent: Option<&str>,
        expected: Option<&Fingerprint>,
    ) -> Result<Outcome, ServiceError> {
        Ok(match self.store().apply_operator_trunk(actor, request, sent, expected, self.now()).await? {
            Applied::Done(plan) => {
                self.feed_trunks().await;
                Outcome::Done { plan, secret: None }
            }
            Applied::Before => Outcome::Before,
            Applied::Moved(plan) => Outcome::Moved(found(plan)?),
            Applied::Blocked(plan) => Outcome::Blocked(found(plan)?),
        })
    }

    /// For what Lineside does by itself: the demo, phones, schedules.
    pub async fn apply_in(
        &self,
        scope: &Scope,
        request: &ChangeRequest,
        expected: Option<&Fingerprint>,
    ) -> Result<Outcome, ServiceError> {
        self.carry_out(scope, request, None, expected).await
    }

    async fn carry_out(
        &self,
        scope: &Scope,
        request: &ChangeRequest,
        sent: Option<&str>,
        expected: Option<&Fingerprint>,
    ) -> Result<Outcome, ServiceError> {
        let mint = SealingMint::new(self, matches!(request.change, Change::Generate { .. }));
        let context = Context { now: self.now(), actor: &scope.actor.name, mint: &mint };
        match self.store().apply_sent(scope, request, sent, expected, context).await? {
            Applied::Done(plan) => {
                self.follow_up(scope.account_id, &plan).await;
                if !request.change.is_upkeep() {
                    self.settle_after(scope.account_id, &plan).await;
                }
                let secret = shown_line(&request.change, &plan).and_then(|username| mint.secret_of(&username));
                Ok(Outcome::Done { plan, secret })
            }
            Applied::Before => Ok(Outcome::Before),
            Applied::Moved(plan) => Ok(Outcome::Moved(found(plan)?)),
            Applied::Blocked(plan) => Ok(Outcome::Blocked(found(plan)?)),
        }
    }

    /// Tells the switch, open pages and the outbox's workers. What is lost here by a crash is read anew at the next start.
    async fn follow_up(&self, account_id: AccountId, plan: &Plan) {
        self.feed_directory(&plan.all_users_touched_now().into_iter().collect::<Vec<_>>()).await;
        self.feed_account(account_id, plan).await;
        let gone = plan.steps.iter().filter_map(|step| match (&step.before, &step.after) {
            (Some(Record::VoicemailMessage(message)), None) => Some(message.audio.clone()),
            _ => None,
        });
        self.drop_audio(gone.collect()).await;
        if plan.sends_mail() {
            self.inner.mail_due.notify_one();
        }
        if plan.asks_phones() {
            self.inner.resync_due.notify_one();
        }
        let now = self.now();
        let is_due = |entry: &ScheduleEntry| entry.is_scheduled() && entry.due_at <= now;
        if plan.steps.iter().any(|step| matches!(&step.after, Some(Record::ScheduleEntry(entry)) if is_due(entry))) {
            self.inner.schedule_due.notify_one();
        }
        let users = plan.all_touched_users().into_iter().collect();
        self.inner.live.tell(News { account_id, users, account: true, calls: false });
    }
}

/// Operators have trunks of their own, and no other trunks are theirs to change.
fn of_operator(caller: &Caller, change: &Change) -> bool {
    let of_trunk = matches!(change, Change::AddTrunk { .. } | Change::EditTrunk { .. } | Change::DeleteTrunk { .. });
    of_trunk && caller.is_operator()
}

fn scope_of(caller: &Caller, request: &ChangeRequest) -> Result<Scope, ServiceError> {
    match request.change {
        // Lineside's own: nobody asks for it.
        _ if request.change.is_upkeep() => Err(ServiceError::NotFound),
        Change::OpenAccount { .. } => Ok(Scope { account_id: request.new_account_id(), actor: caller.operator()? }),
        Change::EditAccount { account_id: Some(account_id), .. } => caller.settings_scope(account_id),
        _ => match request.change.own_user() {
            Some(user) => caller.scope_of_user(user),
            None => caller.scope(),
        },
    }
}

/// A change to what does not exist (or lies in another account) is answered as every unknown address is.
fn found(plan: Plan) -> Result<Plan, ServiceError> {
    let missing = plan.blockers.iter().any(|blocker| blocker.kind == BlockerKind::NotFound && blocker.field.is_none());
    if missing { Err(ServiceError::NotFound) } else { Ok(plan) }
}

/// Generate shows the line's credentials to the person who asked, once; every other change keeps them.
fn shown_line(change: &Change, plan: &Plan) -> Option<String> {
    if !matches!(change, Change::Generate { .. }) {
        return None;
    }
    plan.steps.iter().find_map(|step| match &step.after {
        Some(Record::Line(line)) => Some(line.credentials.username.clone()),
        _ => None,
    })
}
