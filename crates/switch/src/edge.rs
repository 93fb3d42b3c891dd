//! The sockets, the clock and the randomness around the core.
//!
//! Tasks read sockets and put whole messages into one bounded queue; the core's thread takes them out, lets time pass, and
//! sends what there is to send. Nobody waits for anybody: what does not fit into a queue is dropped, as a router would.

pub(crate) mod connection;
pub(crate) mod listen;
pub(crate) mod outbound;
mod resolve;
pub(crate) mod run;
mod stun;
pub(crate) mod tls;
mod websocket;

use std::{
    collections::HashMap,
    net::UdpSocket,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc as std_mpsc,
    },
    time::Instant,
};

use bytes::Bytes;
use chrono::Utc;
use lineside_media::{prompt::Prompt, relay::MediaEvent};
use lineside_model::{
    call_report::CallReport,
    id::{AccountId, CallId, UserId},
    question::Answer,
};
use lineside_sip::{Flow, Transmit, Transport};
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
    waiting: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub(crate) struct Receiver {
    messages: std_mpsc::Receiver<Input>,
    waiting: Arc<AtomicUsize>,
}

impl Inbox {
    pub(crate) fn new() -> (Inbox, Receiver) {
        let (sender, receiver) = std_mpsc::channel();
        let waiting = Arc::default();
        (Inbox { messages: sender, waiting: Arc::clone(&waiting) }, Receiver { messages: receiver, waiting })
    }

    /// A message from the network; false when the core can not keep up and it was dropped.
    fn message(&self, flow: Flow, bytes: Bytes) -> bool {
        let length = bytes.len() + OVERHEAD;
        if self.waiting.fetch_add(length, Ordering::Relaxed) >= WAITING {
            self.waiting.fetch_sub(length, Ordering::Relaxed);
            return false;
        }
        self.messages.send(Input::Message(flow, bytes)).is_ok()
    }

    /// Something that must not be lost. There are never many.
    pub(crate) fn command(&self, input: Input) {
        // A core that has stopped needs to know nothing.
        let _ = self.messages.send(input);
    }
}

impl Receiver {
    /// The next input; `None` when the time has come or nobody is left to send any.
    fn next(&self, until: Option<Instant>) -> Option<Input> {
        let input = match until {
            Some(until) => self.messages.recv_timeout(until.saturating_duration_since(now().instant)).ok(),
            None => self.messages.recv().ok(),
        };
        self.count(input)
    }

    fn try_next(&self) -> Option<Input> {
        self.count(self.messages.try_recv().ok())
    }

    fn count(&self, input: Option<Input>) -> Option<Input> {
        if let Some(Input::Message(_, bytes)) = &input {
            self.waiting.fetch_sub(bytes.len() + OVERHEAD, Ordering::Relaxed);
        }
        input
    }
}

/// The ways out.
#[derive(Debug, Clone)]
pub(crate) struct Outlets {
    udp: Arc<UdpSocket>,
    connections: Arc<Mutex<HashMap<u64, mpsc::Sender<Bytes>>>>,
}

impl Outlets {
    pub(crate) fn new(udp: UdpSocket) -> Self {
        Self { udp: Arc::new(udp), connections: Arc::default() }
    }

    fn add(&self, flow_id: u64) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(UNSENT);
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).insert(flow_id, sender);
        receiver
    }

    fn remove(&self, flow_id: u64) {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).remove(&flow_id);
    }

    /// Sends without waiting. A connection that takes nothing any more is closed.
    fn send(&self, transmit: &Transmit) {
        let Transmit { flow, bytes } = transmit;
        if flow.transport == Transport::Udp {
            if let Err(error) = self.udp.send_to(bytes, flow.remote) {
                tracing::debug!(to = %flow.remote, %error, "a datagram was not sent");
            }
            return;
        }
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if connections.get(&flow.id).is_some_and(|connection| connection.try_send(bytes.clone()).is_err()) {
            connections.remove(&flow.id);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge reads the clock for the core")]
pub(crate) fn now() -> Now {
    Now { instant: Instant::now(), utc: Utc::now() }
}

/// The edge draws the randomness for the core.
pub(crate) fn random() -> [u8; 16] {
    rand::random()
}
