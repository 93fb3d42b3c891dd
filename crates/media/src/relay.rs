//! The relay: RTP and RTCP between the two legs of a call, passed on without decoding where both legs are coded alike.
//!
//! Each leg has a pair of ports of ours, even for RTP and the next for RTCP. A few threads poll the sockets of all calls;
//! everybody else holds handles that only send them commands, so nothing here ever blocks a caller. What happens by
//! itself, a key pressed or a recording that ended, is told to the sink of `RelayConfig`. Where a leg's packets go is
//! decided by `latch`. What is told a caller by ourselves is sent by `player`, in the stream of `voice`. Where speech has to
//! be decoded, `hearing` puts it in order for `transcoder` and `recorder`; `disk` writes the recordings in a thread of its
//! own. `quality` counts.

mod beep;
mod call;
mod disk;
mod event;
mod format;
mod hearing;
mod latch;
mod leg;
mod line;
mod player;
mod poller;
mod ports;
mod quality;
mod record;
mod recorder;
mod stats;
mod transcoder;
mod voice;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    num::NonZero,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence},
        mpsc,
    },
    thread,
    time::Duration,
};

use mio::{Poll, Waker};
use thiserror::Error;

use crate::playlist::Playlist;

use self::{
    disk::Disk,
    poller::{Command, Inbox, Poller, WAKE},
    ports::Ports,
    stats::SessionStats,
};
pub use self::{
    event::{Ended, EventSink, Happened, MediaEvent, Recorded},
    format::LegFormat,
    record::{RecordRequest, Tracks},
    stats::{FarView, LegStats},
};

#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// The address whose ports are taken.
    pub bind: IpAddr,
    /// The ports to take pairs from; a call takes two pairs.
    pub ports: RangeInclusive<u16>,
    /// Calls relayed at a time.
    pub max_sessions: usize,
    /// Where events go; by default nowhere.
    pub events: EventSink,
    /// After how long without a packet from a leg that is told.
    pub silence: Duration,
    /// Threads that share the calls.
    pub threads: usize,
    /// Commands wait for [`Relay::flush`], so that the threads wake once for many.
    pub is_flushed: bool,
}

impl RelayConfig {
    /// With a thread for each core, and silence told after ten seconds.
    pub fn new(bind: IpAddr, ports: RangeInclusive<u16>, max_sessions: usize) -> Self {
        Self {
            bind,
            ports,
            max_sessions,
            events: EventSink::default(),
            silence: Duration::from_secs(10),
            threads: thread::available_parallelism().map_or(1, NonZero::get),
            is_flushed: false,
        }
    }
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
    workers: Vec<Worker>,
}

/// A thread's inbox, and what wakes it to read.
#[derive(Debug)]
struct Worker {
    commands: mpsc::Sender<Command>,
    waker: Waker,
    /// What commands were given that it was not woken for.
    owed: AtomicU8,
    /// It looks into its inbox soon by itself.
    is_awake: Arc<AtomicBool>,
}

/// How much is lost while a command waits for a moment.
#[derive(Debug, Clone, Copy)]
enum Urgency {
    Nothing,
    /// Nobody hears of it before a packet comes, which wakes the thread too.
    Later,
    Now,
}

impl Relay {
    /// Starts the threads. No port is taken before a session is opened.
    pub fn start(config: RelayConfig) -> io::Result<Relay> {
        let threads = config.threads.max(1);
        let ports = Arc::new(Mutex::new(Ports::new(config.bind, config.ports.clone(), threads)));
        let disk = Disk::start(config.events.clone())?;
        let workers = (0..threads).map(|at| Worker::start(at, &config, &ports, &disk));
        let workers = workers.collect::<io::Result<_>>()?;
        let shared = Shared { config, ports, open: AtomicUsize::new(0), next_id: AtomicU64::new(0), workers };
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
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let turn = usize::try_from(id).unwrap_or_default() % self.shared.workers.len();
        let taken = self.shared.ports.lock().unwrap_or_else(PoisonError::into_inner).take_two(turn);
        let (pairs, worker) = taken.ok_or(RelayError::NoPorts)?;
        let ports = [pairs[0].port(), pairs[1].port()];
        let stats = Arc::new(SessionStats::default());
        self.command(worker, Command::Open { id, pairs: Box::new(pairs), stats: stats.clone() })?;
        let (plays, echoes) = Default::default();
        Ok(Session { id, worker, ports, stats, plays, echoes, relay: self.clone() })
    }

    /// Sessions open now.
    pub fn open_sessions(&self) -> usize {
        self.shared.open.load(Ordering::Acquire)
    }

    fn command(&self, worker: usize, command: Command) -> Result<(), RelayError> {
        let worker = &self.shared.workers[worker];
        let urgency = command.urgency();
        worker.commands.send(command).map_err(|_| RelayError::Stopped)?;
        if self.shared.config.is_flushed {
            worker.owed.fetch_max(urgency as u8, Ordering::AcqRel);
        } else {
            worker.wake();
        }
        Ok(())
    }

