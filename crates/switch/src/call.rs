//! Calls: a back-to-back user agent, so each leg is a dialog of its own and the phones never learn of each other.
//!
//! - `place` takes an INVITE to its route; `ring` looks after the `branch`es until one answers, `early` after what is said
//!   before that; `answer` gives the caller its 2xx. `outside` calls over trunks, `announce` speaks to whose call goes nowhere.
//! - `talk` carries requests from `leg` to leg; `session` keeps what was agreed alive, `liveness` sees whether the phones are
//!   still there, `sign` proves to carriers who we are; `hang_up` ends what there is to end.
//! - `transfer` and `replace` change who is in a call. `perform` does what a script says; `record` records, and `kept` knows
//!   what becomes of it. `test_call` calls for a test.
//! - `description` writes a session description anew with the relay in it, `agree` brings two of them together.
//! - `story` and `ladder` are what is told of a call outside.

mod agree;
mod announce;
mod answer;
mod best;
mod branch;
mod description;
mod early;
mod emergency;
mod hang_up;
mod kept;
mod ladder;
mod leg;
mod liveness;
mod outside;
mod perform;
mod place;
mod record;
mod replace;
mod ring;
mod session;
mod sign;
mod story;
mod talk;
mod test_call;
#[cfg(test)]
mod tests;
mod transfer;

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use lineside_media::{
    relay::{Leg, Relay, Session},
    srtp::KeyMaker,
};
use lineside_model::{
    call_report::{CallOutcome, CallParty, CallReport},
    dialled::Dialled,
    directory::DirectoryUser,
    id::{AccountId, CallId, TrunkId, UserId},
    route::{Caller, Hop},
};
use lineside_sip::{Dialog, Endpoint, Event, Failure, Flow, Message, Method, Request, Response, Token, TransactionKey};

use self::{
    description::Description,
    early::Early,
    emergency::Helped,
    kept::Kept,
    ladder::{Passed, What},
    leg::Side,
    liveness::Question,
    outside::Minutes,
    perform::Running,
    record::Recorder,
    ring::Rings,
    sign::Unsigned,
    story::{Story, party},
    talk::Forward,
    transfer::Transferor,
};
use crate::{
    clock::Now, config::Rules, directory::Directory, edge::OUTBOUND_FLOWS, registrar::Registrar, subscribe::Talk,
    told::Told, trunk::Trunks,
};

/// For how long an ended dialog is remembered, to answer the BYE that crossed ours (64*T1).
const REMEMBERED: Duration = Duration::from_secs(32);

/// What calls work with; borrowed from the core for one event.
pub(crate) struct Env<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) registrar: &'a Registrar,
    pub(crate) directory: &'a Directory,
    pub(crate) relay: &'a Relay,
    pub(crate) rules: &'a Rules,
    pub(crate) told: &'a mut Told,
    pub(crate) trunks: &'a mut Trunks,
    /// What protects sound that we send.
    pub(crate) keys: &'a KeyMaker,
    /// The UDP socket's flow.
    pub(crate) udp: Flow,
    /// What carriers were told at the end of the call that is worked on, and may want signed.
    pub(crate) farewells: Vec<(TransactionKey, Unsigned)>,
    /// Messages of the call that is worked on.
    pub(crate) passed: Vec<Passed>,
    pub(crate) now: Now,
}

/// Within this core; the world knows calls by their `CallId`.
type CallNumber = u64;

