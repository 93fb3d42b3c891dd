//! Calls: those that go on, the history, and what the switch reports of both.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use lineside_model::call::{CallFilter, CallRecord, LiveCall};
use lineside_model::call_report::{CallDirection, CallEnded, CallReport};
use lineside_model::directory::DirectoryAccount;
use lineside_model::id::{AccountId, CallId, UserId};
use lineside_model::list::PAGE;
use lineside_model::recording::Recording;
use lineside_store::call::Talked;

use crate::live::News;
use crate::outage::outlast;
use crate::test_call::tested;
use crate::{Caller, Service, ServiceError};

/// The most calls that are read at once; who wants more asks on from the last one.
pub const CALLS_MAX: i64 = 1_000;

/// What goes on now, as this node's switch told it.
#[derive(Default)]
pub(crate) struct LiveCalls(Mutex<BTreeMap<(AccountId, CallId), LiveCall>>);

impl LiveCalls {
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<(AccountId, CallId), LiveCall>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn of(&self, account: AccountId) -> Vec<LiveCall> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = (account, CallId(uuid::Uuid::nil()));
        calls.range(first..).take_while(|((of, _), _)| *of == account).map(|(_, call)| call.clone()).collect()
    }
}

impl Service {
    /// The calls that go on now; a User sees their own.
    pub fn live_calls(&self, caller: &Caller) -> Result<Vec<LiveCall>, ServiceError> {
        let (scope, own) = caller.own_scope()?;
        let live = self.inner.live_calls.of(scope.account_id);
        if caller.administers() {
            return Ok(live);
        }
        Ok(live.into_iter().filter(|call| call.users().contains(&own)).collect())
    }

    /// A page of the history, and whether there is more. A User sees their own calls.
    pub async fn calls(
        &self,
        caller: &Caller,
        filter: &CallFilter,
        limit: i64,
    ) -> Result<(Vec<CallRecord>, bool), ServiceError> {
        let (scope, own) = caller.own_scope()?;
        let mut filter = filter.clone();
        if !caller.administers() {
            filter.user_id = Some(own);
        }
        let limit = limit.clamp(1, CALLS_MAX);
        let mut calls = self.store().calls(&scope, &filter, limit + 1).await?;
        let limit = usize::try_from(limit).unwrap_or_default();
        let more = calls.len() > limit;
        calls.truncate(limit);
        Ok((calls, more))
    }

    /// One call with its ladder and recordings.
    pub async fn call(&self, caller: &Caller, id: CallId) -> Result<(CallRecord, Vec<Recording>), ServiceError> {
        let (scope, own) = caller.own_scope()?;
        let call = self.store().call(&scope, id).await?.ok_or(ServiceError::NotFound)?;
        if !caller.administers() && !call.ended.users().contains(&own) {
            return Err(ServiceError::NotFound);
        }
        let mut recordings = self.store().recordings_of_call(&scope, id).await?;
        recordings.retain(|recording| caller.administers() || recording.user_id == own);
        Ok((call, recordings))
    }

    /// What the switch's limits begin with after a start: seconds talked out of the house today.
    pub async fn talked_today(&self) -> Result<Vec<Talked>, ServiceError> {
        let accounts = self.directory_accounts().await?;
        let zones: BTreeMap<AccountId, _> =
            accounts.into_iter().map(|account| (account.account_id, account.time_zone)).collect();
        let (now, yesterday) = (self.now(), (self.now() - TimeDelta::days(1)).date_naive());
        let talked = self.store().talked_since(yesterday).await?;
        let today = |talked: &Talked| zones.get(&talked.account_id).is_some_and(|zone| zone.date(now) == talked.date);
        Ok(talked.into_iter().filter(today).collect())
    }

    /// A batch from the switch, and what it tells of the history.
    pub async fn calls_reported(&self, reports: Vec<CallReport>) {
        let ended = self.calls_heard_of(reports).await;
        self.calls_ended(&ended).await;
    }

