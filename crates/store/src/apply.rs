//! Plans from facts, and plans carried out: one transaction of rows, journal and outbox.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lineside_model::account::Account;
use lineside_model::call_settings::CallSettings;
use lineside_model::change::{Change, ChangeRequest};
use lineside_model::department::Department;
use lineside_model::device::{Device, Line};
use lineside_model::e911::E911Address;
use lineside_model::facts::Facts;
use lineside_model::forwarding::Forwarding;
use lineside_model::greeting::Greeting;
use lineside_model::id::{DeviceId, UserId};
use lineside_model::journal::{ActorKind, Scope};
use lineside_model::license::{Assignment, Catalogue, Seats};
use lineside_model::location::Location;
use lineside_model::mail::Mail;
use lineside_model::operator_journal::OperatorStep;
use lineside_model::phone_number::PhoneNumber;
use lineside_model::plan::{Context, Fingerprint, Plan, Planning, Record, Turn};
use lineside_model::recording::RecordingChoice;
use lineside_model::schedule::ScheduleEntry;
use lineside_model::trunk::Trunk;
use lineside_model::user::{User, UserState};
use lineside_model::voicemail::{Mailbox, VoicemailMessage};

use crate::connection::Connection;
use crate::engine::Tries;
use crate::journal::{LongEntry, Written};
use crate::made::Made;
use crate::record::{Stored, delete, save};
use crate::tally::{Places, Tally, UserCounts};
use crate::{
    Store, StoreError, forwarding, journal, lamp_key, login, mail, operator_journal, purge, readiness, resync,
    schedule, search, seat_day, seats, session, tally,
};

/// What became of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// Carried out, and in the journal under the change's identifier.
    Done(Plan),
    /// The same change was carried out before (a second click, a retried request): nothing was done again.
    Before,
    /// Not possible; nothing was done.
    Blocked(Plan),
    /// The facts moved since the plan was read; nothing was done. This is the plan as it is now.
    Moved(Plan),
}

impl Store {
    /// Plans without carrying out.
    pub async fn plan(&self, scope: &Scope, request: &ChangeRequest, context: Context<'_>) -> Result<Plan, StoreError> {
        let mut link = self.snapshot().await?;
        let mut facts = self.facts(&mut link, scope, request, context).await?;
        drop(link);
        let own = facts.for_parts(request);
        let mut planning = Planning::on(&facts, own, request, context);
        while next_part(&mut planning).await.is_some() {}
        Ok(planning.finish())
    }

    /// Plans anew within the transaction and carries exactly that out, provided that it is the plan of `expected` (when
    /// there is one) and nothing blocks it. Retries by itself when another transaction came between.
    pub async fn apply(
        &self,
        scope: &Scope,
        request: &ChangeRequest,
        expected: Option<&Fingerprint>,
        context: Context<'_>,
    ) -> Result<Applied, StoreError> {
        self.apply_sent(scope, request, None, expected, context).await
    }

    /// As [`Self::apply`], keeping the fingerprint of the request that asked for it, so that the next request under the same
    /// identifier can be told from this one sent again.
    pub async fn apply_sent(
        &self,
        scope: &Scope,
        request: &ChangeRequest,
        sent: Option<&str>,
        expected: Option<&Fingerprint>,
        context: Context<'_>,
    ) -> Result<Applied, StoreError> {
        let mut tries = Tries::default();
        loop {
            let mut link = self.begin().await?;
            tries.take_turns(&mut link).await?;
            let applied = self.try_apply(&mut link, scope, request, sent, expected, context).await;
            if let Ok(refused @ (Applied::Blocked(_) | Applied::Moved(_))) = applied {
                // The first parts may have been written before the last one showed that nothing shall be.
                link.roll_back().await;
                return Ok(refused);
            }
            if let Some(applied) = tries.settle(link, applied).await? {
                return Ok(applied);
            }
        }
    }