/// All calls of one core.
#[derive(Default)]
pub(crate) struct Calls {
    /// Boxed: each event takes its call out and puts it back.
    open: HashMap<CallNumber, Box<Call>>,
    last_id: CallNumber,
    /// Our tag of each dialog. We made it, so it is unique, and nobody guesses it.
    by_tag: HashMap<Box<[u8]>, (CallNumber, Leg)>,
    /// What lamps call a call that rings, for who picks it up. It opens nothing else, so whoever may watch may know.
    pickups: HashMap<Box<[u8]>, CallNumber>,
    /// INVITEs that a phone may CANCEL.
    incoming: HashMap<TransactionKey, CallNumber>,
    /// Requests of ours whose answers matter.
    outgoing: HashMap<TransactionKey, CallNumber>,
    /// BYEs that a carrier may want signed.
    farewells: HashMap<TransactionKey, Unsigned>,
    /// Whose sound it is.
    sessions: HashMap<u64, CallNumber>,
    /// Who waits for an answer from outside, or for a file.
    questions: HashMap<u64, CallNumber>,
    /// Users whose calls have begun, were answered or ended, since somebody asked.
    touched: Vec<UserId>,
    minutes: Minutes,
    helped: Helped,
    /// The trunk of the INVITE that is placed just now.
    inbound_trunk: Option<TrunkId>,
    /// What is recorded now, and what for. A recording ends a little after its call.
    recordings: HashMap<PathBuf, Kept>,
    wakes: BTreeSet<(Instant, CallNumber)>,
    /// Tags of dialogs that have ended, and until when they are remembered, oldest first.
    ended: HashSet<Box<[u8]>>,
    endings: VecDeque<(Instant, Box<[u8]>)>,
}

struct Call {
    id: CallNumber,
    caller: Caller,
    /// The caller as the callee sees it.
    shown: CallParty,
    /// The forwarding rules that the call met.
    hops: Vec<Hop>,
    /// Whose phones ring, or rang last.
    callee: Option<Arc<DirectoryUser>>,
    /// In whose mailbox a message is left.
    mailbox: Option<Arc<DirectoryUser>>,
    recorder: Recorder,
    /// The leg that is served: the caller's, or after a transfer that of the party that was sent on.
    near: Leg,
    transferor: Option<Transferor>,
    /// Caller and callee before the transfer, should it come to nothing.
    caller_before: Option<(Caller, Option<Arc<DirectoryUser>>)>,
    is_transferred: bool,
    /// A call for help, whoever talks in it now.
    is_emergency: bool,
    /// We call a phone to test it.
    is_test: bool,
    /// On whose account it is talked out of the house.
    outside: Option<(UserId, AccountId)>,
    dialled: Dialled,
    /// The INVITE that made the call; answered once.
    invite: Invite,
    early: Early,
    /// Its name in lamps while it rings.
    pickup: Option<Token>,
    stage: Stage,
    /// Taken away when the call ends, which frees its ports.
    media: Option<Session>,
    session: Option<u64>,
    /// A is the caller; B is there once somebody has answered.
    sides: [Option<Side>; 2],
    /// Requests on their way from one leg to the other.
    forwards: Vec<Forward>,
    /// Requests of our own, on their way to a leg.
    questions: Vec<Question>,
    wake: Option<Instant>,
    placed: Instant,
    answered: Option<Instant>,
    story: Story,
    passed: Vec<Passed>,
}

struct Invite {
    key: TransactionKey,
    request: Message,
    flow: Flow,
    tag: Token,
    offer: Option<Description>,
}

enum Stage {
    /// The caller hears why there is no call, and then gets that status.
    Announcing {
        until: Instant,
        status: u16,
    },
    Ringing(Rings),
    /// One of ours talks with the caller.
    Script(Box<Running>),
    Talking {
        /// When to see whether the phones are still there.
        check: Instant,
    },
    /// Over, but for a BYE that has to wait for an ACK (RFC 3261 section 15).
    Ending,
}

