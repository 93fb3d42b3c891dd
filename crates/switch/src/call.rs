//! Calls: a back-to-back user agent, so each leg is a dialog of its own and the phones never learn of each other.
//!
//! - `place` takes an INVITE to its route; `ring` looks after the `branch`es until one answers, `early` after what is said
//!   before that; `answer` gives the caller its 2xx. `outside` calls over trunks, `announce` speaks to whose call goes nowhere.
//! - `talk` carries requests from `leg` to leg; `session` keeps what was agreed alive, `liveness` sees whether the phones are
//!   still there, `sign` proves to carriers who we are; `hang_up` ends what there is to end.
//! - `transfer` and `replace` change who is in a call. `perform` does what a script says; `record` records, and `kept` knows
//!   what becomes of it. `test_call` calls for a test.
//! - `description` writes a session description anew with the relay in it, `agree` brings two of them together.
//! - `wake` knows when calls have something to do, `reply` takes what comes back for what was sent; `break_off` ends calls from
//!   outside, `forget` takes away what is over. `parties` knows who is in a call, `lamp` what lamps show of it.
//! - `story` and `ladder` are what is told of a call outside.

mod agree;
mod announce;
mod answer;
mod best;
mod branch;
mod break_off;
#[cfg(test)]
mod counts;
mod description;
mod early;
mod emergency;
mod env;
mod forget;
mod hang_up;
mod kept;
mod ladder;
mod lamp;
mod leg;
mod liveness;
mod outside;
mod parties;
mod perform;
mod place;
mod record;
mod replace;
mod reply;
mod ring;
mod session;
mod sign;
mod story;
mod talk;
mod test_call;
#[cfg(test)]
mod tests;
mod transfer;
mod wake;

use std::{
    collections::{BTreeSet, VecDeque},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use foldhash::{HashMap, HashSet};
use lineside_media::relay::{Leg, Session};
use lineside_model::{
    call_report::CallParty,
    dialled::Dialled,
    directory::DirectoryUser,
    id::{AccountId, UserId},
    route::{Caller, Hop},
};
use lineside_sip::{Event, Flow, Message, Token, TransactionKey};

pub(crate) use self::env::Env;
use self::{
    description::Description, early::Early, emergency::Helped, kept::Kept, ladder::Passed, leg::Side,
    liveness::Question, outside::Minutes, perform::Running, record::Recorder, ring::Rings, sign::Unsigned,
    story::Story, talk::Forward, transfer::Transferor,
};

/// Within this core; the world knows calls by their `CallId`.
type CallNumber = u64;

/// All calls of one core.
#[derive(Default)]
pub(crate) struct Calls {
    /// Boxed: each event takes its call out and puts it back.
    open: HashMap<CallNumber, Box<Call>>,
    last_id: CallNumber,
    /// Our tag of each dialog. We made it, so it is unique, and nobody guesses it.
    by_tag: HashMap<Token, (CallNumber, Leg)>,
    /// What lamps call a call that rings, for who picks it up. It opens nothing else, so whoever may watch may know.
    pickups: HashMap<Token, CallNumber>,
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
    /// What is recorded now, and what for. A recording ends a little after its call.
    recordings: HashMap<PathBuf, Kept>,
    wakes: BTreeSet<(Instant, CallNumber)>,
    /// Tags of dialogs that have ended, and until when they are remembered, oldest first.
    ended: HashSet<Token>,
    endings: VecDeque<(Instant, Token)>,
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
}

impl Call {
    /// A call of which nothing has come yet.
    fn new(
        id: CallNumber,
        caller: Caller,
        shown: CallParty,
        dialled: Dialled,
        invite: Invite,
        media: Option<Session>,
        now: Instant,
    ) -> Self {
        Self {
            id,
            caller,
            shown,
            hops: Vec::new(),
            callee: None,
            mailbox: None,
            recorder: Recorder::default(),
            near: Leg::A,
            transferor: None,
            caller_before: None,
            is_transferred: false,
            is_emergency: false,
            is_test: false,
            outside: None,
            dialled,
            invite,
            early: Early::default(),
            pickup: None,
            stage: Stage::Ending,
            session: media.as_ref().map(Session::id),
            media,
            sides: [None, None],
            forwards: Vec::new(),
            questions: Vec::new(),
            wake: None,
            placed: now,
            answered: None,
            story: Story::default(),
            passed: Vec::new(),
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