    async fn try_apply(
        &self,
        link: &mut Connection,
        scope: &Scope,
        request: &ChangeRequest,
        sent: Option<&str>,
        expected: Option<&Fingerprint>,
        context: Context<'_>,
    ) -> Result<Applied, StoreError> {
        if journal::knows(link, request.id).await? {
            return Ok(Applied::Before);
        }
        let mut facts = self.facts(link, scope, request, context).await?;
        let own = facts.for_parts(request);
        let mut planning = Planning::to_carry_out(&facts, own, request, context);
        let mut entry: Option<LongEntry> = None;
        let mut next = next_part(&mut planning).await;
        while let Some(part) = next {
            if planning.blocked() {
                next = next_part(&mut planning).await;
                continue;
            }
            if entry.is_none() {
                let written = Written { request: sent, ..written(request, context) };
                entry = LongEntry::begin(link, scope, written).await?;
            }
            let Some(entry) = &mut entry else { return Ok(Applied::Before) };
            // While the database writes one part, it is packed for the journal, and the next one is planned.
            let meanwhile = async {
                entry.pack(&part.steps).await?;
                Ok::<_, StoreError>(next_part(&mut planning).await)
            };
            let carry_out = carry_out_part(link, scope, &facts, request, &part, context.now);
            let (carried_out, planned) = tokio::join!(carry_out, meanwhile);
            carried_out?;
            next = planned?;
            entry.write(link).await?;
        }
        let plan = planning.finish();
        if expected.is_some_and(|expected| *expected != plan.fingerprint()) {
            return Ok(Applied::Moved(plan));
        }
        if plan.blocked() {
            return Ok(Applied::Blocked(plan));
        }
        if request.change.is_upkeep() && plan.steps.is_empty() {
            return Ok(Applied::Done(plan));
        }
        if matches!(request.change, Change::OpenAccount { .. }) {
            save::<Account>(link, &plan).await?;
            tally::open(link, scope.account_id).await?;
        }
        if entry.is_none() {
            let proof = matches!(request.change, Change::PurgeUsers).then(|| plan.without_contents());
            let entry = written(request, context).of(proof.as_ref().unwrap_or(&plan))?;
            if !journal::write(link, scope, Written { request: sent, ..entry }).await? {
                return Ok(Applied::Before);
            }
        }
        if scope.actor.kind == ActorKind::Operator {
            operator_journal::write(link, &scope.actor, of_operator(scope, request, sent, &plan, context)).await?;
        }
        carry_out_part(link, scope, &facts, request, &plan, context.now).await?;
        if let Some(mut entry) = entry {
            entry.pack(&plan.steps).await?;
            entry.finish(link, scope, &plan).await?;
        }
        Ok(Applied::Done(plan))
    }
}

fn written<'a>(request: &'a ChangeRequest, context: Context<'_>) -> Written<'a> {
    let undoes = if let Change::Undo { undone, .. } = request.change { Some(undone) } else { None };
    Written { undoes, ..Written::event(request.id, context.now, request.change.action(), "") }
}

/// Operators read no account's journal; what they do themselves stands in theirs too.
fn of_operator<'a>(
    scope: &Scope,
    request: &'a ChangeRequest,
    sent: Option<&'a str>,
    plan: &'a Plan,
    context: Context<'_>,
) -> operator_journal::Written<'a> {
    operator_journal::Written {
        account_id: Some(scope.account_id),
        request: sent,
        steps: plan.steps.iter().map(OperatorStep::from).collect(),
        ..operator_journal::Written::event(request.id, context.now, request.change.action(), &plan.summary)
    }
}

/// A large file takes seconds; others' requests go on meanwhile, and whatever else this one waits for.
async fn next_part(planning: &mut Planning<'_>) -> Option<Plan> {
    loop {
        match planning.turn() {
            Turn::GoOn => tokio::task::yield_now().await,
            Turn::Part(part) => return Some(*part),
            Turn::Last => return None,
        }
    }
}

async fn carry_out_part(
    link: &mut Connection,
    scope: &Scope,
    facts: &Facts,
    request: &ChangeRequest,
    part: &Plan,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    carry_out(link, scope, facts, part, now).await?;
    resync::order(link, scope.account_id, request.id, &part.resyncs, now).await
}