impl Calls {
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.open.len()
    }

    /// The media of the call that was placed last.
    #[cfg(test)]
    pub(crate) fn last_session(&self) -> Option<u64> {
        self.sessions.keys().max().copied()
    }

    /// What is still remembered, once nothing should be.
    #[cfg(test)]
    pub(crate) fn left_over(&self) -> Vec<String> {
        let counts = [
            ("open", self.open.len()),
            ("by_tag", self.by_tag.len()),
            ("pickups", self.pickups.len()),
            ("incoming", self.incoming.len()),
            ("outgoing", self.outgoing.len()),
            ("farewells", self.farewells.len()),
            ("sessions", self.sessions.len()),
            ("questions", self.questions.len()),
            ("recordings", self.recordings.len()),
            ("wakes", self.wakes.len()),
            ("ended", self.ended.len()),
            ("endings", self.endings.len()),
        ];
        counts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")).collect()
    }

    /// Files that are being recorded.
    #[cfg(test)]
    pub(crate) fn recordings(&self) -> Vec<PathBuf> {
        self.recordings.keys().cloned().collect()
    }

    /// A recording has not come to its end.
    pub(crate) fn is_recording(&self) -> bool {
        !self.recordings.is_empty()
    }

    /// Anything but a request.
    pub(crate) fn event(&mut self, env: &mut Env<'_>, event: Event) {
        match event {
            Event::Ack { request, .. } => self.ack(env, &request),
            Event::Cancelled { key, .. } => self.cancelled(env, key),
            Event::Response { key, flow, response } => match self.outgoing.get(&key).copied() {
                Some(id) => self.response(env, id, key, flow, &response),
                None if self.farewell_answered(env, key, &response) => {}
                None => self.stray(env, flow, &response),
            },
            Event::Stray { flow, response } => self.stray(env, flow, &response),
            Event::Failed { key, failure } => {
                self.farewells.remove(&key);
                if let Some(id) = self.outgoing.remove(&key) {
                    self.failed(env, id, key, failure);
                }
            }
            // The core keeps these to itself.
            Event::Request { .. } | Event::Refused { .. } => {}
        }
    }

    /// Users whose lamps may show something else now.
    pub(crate) fn take_touched(&mut self) -> Vec<UserId> {
        std::mem::take(&mut self.touched)
    }

    /// The calls that a user is in.
    pub(crate) fn talks_of(&self, user: UserId) -> Vec<Talk> {
        let is = |who: Option<&Arc<DirectoryUser>>| who.is_some_and(|who| who.user_id == user);
        let mut talks: Vec<Talk> = self
            .open
            .values()
            .filter(|call| !matches!(call.stage, Stage::Ending | Stage::Announcing { .. }))
            .filter_map(|call| {
                let is_caller = is(call.calling_user());
                let is_answered = call.answered.is_some();
                let rings = matches!(call.stage, Stage::Ringing(_) | Stage::Talking { .. });
                let is_callee = rings && is(call.callee.as_ref());
                let pickup = call.pickup.filter(|_| call.rung_user().is_some_and(|rung| rung.user_id == user));
                (is_caller || is_callee).then_some(Talk { id: call.id, is_caller, is_answered, pickup })
            })
            .collect();
        talks.sort_by_key(|talk| talk.id);
        talks
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.wakes.first().map(|(wake, _)| *wake)
    }

    pub(crate) fn handle_timeout(&mut self, env: &mut Env<'_>) {
        let now = env.now.instant;
        while let Some((_, tag)) = self.endings.pop_front_if(|(until, _)| *until <= now) {
            self.ended.remove(&tag);
        }
        // Each once: one that is due again already waits for the next time.
        let later = self.wakes.split_off(&(now + Duration::from_nanos(1), 0));
        for (_, id) in std::mem::replace(&mut self.wakes, later) {
            self.with(env, id, |calls, env, call| {
                call.wake = None;
                calls.recording_due(env, call);
                calls.repeat_progress(env, call);
                calls.repeat_answers(env, call);
                calls.keep_sessions(env, call);
                calls.invite_due(env, call);
                calls.stage_due(env, call);
            });
        }
    }

    /// A caller whose connection closed before an answer has gone. What goes on over a carrier's connection goes on over the
    /// next.
    pub(crate) fn flow_lost(&mut self, env: &mut Env<'_>, flow_id: u64) {
        if flow_id >= OUTBOUND_FLOWS {
            for call in self.open.values_mut() {
                let Some(trunk) = call.story.trunk else { continue };
                for side in call.sides.iter_mut().flatten().filter(|side| side.flow.id == flow_id) {
                    side.flow = env.trunks.again(env.told, env.rules, env.udp, trunk, side.flow);
                }
            }
        }
        let is_gone = |call: &Call| {
            call.invite.flow.id == flow_id && matches!(call.stage, Stage::Ringing(_) | Stage::Announcing { .. })
        };
        let gone: Vec<CallNumber> = self.open.values().filter(|call| is_gone(call)).map(|call| call.id).collect();
        for id in gone {
            self.with(env, id, |calls, env, call| calls.give_up(env, call, 487, CallOutcome::Cancelled));
        }
    }

    pub(crate) fn hang_up_all(&mut self, env: &mut Env<'_>) {
        for id in self.open.keys().copied().collect::<Vec<_>>() {
            self.with(env, id, |calls, env, call| match call.stage {
                Stage::Talking { .. } | Stage::Script(_) | Stage::Ending => calls.hang_up(env, call, None),
                _ => calls.give_up(env, call, 503, CallOutcome::Failed),
            });
        }
    }

    /// Ends one call, because an administrator wants it.
    pub(crate) fn hang_up_call(&mut self, env: &mut Env<'_>, call: CallId) {
        let found = self.open.values().find(|open| open.story.is_known_as(call)).map(|open| open.id);
        let Some(id) = found else { return };
        self.with(env, id, |calls, env, call| match call.stage {
            Stage::Talking { .. } | Stage::Script(_) | Stage::Ending => calls.hang_up(env, call, None),
            _ => calls.give_up(env, call, 480, CallOutcome::Refused),
        });
    }

    /// Takes a call out, lets `work` change it, and puts it back unless it has ended.
    fn with(&mut self, env: &mut Env<'_>, id: CallNumber, work: impl FnOnce(&mut Self, &mut Env<'_>, &mut Call)) {
        let Some(mut call) = self.open.remove(&id) else { return };
        let before = call.lamp();
        ladder::keep(&mut call.passed, &mut env.passed);
        work(self, env, &mut call);
        ladder::keep(&mut call.passed, &mut env.passed);
        self.farewells.extend(env.farewells.drain(..));
        if call.lamp() != before {
            self.touch(&call);
        }
        if call.is_over() {
            self.forget(env, &call);
        } else {
            self.schedule(&mut call);
            self.open.insert(id, call);
        }
    }

    fn touch(&mut self, call: &Call) {
        let users = call.calling_user().into_iter().chain(&call.callee);
        self.touched.extend(users.map(|user| user.user_id));
    }

    fn schedule(&mut self, call: &mut Call) {
        let due = call.next_timeout();
        if call.wake != due {
            if let Some(wake) = call.wake.take() {
                self.wakes.remove(&(wake, call.id));
            }
            if let Some(due) = due {
                self.wakes.insert((due, call.id));
            }
            call.wake = due;
        }
    }

    fn forget(&mut self, env: &Env<'_>, call: &Call) {
        if let Some(wake) = call.wake {
            self.wakes.remove(&(wake, call.id));
        }
        self.incoming.remove(&call.invite.key);
        if let Some(session) = call.session {
            self.sessions.remove(&session);
        }
        self.forget_questions(call);
        for forward in &call.forwards {
            self.incoming.remove(&forward.server);
            self.outgoing.remove(&forward.client);
        }
        for question in &call.questions {
            self.outgoing.remove(&question.key);
        }
        let [near, far] = [0, 1].map(|leg| call.sides[leg].as_ref().map(|side| side.tag));
        let tags = [Some(call.invite.tag), near, far];
        for tag in tags.into_iter().flatten() {
            // A leg that moved to another call goes on.
            if self.by_tag.get(tag.as_bytes()).is_none_or(|(owner, _)| *owner == call.id) {
                self.remember(tag, env.now.instant);
            }
        }
        if let Some(pickup) = call.pickup {
            self.pickups.remove(pickup.as_bytes());
        }
    }

    /// A dialog of ours that is over, or will be as soon as it begins.
    fn remember(&mut self, tag: Token, now: Instant) {
        self.by_tag.remove(tag.as_bytes());
        self.ended.insert(tag.as_bytes().into());
        self.endings.push_back((now + REMEMBERED, tag.as_bytes().into()));
    }

    /// A response to a request of a call that still stands.
    fn response(&mut self, env: &mut Env<'_>, id: CallNumber, key: TransactionKey, flow: Flow, response: &Message) {
        if response.status() >= 200 {
            self.outgoing.remove(&key);
        }
        env.received(response);
        self.with(env, id, |calls, env, call| {
            if call.forwards.iter().any(|forward| forward.client == key) {
                calls.forwarded_answer(env, call, key, response);
            } else if call.is_question(key) {
                calls.replied(env, call, key, response);
            } else {
                calls.branch_response(env, call, key, flow, response);
            }
        });
    }

    fn failed(&mut self, env: &mut Env<'_>, id: CallNumber, key: TransactionKey, failure: Failure) {
        let status = if failure == Failure::Timeout { 408 } else { 503 };
        self.with(env, id, |calls, env, call| {
            if call.forwards.iter().any(|forward| forward.client == key) {
                calls.forwarded_failure(env, call, key, status);
            } else if call.is_question(key) {
                calls.unanswered(env, call, key);
            } else {
                calls.branch_failed(env, call, key, status);
            }
        });
    }

    /// A response nobody waits for. A 2xx to an INVITE has made a dialog all the same: one of a phone that answered just
    /// when the call was taken elsewhere or given up (RFC 3261 section 13.2.2.4), or the repetition of one we know. It bears
    /// our tag: somebody else's would have us send to whom they please.
    fn stray(&mut self, env: &mut Env<'_>, flow: Flow, response: &Message) {
        if response.method() != Method::Invite || !(200..300).contains(&response.status()) {
            return;
        }
        let known = self.by_tag.get(response.from_tag()).copied();
        if let Some((id, leg)) = known
            && let Some(call) = self.open.get_mut(&id)
            && let Some(side) = &mut call.sides[index(leg)]
            && side.dialog.id().remote_tag.as_ref() == response.to_tag()
        {
            side.acknowledge_again(env, flow, response);
            return;
        }
        if known.is_none() && !self.ended.contains(response.from_tag()) {
            return;
        }
        if let Ok(mut dialog) = Dialog::uac(response) {
            let ack = dialog.ack(response.cseq().number);
            env.endpoint.send_ack(flow, &ack);
            let bye = dialog.request(Method::Bye);
            env.endpoint.request(env.now.instant, flow, &bye);
        }
    }

    fn cancelled(&mut self, env: &mut Env<'_>, key: TransactionKey) {
        let Some(&id) = self.incoming.get(&key) else { return };
        self.with(env, id, |calls, env, call| {
            if call.invite.key == key {
                calls.give_up(env, call, 487, CallOutcome::Cancelled);
            } else {
                calls.cancel_forward(env, call, key);
            }
        });
    }
}

