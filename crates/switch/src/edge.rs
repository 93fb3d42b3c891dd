//! The sockets, the clock and the randomness around the core.
//!
//! The core's thread has the UDP socket for itself. Tasks read connections and put whole messages into one bounded queue; the
//! core's thread takes them out, lets time pass, and sends what there is to send. Nobody waits for anybody: what does not fit
//! into a queue is dropped, as a router would.

pub(crate) mod connection;
mod datagrams;
pub(crate) mod listen;
pub(crate) mod outbound;
mod resolve;
pub(crate) mod run;
mod stun;
pub(crate) mod tls;
mod websocket;

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc as std_mpsc,
    },
    time::Instant,
};

use bytes::Bytes;
use chrono::{SubsecRound as _, Utc};
use lineside_media::{prompt::Prompt, relay::MediaEvent};
use lineside_model::{
    call_report::CallReport,
    id::{AccountId, CallId, UserId},
    question::Answer,
};
use lineside_sip::{Flow, Transmit};
use mio::{Poll, Token, Waker};
use tokio::sync::mpsc;

use crate::{clock::Now, directory::Changed, notify::Notice, trunk::target::Found};

/// The flow of the one UDP socket. Connections are numbered from the next on.
pub(crate) const UDP_FLOW: u64 = 0;
/// Those that the core has made are numbered by the core, from here on.
pub(crate) const OUTBOUND_FLOWS: u64 = 1 << 63;

/// Bytes waiting for the core. A registration is about one KiB and a few microseconds of work.
const WAITING: usize = 32 * 1024 * 1024;
/// What a waiting message takes besides its bytes.
const OVERHEAD: usize = 160;
/// Messages waiting for one connection; a phone that takes none for so long is gone.
const UNSENT: usize = 256;

/// What the core's thread is given.
#[derive(Debug)]
pub(crate) enum Input {
    Message(Flow, Bytes),
    /// After what this leads to is sent, the connection is to be closed.
    Last(Flow, Bytes),
    Closed(u64),
    Directory(Changed),
    Notify(Notice),
    /// The answer to a question of the core, by its number.
    Answer(u64, Answer),
    /// A file that the core asked for, by its number.
    Loaded(u64, Option<Prompt>),
    /// Where a carrier is reached, by the number that was given with it.
    LookedUp(u64, Found),
    /// Why a connection that the core wanted was not made; that it is closed is told too.
    NotConnected(u64, String),
    Media(MediaEvent),
    /// What was found in the spool that nobody took.
    Found(Vec<CallReport>),
    HangUp(CallId),
    TestCall(AccountId, UserId),
    Stop,
}

/// The way into the core, for messages bounded, for commands never full.
#[derive(Debug, Clone)]
pub(crate) struct Inbox {
    messages: std_mpsc::Sender<Input>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Receiver {
    messages: std_mpsc::Receiver<Input>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Bytes of messages.
    waiting: AtomicUsize,
    waker: Waker,
    /// The core was woken and has not looked yet: who comes meanwhile needs not wake it.
    is_woken: AtomicBool,
}

/// The inbox among what the core's thread waits for.
const INBOX: Token = Token(0);

impl Inbox {
    /// Whoever waits with `poll` wakes when something comes in.
    pub(crate) fn new(poll: &Poll) -> io::Result<(Inbox, Receiver)> {
        let (sender, receiver) = std_mpsc::channel();
        let waker = Waker::new(poll.registry(), INBOX)?;
        let shared = Arc::new(Shared { waiting: AtomicUsize::new(0), waker, is_woken: AtomicBool::new(false) });
        Ok((Inbox { messages: sender, shared: Arc::clone(&shared) }, Receiver { messages: receiver, shared }))
    }

    /// A message from the network; false when the core can not keep up and it was dropped.
    fn message(&self, flow: Flow, bytes: Bytes) -> bool {
        let length = bytes.len() + OVERHEAD;
        if self.shared.waiting.fetch_add(length, Ordering::Relaxed) >= WAITING {
            self.shared.waiting.fetch_sub(length, Ordering::Relaxed);
            return false;
        }
        self.send(Input::Message(flow, bytes))
    }

    /// Something that must not be lost. There are never many.
    pub(crate) fn command(&self, input: Input) {
        // A core that has stopped needs to know nothing.
        self.send(input);
    }

    fn send(&self, input: Input) -> bool {
        let is_sent = self.messages.send(input).is_ok();
        if !self.shared.is_woken.swap(true, Ordering::SeqCst)
            && let Err(error) = self.shared.waker.wake()
        {
            tracing::error!(%error, "the switch can not be woken");
        }
        is_sent
    }
}

impl Receiver {
    /// Looks: whatever comes from here on wakes again.
    fn look(&self) {
        self.shared.is_woken.store(false, Ordering::SeqCst);
    }

    fn try_next(&self) -> Option<Input> {
        let input = self.messages.try_recv().ok();
        if let Some(Input::Message(_, bytes)) = &input {
            self.shared.waiting.fetch_sub(bytes.len() + OVERHEAD, Ordering::Relaxed);
        }
        input
    }

    /// The next input that comes before an instant.
    fn next(&self, until: Instant) -> Option<Input> {
        self.messages.recv_timeout(until.saturating_duration_since(now().instant)).ok()
    }
}

/// The ways out over connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outlets(Arc<Mutex<HashMap<u64, mpsc::Sender<Bytes>>>>);

impl Outlets {
    fn add(&self, flow_id: u64) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(UNSENT);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(flow_id, sender);
        receiver
    }

    fn remove(&self, flow_id: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&flow_id);
    }

    /// Sends without waiting. A connection that takes nothing any more is closed.
    fn send(&self, transmit: Transmit) {
        let Transmit { flow, bytes } = transmit;
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if connections.get(&flow.id).is_some_and(|connection| connection.try_send(bytes).is_err()) {
            connections.remove(&flow.id);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge reads the clock for the core")]
pub(crate) fn now() -> Now {
    // In whole microseconds, as the databases keep it.
    Now { instant: Instant::now(), utc: Utc::now().trunc_subsecs(6) }
}

/// The edge draws the randomness for the core.
pub(crate) fn random() -> [u8; 16] {
    rand::random()
}
