//! Test calls: asked for on a page or over REST, made by the switch, and what they found.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use lineside_model::call::LiveCall;
use lineside_model::call_report::{CallParty, TestCall};
use lineside_model::id::{AccountId, CallId, ChangeId, UserId};
use lineside_model::journal::{Actor, Scope};
use lineside_model::test_call::{CODE, Finding, TestPhase, TestResult};
use lineside_model::user::UserState;

use crate::audio::Sound;
use crate::{Caller, Service, ServiceError};

/// The way to calls: the switch.
pub trait Calls: Send + Sync + 'static {
    /// Calls the user's phones, records what is said, and plays it back; the result is reported.
    fn test_call(&self, account: AccountId, user: UserId);
    fn hang_up(&self, call: CallId);
}

/// Tests that somebody asked for and of which nothing was heard yet, with when.
#[derive(Default)]
pub(crate) struct AskedTests(Mutex<BTreeMap<UserId, DateTime<Utc>>>);

/// A test of which nothing is heard for so long will not happen.
const PATIENCE: TimeDelta = TimeDelta::seconds(20);

impl AskedTests {
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<UserId, DateTime<Utc>>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn heard_of(&self, user: UserId) {
        self.change(|asked| asked.remove(&user));
    }
}

impl Service {
    /// Connects the switch, once, at the start.
    pub fn connect_calls(&self, calls: Arc<dyn Calls>) {
        let _ = self.inner.calls.set(calls);
    }

    /// Calls a user's phones for a test. While one goes on, it is that one.
    pub async fn start_test_call(&self, caller: &Caller, user: UserId) -> Result<(), ServiceError> {
        let scope = caller.scope_of_user(user)?;
        let found = self.store().user(&scope, user, self.now()).await?.ok_or(ServiceError::NotFound)?.user;
        if found.state != UserState::Active {
            return Err(ServiceError::field("user_id", "the user is suspended or deleted; let them in again first"));
        }
        if self.test_phase(&scope, user).is_some() {
            return Ok(());
        }
        let now = self.now();
        self.inner.asked_tests.change(|asked| {
            asked.retain(|_, at| now - *at < PATIENCE);
            asked.insert(user, now);
        });
        let summary = format!("Asked for a test call of {}", found.profile.full_name());
        self.store().record_event(&scope, self.new_change_id(), now, "ask_test_call", &summary, Some(user)).await?;
        if let Some(calls) = self.inner.calls.get() {
            calls.test_call(scope.account_id, user);
        }
        self.tell_of_call(scope.account_id, [Some(user)]);
        Ok(())
    }

    /// The test that goes on, and what the last ones found, the newest first.
    pub async fn test_calls(
        &self,
        caller: &Caller,
        user: UserId,
    ) -> Result<(Option<TestPhase>, Vec<TestResult>), ServiceError> {
        let scope = caller.scope_of_user(user)?;
        Ok((self.test_phase(&scope, user), self.store().tests_of_user(&scope, user).await?))
    }

    fn test_phase(&self, scope: &Scope, user: UserId) -> Option<TestPhase> {
        let live = self.inner.live_calls.of(scope.account_id).into_iter().find(|call| tested(call) == Some(user));
        match live {
            Some(LiveCall { answered: Some(_), .. }) => Some(TestPhase::Talking),
            Some(_) => Some(TestPhase::Ringing),
            None => {
                let asked = self.inner.asked_tests.change(|asked| asked.get(&user).copied());
                asked.filter(|at| self.now() - *at < PATIENCE).map(|_| TestPhase::Asked)
            }
        }
    }

    /// What was said in a test call.
    pub async fn test_sound(&self, caller: &Caller, id: CallId, range: Option<&str>) -> Result<Sound, ServiceError> {
        let (scope, _) = caller.own_scope()?;
        let test = self.store().test(&scope, id).await?.ok_or(ServiceError::NotFound)?;
        caller.scope_of_user(test.user_id)?;
        self.sound(test.audio.as_deref().ok_or(ServiceError::NotFound)?, test.bytes, range).await
    }

    /// From the switch. Told again after a crash, it is there once.
    pub(crate) async fn test_call_ended(&self, test: &TestCall) -> Result<(), ServiceError> {
        let scope = Scope { account_id: test.account, actor: Actor::system("Lineside") };
        let stored = match &test.audio {
            Some(file) => Some(self.store_file(file).await?),
            None => None,
        };
        let registered = test.answered || !self.store().registered(&[test.user], self.now()).await?.is_empty();
        // Without a phone to call there was no call that could have a name.
        let id = if test.call.0.is_nil() { CallId(self.new_uuid()) } else { test.call };
        let result = TestResult {
            id,
            account_id: test.account,
            user_id: test.user,
            at: test.at,
            finding: Finding::of(registered, test.answered, test.heard, &test.quality),
            quality: test.quality.clone(),
            round_trip_ms: test.round_trip_ms,
            bytes: stored.as_ref().map_or(0, |stored| stored.bytes),
            audio: stored.map(|stored| stored.audio),
        };
        self.inner.asked_tests.heard_of(test.user);
        if let Some(dropped) = self.store().save_test(&result).await? {
            self.drop_audio(dropped).await;
            let event = ChangeId(ChangeId(id.0).derive("test_call", test.user.0));
            let summary = result.summary();
            self.store().record_event(&scope, event, test.at, "test_call", &summary, Some(test.user)).await?;
        }
        if let Some(audio) = &test.audio {
            let _ = tokio::fs::remove_file(audio).await;
        }
        self.tell_of_call(test.account, [Some(test.user)]);
        Ok(())
    }

    /// Ends a call of the account that goes on.
    pub async fn hang_up(&self, caller: &Caller, id: CallId) -> Result<(), ServiceError> {
        let scope = caller.scope()?;
        let live = self.inner.live_calls.of(scope.account_id).into_iter().find(|live| live.began.call == id);
        let began = live.ok_or(ServiceError::NotFound)?.began;
        let to = began.callee.as_ref().map_or_else(|| began.dialled.to_string(), CallParty::pretty);
        let summary = format!("Hung up the call of {} to {to}", began.caller.pretty());
        let user = began.caller.user.or(began.callee.and_then(|callee| callee.user));
        self.store().record_event(&scope, self.new_change_id(), self.now(), "hang_up", &summary, user).await?;
        if let Some(calls) = self.inner.calls.get() {
            calls.hang_up(id);
        }
        Ok(())
    }
}

/// Whose phone a call tests: asked for here, or by dialling the code.
pub(crate) fn tested(call: &LiveCall) -> Option<UserId> {
    let began = &call.began;
    (began.dialled == CODE).then(|| began.callee.as_ref().and_then(|callee| callee.user).or(began.caller.user))?
}