impl Call {
    fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Ending) && self.sides.iter().flatten().all(|side| !side.bye_when_acked)
    }

    fn next_timeout(&self) -> Option<Instant> {
        let stage = match &self.stage {
            Stage::Announcing { until, .. } => Some(*until),
            Stage::Ringing(rings) => Some(rings.next_timeout()),
            Stage::Script(running) => running.next_timeout(),
            Stage::Talking { check } => Some(*check),
            Stage::Ending => None,
        };
        let sides = self.sides.iter().flatten().filter_map(Side::next_timeout);
        sides.chain(stage).chain(self.early.next_timeout()).chain(self.recorder.next_timeout()).min()
    }

    /// What lamps show of it: whether it goes on, is answered, and who is called.
    fn lamp(&self) -> (u8, bool, Option<UserId>) {
        let stage = match self.stage {
            Stage::Ending => 0,
            Stage::Announcing { .. } => 1,
            Stage::Ringing(_) => 2,
            Stage::Script(_) => 3,
            Stage::Talking { .. } => 4,
        };
        (stage, self.answered.is_some(), self.callee.as_ref().map(|callee| callee.user_id))
    }

    /// The account whose rules hold for the caller.
    fn account(&self) -> Option<AccountId> {
        match &self.caller {
            Caller::User(caller) => Some(caller.account_id),
            Caller::Trunk(account) => *account,
        }
    }

    /// The caller as this callee sees it: a colleague by the extension, anybody else by a number.
    fn shown_to(&self, callee: &DirectoryUser) -> CallParty {
        match &self.caller {
            _ if self.is_transferred => self.shown.clone(),
            Caller::User(caller) if caller.account_id != callee.account_id => CallParty {
                user: None,
                number: caller.caller_id().map(|number| number.as_str().to_owned()).unwrap_or_default(),
                name: caller.display_name.clone(),
            },
            Caller::User(caller) => party(caller),
            Caller::Trunk(_) => self.shown.clone(),
        }
    }

    /// The user at a leg; nobody for a trunk.
    fn user_at(&self, leg: Leg) -> Option<&Arc<DirectoryUser>> {
        if leg == Leg::A { self.calling_user() } else { self.callee.as_ref() }
    }

    fn set_user_at(&mut self, leg: Leg, user: Arc<DirectoryUser>) {
        if leg == Leg::A {
            self.caller = Caller::User(user);
        } else {
            self.callee = Some(user);
        }
    }

    /// Sound goes both ways: the phone's description is known.
    fn is_heard(&self) -> bool {
        self.invite.offer.is_some() || self.sides[0].as_ref().is_none_or(|side| side.answer.is_none())
    }

    /// Ends what a script played, or echoed.
    fn stop_sound(&self) {
        if let Some(media) = &self.media {
            media.echo(self.near, false);
            media.stop_playing(self.near);
        }
    }

    fn side(&mut self, leg: Leg) -> Option<&mut Side> {
        self.sides[index(leg)].as_mut()
    }
}