    /// A batch from the switch; the calls in it that have ended are for [`Self::calls_ended`]. Each report stands for itself:
    /// one that fails is logged, and the others go on.
    pub async fn calls_heard_of(&self, reports: Vec<CallReport>) -> Vec<CallEnded> {
        let mut ended = Vec::new();
        for report in reports {
            let taken = match report {
                CallReport::Began(began) => {
                    let live = LiveCall { began, answered: None };
                    if let Some(user) = tested(&live) {
                        self.inner.asked_tests.heard_of(user);
                    }
                    let (account, users) = (live.began.account, live.users());
                    let key = (account, live.began.call);
                    self.inner.live_calls.change(|calls| drop(calls.insert(key, live)));
                    self.tell_of_call(account, users.into_iter().map(Some));
                    Ok(())
                }
                CallReport::Answered(answered) => {
                    let key = (answered.account, answered.call);
                    let users = self.inner.live_calls.change(|calls| {
                        let call = calls.get_mut(&key)?;
                        call.answered = Some(answered);
                        Some(call.users())
                    });
                    self.tell_of_call(key.0, users.into_iter().flatten().map(Some));
                    Ok(())
                }
                CallReport::Ended(call) => {
                    let key = (call.began.account, call.began.call);
                    self.inner.live_calls.change(|calls| drop(calls.remove(&key)));
                    ended.push(call.cleaned());
                    Ok(())
                }
                CallReport::MessageLeft(left) => {
                    let taken = outlast(|| self.message_left(&left)).await;
                    self.done_with(&left.audio, taken).await
                }
                CallReport::Recorded(recorded) => {
                    let taken = outlast(|| self.recorded(&recorded)).await;
                    self.done_with(&recorded.audio, taken).await
                }
                CallReport::TestCall(test) => outlast(|| self.test_call_ended(&test)).await,
                CallReport::Emergency(call) => outlast(|| self.emergency_called(&call)).await,
                CallReport::Alarm(alarm) => outlast(|| self.alarm(alarm.clone())).await,
            };
            if let Err(error) = taken {
                tracing::error!(%error, "what the switch reports can't be kept; its file stays where it is");
            }
        }
        ended
    }

    /// Writes calls to the history, once the database is there.
    pub async fn calls_ended(&self, ended: &[CallEnded]) {
        // One that the database refuses takes none of the others with it.
        let mut parts = if ended.is_empty() { vec![] } else { vec![ended] };
        while let Some(part) = parts.pop() {
            match (outlast(|| self.save_calls(part)).await, part) {
                (Ok(()), _) => {}
                (Err(error), [call]) => {
                    tracing::error!(%error, call = %call.began.call, "a call can't be written to the history");
                }
                (Err(_), part) => parts.extend(<[_; 2]>::from(part.split_at(part.len() / 2))),
            }
        }
        // Now, not before: pages that look again find them in the history.
        for call in ended {
            self.tell_of_call(call.began.account, call.users().into_iter().map(Some));
        }
    }

    async fn save_calls(&self, ended: &[CallEnded]) -> Result<(), ServiceError> {
        let talked = self.talked(ended).await?;
        Ok(self.store().save_calls(ended, &talked).await?)
    }

    /// What is kept elsewhere now need not lie there twice; what is not, stays, and is reported again.
    async fn done_with(&self, file: &std::path::Path, taken: Result<(), ServiceError>) -> Result<(), ServiceError> {
        taken?;
        if let Err(error) = tokio::fs::remove_file(file).await {
            tracing::warn!(file = %file.display(), %error, "a file of the switch's could not be removed");
        }
        Ok(())
    }

    pub(crate) fn tell_of_call(&self, account_id: AccountId, users: impl IntoIterator<Item = Option<UserId>>) {
        let users = users.into_iter().flatten().collect();
        self.inner.live.tell(News { account_id, users, account: false, calls: true });
    }

    /// Seconds out of the house, on whom the limits count them: who forwarded last, or the caller.
    async fn talked(&self, calls: &[CallEnded]) -> Result<Vec<Talked>, ServiceError> {
        let mut accounts: BTreeMap<AccountId, Option<DirectoryAccount>> = BTreeMap::new();
        let mut talked = Vec::new();
        for call in calls.iter().filter(|call| call.began.direction == CallDirection::Outbound) {
            let account_id = call.began.account;
            if let std::collections::btree_map::Entry::Vacant(entry) = accounts.entry(account_id) {
                let account = match self.store().directory_account(account_id).await {
                    Err(error) if error.is_outage() => return Err(error.into()),
                    found => found.ok().flatten(),
                };
                entry.insert(account);
            }
            let Some(Some(account)) = accounts.get(&account_id) else { continue };
            let forwarded = call.hops.iter().rev().find_map(|hop| hop.from.user);
            let Some(user_id) = forwarded.or(call.began.caller.user) else { continue };
            let (date, seconds) = (account.time_zone.date(call.ended_at), call.talked().num_seconds());
            if seconds > 0 && !call.emergency() {
                talked.push(Talked { account_id, user_id, date, seconds });
            }
        }
        Ok(talked)
    }
}

/// How many calls a page of the portal shows.
pub const SHOWN: i64 = PAGE;