/// Rows in the order of their references: what is pointed at is made first and removed last.
async fn carry_out(
    link: &mut Connection,
    scope: &Scope,
    facts: &Facts,
    plan: &Plan,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let made = Made::of(plan, &facts.catalogue);
    let touched = plan.users_touched_now().into_iter();
    let known: Vec<UserId> = touched.filter(|user| !made.contains(*user)).collect();
    let before = UserCounts::of(link, scope.account_id, &known).await?;

    delete::<Greeting>(link, scope, plan).await?;
    delete::<VoicemailMessage>(link, scope, plan).await?;
    delete::<Forwarding>(link, scope, plan).await?;
    delete::<Mailbox>(link, scope, plan).await?;
    delete::<RecordingChoice>(link, scope, plan).await?;
    delete::<Trunk>(link, scope, plan).await?;
    delete::<ScheduleEntry>(link, scope, plan).await?;
    delete::<Assignment>(link, scope, plan).await?;
    delete::<Line>(link, scope, plan).await?;
    delete::<Device>(link, scope, plan).await?;
    delete::<E911Address>(link, scope, plan).await?;
    delete::<PhoneNumber>(link, scope, plan).await?;
    delete::<Department>(link, scope, plan).await?;
    delete::<Location>(link, scope, plan).await?;
    if !opens_account(plan) {
        save::<Account>(link, plan).await?;
    }
    save::<Location>(link, plan).await?;
    save::<Department>(link, plan).await?;
    made.save_users(link, plan).await?;
    save::<PhoneNumber>(link, plan).await?;
    save::<Device>(link, plan).await?;
    save::<Line>(link, plan).await?;
    save::<E911Address>(link, plan).await?;
    save::<Seats>(link, plan).await?;
    seats::take(link, scope, plan).await?;
    save::<Assignment>(link, plan).await?;
    schedule::make_way(link, scope.account_id, plan).await?;
    schedule::save(link, facts, plan).await?;
    seat_day::add(link, scope, facts, plan).await?;
    save::<Greeting>(link, plan).await?;
    save::<Forwarding>(link, plan).await?;
    save::<Mailbox>(link, plan).await?;
    save::<VoicemailMessage>(link, plan).await?;
    save::<RecordingChoice>(link, plan).await?;
    save::<CallSettings>(link, plan).await?;
    save::<Trunk>(link, plan).await?;
    save::<Mail>(link, plan).await?;

    follow(link, scope, &facts.catalogue, plan, &made, &known, now).await?;
    schedule::follow(link, facts.account.id, plan).await?;
    forwarding::follow(link, facts.account.id, plan).await?;
    lamp_key::follow(link, facts.account.id, plan).await?;
    purge::follow(link, facts.account.id, plan).await?;
    let after = UserCounts::of(link, scope.account_id, &known).await?.and(&made.counts());
    let tally = Tally { of_users: after.since(&before), ..Tally::of_plan(plan) };
    tally.add(link, scope.account_id).await?;
    Places::of_plan(plan).add(link, scope.account_id).await
}

fn opens_account(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| step.before.is_none() && matches!(step.after, Some(Record::Account(_))))
}

/// What other tables repeat of the rows that changed; `known` are the users whom the plan touches and did not make.
async fn follow(
    link: &mut Connection,
    scope: &Scope,
    catalogue: &Catalogue,
    plan: &Plan,
    made: &Made<'_>,
    known: &[UserId],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let account = scope.account_id;
    let mut changed = Changed::of(plan);
    login::save_usernames(link, account, &changed.users).await?;
    session::end_of_users(link, &changed.suspended).await?;
    mail::give_up(link, account, &changed.deleted, now).await?;
    readiness::refresh_devices(link, account, changed.devices).await?;
    readiness::refresh_users(link, account, catalogue, known).await?;
    changed.found_otherwise.retain(|user| !made.contains(*user));
    search::refresh_words(link, account, &changed.found_otherwise, made).await
}

/// What a plan does to users and devices, beside the rows themselves.
#[derive(Default)]
struct Changed<'a> {
    users: Vec<&'a User>,
    /// Those who can't be signed in any more.
    suspended: Vec<UserId>,
    deleted: Vec<UserId>,
    /// Those that were there before.
    devices: BTreeSet<DeviceId>,
    /// Those with another name or number.
    found_otherwise: Vec<UserId>,
}

impl<'a> Changed<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut changed = Self::default();
        let mut found: BTreeSet<UserId> = BTreeSet::new();
        let mut new: BTreeSet<DeviceId> = BTreeSet::new();
        for step in &plan.steps {
            if let (None, Some(Record::Device(device))) = (&step.before, &step.after) {
                new.insert(device.id);
            }
            for record in [&step.before, &step.after].into_iter().flatten() {
                match record {
                    Record::Device(device) => drop(changed.devices.insert(device.id)),
                    Record::Line(line) => drop(changed.devices.insert(line.device_id)),
                    Record::PhoneNumber(number) => found.extend(number.user_id),
                    _ => {}
                }
            }
            let before = step.before.as_ref().and_then(User::of);
            let Some(user) = step.after.as_ref().and_then(User::of) else { continue };
            let came_or_went = before.is_some_and(|before| before.is_deleted() != user.is_deleted());
            let (old, new) = (before.map(|before| &before.profile), &user.profile);
            if came_or_went || old.is_none_or(|old| old.username != new.username) {
                changed.users.push(user);
            }
            if came_or_went || old.is_none_or(|old| old.is_found_otherwise(new)) {
                found.insert(user.id);
            }
            if user.is_deleted() && came_or_went {
                changed.deleted.push(user.id);
            }
            if user.state != UserState::Active && before.is_some_and(|before| before.state != user.state) {
                changed.suspended.push(user.id);
            }
        }
        changed.devices.retain(|device| !new.contains(device));
        changed.found_otherwise = found.into_iter().collect();
        changed
    }
}