    /// Has the commands carried out that were given since the last time.
    pub fn flush(&self) {
        for worker in &self.shared.workers {
            worker.flush();
        }
    }
}

impl Worker {
    fn start(at: usize, config: &RelayConfig, ports: &Arc<Mutex<Ports>>, disk: &Disk) -> io::Result<Worker> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let (commands, inbox) = mpsc::channel();
        let is_awake = Arc::<AtomicBool>::default();
        let inbox = Inbox { commands: inbox, is_awake: is_awake.clone() };
        let poller = Poller::new(at, poll, inbox, ports.clone(), disk.clone(), config);
        thread::Builder::new().name("media-relay".into()).spawn(move || poller.run())?;
        Ok(Worker { commands, waker, owed: AtomicU8::new(Urgency::Nothing as u8), is_awake })
    }

    /// To wake a thread costs more than what it does for a call that is being set up.
    fn flush(&self) {
        // Most of the time nothing is owed, and to look costs less than to take.
        if self.owed.load(Ordering::Acquire) == Urgency::Nothing as u8 {
            return;
        }
        let owed = self.owed.swap(Urgency::Nothing as u8, Ordering::AcqRel);
        // Either the thread finds the commands before it sleeps, or it is seen here to be asleep.
        fence(Ordering::SeqCst);
        if owed == Urgency::Now as u8 || !self.is_awake.load(Ordering::Acquire) {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "a thread of the media relay can not be woken");
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for worker in &self.workers {
            let _ = worker.commands.send(Command::Stop);
            worker.wake();
        }
    }
}

/// The media of one call. Dropping it releases its ports at once.
#[derive(Debug)]
pub struct Session {
    id: u64,
    worker: usize,
    ports: [u16; 2],
    stats: Arc<SessionStats>,
    /// What was begun towards a leg: to end what never began, no thread has to wake.
    plays: [AtomicBool; 2],
    echoes: [AtomicBool; 2],
    relay: Relay,
}

impl Session {
    /// The name of this session in events; none is used twice.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Our RTP port for a leg, to be written into the SDP that the leg gets. RTCP is the port after it.
    pub fn port(&self, leg: Leg) -> u16 {
        self.ports[leg.index()]
    }

    /// A leg's SDP said where it listens. Packets go there until the leg sends from elsewhere (symmetric RTP, RFC 4961);
    /// whatever source it was locked to before is forgotten.
    pub fn expect(&self, leg: Leg, announced: Option<SocketAddr>) {
        self.tell(Command::Expect { id: self.id, leg, announced });
    }

    /// How a leg's media is coded, once that is agreed. Legs that are coded alike are passed on without decoding,
    /// others are transcoded; a leg that was not described is passed on as it is, and heard as its payload types say.
    pub fn describe(&self, leg: Leg, format: LegFormat) {
        self.tell(Command::Describe { id: self.id, leg, format: Box::new(format) });
    }

    /// Plays towards a leg, in place of what the other leg sends, until the end, which is told (`Happened::Played`).
    /// Whatever was played to it before ends at once, untold.
    pub fn play(&self, leg: Leg, playlist: impl Into<Playlist>) {
        self.plays[leg.index()].store(true, Ordering::Relaxed);
        self.tell(Command::Play { id: self.id, leg, playlist: playlist.into() });
    }

    pub fn stop_playing(&self, leg: Leg) {
        if self.plays[leg.index()].swap(false, Ordering::Relaxed) {
            self.tell(Command::StopPlaying { id: self.id, leg });
        }
    }

    /// Sends a leg back what it says, in place of what the other leg sends.
    pub fn echo(&self, leg: Leg, on: bool) {
        if self.echoes[leg.index()].swap(on, Ordering::Relaxed) || on {
            self.tell(Command::Echo { id: self.id, leg, on });
        }
    }

    /// Records from now on. The end is told (`Happened::Recorded`) when the file is complete. A recording that runs is
    /// ended first.
    pub fn record(&self, request: RecordRequest) {
        self.tell(Command::Record { id: self.id, request: Box::new(request) });
    }

    /// What is said in a pause is neither in the file nor in its length.
    pub fn pause_recording(&self, paused: bool) {
        self.tell(Command::PauseRecording { id: self.id, paused });
    }

    pub fn stop_recording(&self) {
        self.tell(Command::StopRecording { id: self.id });
    }

    /// What came in from a leg so far.
    pub fn stats(&self, leg: Leg) -> LegStats {
        self.stats.of(leg)
    }

    /// A relay that has stopped leaves nothing to be told.
    fn tell(&self, command: Command) {
        let _ = self.relay.command(self.worker, command);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.tell(Command::Close { id: self.id });
        self.relay.shared.open.fetch_sub(1, Ordering::AcqRel);
    }
}