fn index(leg: Leg) -> usize {
    match leg {
        Leg::A => 0,
        Leg::B => 1,
    }
}

impl Env<'_> {
    fn contact(&self, flow: Flow) -> String {
        self.rules.contact(flow)
    }

    fn report(&mut self, report: CallReport) {
        self.told.report(report);
    }

    /// An identifier for something that is told outside.
    fn mint(&mut self) -> uuid::Uuid {
        let mut random = [0; 10];
        let tokens = [self.endpoint.token(), self.endpoint.token()];
        for (byte, digits) in random.iter_mut().zip(tokens.iter().flat_map(|token| token.as_bytes().chunks(2))) {
            *byte = str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(0);
        }
        let millis = u64::try_from(self.now.utc.timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// Any number.
    fn chance(&mut self) -> u64 {
        u64::from_str_radix(&self.endpoint.token(), 16).unwrap_or_default()
    }

    fn respond(&mut self, key: TransactionKey, response: Response) -> bytes::Bytes {
        let bytes = self.endpoint.respond(self.now.instant, key, response);
        self.sent(bytes.clone());
        bytes
    }

    /// A message of the call has come.
    fn received(&mut self, message: &Message) {
        self.passed.push(Passed { at: self.now.utc, what: What::Received(Box::new(message.clone())) });
    }

    fn sent(&mut self, bytes: bytes::Bytes) {
        if !bytes.is_empty() {
            self.passed.push(Passed { at: self.now.utc, what: What::Sent(bytes) });
        }
    }

    fn request(&mut self, flow: Flow, request: &Request) -> TransactionKey {
        let key = self.endpoint.request(self.now.instant, flow, request);
        let sent = self.endpoint.sent(key);
        self.sent(sent);
        key
    }
}
