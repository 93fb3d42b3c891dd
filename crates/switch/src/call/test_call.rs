//! A test call that somebody else asked for: the user's phones ring, and whichever answers talks with our test.

use lineside_media::relay::Leg;
use lineside_model::{
    call_report::{AnsweredBy, CallDirection, CallOutcome, CallParty, CallReport, LegQuality, TestCall},
    dialled::Dialled,
    id::{AccountId, CallId, UserId},
    route::Caller,
};
use lineside_sip::{Message, TransactionKey};

use super::{Call, Calls, Env, Invite, Stage, story::party};
use crate::script;

const CODE: &str = "*44";
/// Stands where a caller's INVITE would: nobody sent one, so nothing that answers it goes anywhere.
const NO_INVITE: &str = "INVITE sip:test@lineside.invalid SIP/2.0\r\nVia: SIP/2.0/UDP lineside.invalid;branch=z9hG4bKtest\r\n\
    From: <sip:test@lineside.invalid>;tag=test\r\nTo: <sip:test@lineside.invalid>\r\nCall-ID: test\r\nCSeq: 1 INVITE\r\n\
    Contact: <sip:test@lineside.invalid>\r\n\r\n";

impl Calls {
    pub(crate) fn test(&mut self, env: &mut Env<'_>, account: AccountId, user: UserId) {
        let found = env.directory.user(user).filter(|found| found.account_id == account && found.voice);
        let (Some(user), Ok(request)) = (found, Message::parse(NO_INVITE.into())) else {
            return env.report(not_answered(env, CallId(uuid::Uuid::nil()), account, user));
        };
        let Ok(media) = env.relay.open() else {
            return env.report(not_answered(env, CallId(uuid::Uuid::nil()), account, user.user_id));
        };
        self.last_id += 1;
        let id = self.last_id;
        self.sessions.insert(media.id(), id);
        let shown = CallParty { user: Some(user.user_id), number: CODE.into(), name: "Test call".into() };
        let tag = env.endpoint.token();
        let invite = Invite { key: TransactionKey::NONE, request, flow: env.udp, tag, offer: None };
        let caller = Caller::User(user.clone());
        let mut call = Call::new(id, caller, shown, Dialled::new(CODE), invite, Some(media), env.now.instant);
        (call.is_test, call.is_transferred, call.answered) = (true, true, Some(env.now.instant));
        self.open.insert(id, Box::new(call));
        self.with(env, id, |calls, env, call| {
            let caller = call.shown.clone();
            call.story.began(env, account, CallDirection::Internal, caller, CODE, Some(party(&user)));
            let seconds = user.forwarding.ring_seconds;
            calls.ring(env, call, &user, seconds);
        });
    }

    /// A phone answered: the test speaks to it.
    pub(super) fn test_answered(&mut self, env: &mut Env<'_>, call: &mut Call) {
        call.near = Leg::B;
        self.run(env, call, Box::new(script::TestCall::default()), &AnsweredBy::Service(CODE.to_owned()));
    }
}

impl Call {
    /// No phone did, and nothing takes a test call in its place.
    pub(super) fn test_failed(&mut self, env: &mut Env<'_>) {
        let (Some(account), Some(user)) = (self.account(), self.shown.user) else { return };
        let id = self.story.call(account).unwrap_or(CallId(uuid::Uuid::nil()));
        env.report(not_answered(env, id, account, user));
        self.story.outcome = Some(CallOutcome::NoAnswer);
        self.stage = Stage::Ending;
        self.ended(env, None);
        self.media = None;
    }
}

fn not_answered(env: &Env<'_>, call: CallId, account: AccountId, user: UserId) -> CallReport {
    CallReport::TestCall(TestCall {
        call,
        account,
        user,
        line: None,
        at: env.now.utc,
        answered: false,
        heard: false,
        quality: LegQuality::default(),
        round_trip_ms: None,
        audio: None,
    })
}
