//! The relay: RTP and RTCP between the two legs of a call, passed on without decoding.
//!
//! Each leg has a pair of ports of ours, even for RTP and the next for RTCP. One thread polls the sockets of all calls;
//! everybody else holds handles that only send it commands, so nothing here ever blocks a caller. Where a leg's packets
//! go is decided by `latch`; what is told a caller by ourselves is sent by `player`.

mod latch;
mod player;
mod poller;
mod ports;
mod stats;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use mio::{Poll, Waker};
use thiserror::Error;

use crate::{g711::Law, prompt::Prompt};

pub use self::stats::LegStats;
use self::{
    poller::{Command, Poller, WAKE},
    ports::{Pair, Ports},
    stats::SessionStats,
};

#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// The address whose ports are taken.
    pub bind: IpAddr,
    /// The ports to take pairs from; a call takes two pairs.
    pub ports: RangeInclusive<u16>,
    /// Calls relayed at a time.
    pub max_sessions: usize,
}

#[derive(Debug, Error)]
pub enum RelayError {
    #[error("all {limit} relayed calls are in use; raise the limit of calls")]
    Full { limit: usize },
    #[error("no free pair of media ports is left; widen the range of RTP ports")]
    NoPorts,
    #[error("the relay has stopped")]
    Stopped,
}

/// A side of a call. For the relay both are alike; by custom A is the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Leg {
    A,
    B,
}

impl Leg {
    #[must_use]
    pub fn other(self) -> Leg {
        match self {
            Leg::A => Leg::B,
            Leg::B => Leg::A,
        }
    }

    fn index(self) -> usize {
        match self {
            Leg::A => 0,
            Leg::B => 1,
        }
    }
}

/// The running relay. It ends with its last handle and its last session.
#[derive(Debug, Clone)]
pub struct Relay {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: RelayConfig,
    ports: Arc<Mutex<Ports>>,
    open: AtomicUsize,
    next_id: AtomicU64,
    commands: mpsc::Sender<Command>,
    waker: Waker,
}

impl Relay {
    /// Starts the thread. No port is taken before a session is opened.
    pub fn start(config: RelayConfig) -> io::Result<Relay> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let (commands, inbox) = mpsc::channel();
        let ports = Arc::new(Mutex::new(Ports::new(config.bind, config.ports.clone())));
        let poller = Poller::new(poll, inbox, ports.clone());
        thread::Builder::new().name("media-relay".into()).spawn(move || poller.run())?;
        let shared = Shared { config, ports, open: AtomicUsize::new(0), next_id: AtomicU64::new(0), commands, waker };
        Ok(Relay { shared: Arc::new(shared) })
    }

    /// Takes two pairs of ports and begins to relay between them.
    pub fn open(&self) -> Result<Session, RelayError> {
        let limit = self.shared.config.max_sessions;
        let taken = self
            .shared
            .open
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| (open < limit).then_some(open + 1));
        if taken.is_err() {
            return Err(RelayError::Full { limit });
        }
        let opened = self.open_counted();
        if opened.is_err() {
            self.shared.open.fetch_sub(1, Ordering::AcqRel);
        }
        opened
    }

    fn open_counted(&self) -> Result<Session, RelayError> {
        let [a, b] = self.take_pairs()?;
        let ports = [a.port, b.port];
        let stats = Arc::new(SessionStats::default());
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        self.command(Command::Open { id, pairs: Box::new([a, b]), stats: stats.clone() })?;
        Ok(Session { id, ports, stats, relay: self.clone() })
    }

    fn take_pairs(&self) -> Result<[Pair; 2], RelayError> {
        let mut ports = self.shared.ports.lock().unwrap_or_else(PoisonError::into_inner);
        let a = ports.take().ok_or(RelayError::NoPorts)?;
        if let Some(b) = ports.take() {
            return Ok([a, b]);
        }
        ports.release(a);
        Err(RelayError::NoPorts)
    }

    /// Sessions open now.
    pub fn open_sessions(&self) -> usize {
        self.shared.open.load(Ordering::Acquire)
    }

    fn command(&self, command: Command) -> Result<(), RelayError> {
        self.shared.commands.send(command).map_err(|_| RelayError::Stopped)?;
        self.shared.waker.wake().map_err(|_| RelayError::Stopped)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Stop);
        let _ = self.waker.wake();
    }
}

/// The media of one call. Dropping it releases its ports at once.
#[derive(Debug)]
pub struct Session {
    id: u64,
    ports: [u16; 2],
    stats: Arc<SessionStats>,
    relay: Relay,
}

impl Session {
    /// Our RTP port for a leg, to be written into the SDP that the leg gets. RTCP is the port after it.
    pub fn port(&self, leg: Leg) -> u16 {
        self.ports[leg.index()]
    }

    /// A leg's SDP said where it listens. Packets go there until the leg sends from elsewhere (symmetric RTP, RFC 4961);
    /// whatever source it was locked to before is forgotten.
    pub fn expect(&self, leg: Leg, announced: Option<SocketAddr>) {
        self.tell(Command::Expect { id: self.id, leg, announced });
    }

    /// Plays a prompt towards a leg, in place of what the other leg sends, until its end.
    pub fn play(&self, leg: Leg, prompt: Prompt, law: Law) {
        self.tell(Command::Play { id: self.id, leg, prompt, law });
    }

    pub fn stop_playing(&self, leg: Leg) {
        self.tell(Command::StopPlaying { id: self.id, leg });
    }

    /// What came in from a leg so far.
    pub fn stats(&self, leg: Leg) -> LegStats {
        self.stats.of(leg)
    }

    /// A relay that has stopped leaves nothing to be told.
    fn tell(&self, command: Command) {
        let _ = self.relay.command(command);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.tell(Command::Close { id: self.id });
        self.relay.shared.open.fetch_sub(1, Ordering::AcqRel);
    }
}
