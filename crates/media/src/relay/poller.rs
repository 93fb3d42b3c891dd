//! A thread of the relay: one poll over the sockets of its calls.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    hash::{BuildHasher, RandomState},
    io,
    net::SocketAddr,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering, fence},
        mpsc,
    },
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token};

use super::{
    Ended, Leg, LegFormat, RecordRequest, RelayConfig, Urgency,
    call::{Call, Env, Kind},
    disk::Disk,
    leg::LegState,
    ports::{Pair, Ports, Taken},
    stats::SessionStats,
};
use crate::playlist::Playlist;

pub(super) const WAKE: Token = Token(usize::MAX);

/// Larger than any packet of a telephone call; what fills it was cut off and is dropped.
const DATAGRAM: usize = 4096;
/// Sockets that one poll tells of.
const EVENTS: usize = 1024;
/// Datagrams read from one socket before the others get their turn.
const TURN: usize = 64;
/// How often every call is looked after.
const ROUND: Duration = Duration::from_secs(1);
/// For how long after a command the thread looks for the next one by itself: while many calls are set up it is woken for none.
const SOON: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) enum Command {
    Open { id: u64, pairs: Box<[Taken; 2]>, stats: Arc<SessionStats> },
    Expect { id: u64, leg: Leg, announced: Option<SocketAddr> },
    Describe { id: u64, leg: Leg, format: Box<LegFormat> },
    Play { id: u64, leg: Leg, playlist: Playlist },
    StopPlaying { id: u64, leg: Leg },
    Echo { id: u64, leg: Leg, on: bool },
    Record { id: u64, request: Box<RecordRequest> },
    PauseRecording { id: u64, paused: bool },
    StopRecording { id: u64 },
    Close { id: u64 },
    Stop,
}

impl Command {
    pub(super) fn urgency(&self) -> Urgency {
        match self {
            Self::Open { .. } | Self::Expect { .. } | Self::Describe { .. } | Self::Close { .. } => Urgency::Later,
            Self::Play { .. }
            | Self::StopPlaying { .. }
            | Self::Echo { .. }
            | Self::Record { .. }
            | Self::PauseRecording { .. }
            | Self::StopRecording { .. }
            | Self::Stop => Urgency::Now,
        }
    }
}

/// What the thread is told.
pub(super) struct Inbox {
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) is_awake: Arc<AtomicBool>,
}

pub(super) struct Poller {
    /// Which of the relay's threads it is.
    at: usize,
    poll: Poll,
    inbox: Inbox,
    ports: Arc<Mutex<Ports>>,
    calls: HashMap<u64, Call>,
    /// Whose the ports are that are bound, by the even one.
    holders: HashMap<u16, Holder>,
    /// A command came since the inbox was looked into without being woken.
    was_told: bool,
    /// When which call has something to do; entries that are not the call's own time any more are passed over.
    timers: BinaryHeap<Reverse<(Instant, u64)>>,
    next_round: Instant,
    /// Sockets that were not read empty; the poll tells of each only once.
    unread: Vec<Token>,
    /// Ports whose call has ended since the poll told of what came to them.
    closed: Vec<u16>,
    random: RandomState,
    env: Env,
}

enum Holder {
    Call(u64, Leg),
    /// A later call. What comes meanwhile is for none.
    Nobody(Pair),
}

impl Poller {
    pub(super) fn new(
        at: usize,
        poll: Poll,
        inbox: Inbox,
        ports: Arc<Mutex<Ports>>,
        disk: Disk,
        config: &RelayConfig,
    ) -> Self {
        let (random, now) = (RandomState::new(), clock());
        let env = Env {
            now,
            events: config.events.clone(),
            disk,
            silence: config.silence,
            // Nothing about this machine, as RFC 7022 recommends.
            name: format!("{:016x}", random.hash_one("name")),
            received: Vec::with_capacity(DATAGRAM),
            packet: Vec::new(),
        };
        Self {
            at,
            poll,
            inbox,
            ports,
            calls: HashMap::new(),
            holders: HashMap::new(),
            was_told: false,
            timers: BinaryHeap::new(),
            next_round: now + ROUND,
            unread: Vec::new(),
            closed: Vec::new(),
            random,
            env,
        }
    }

    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let timeout = match self.wait() {
                ControlFlow::Continue(timeout) => timeout,
                ControlFlow::Break(()) => return,
            };
            if let Err(error) = self.poll.poll(&mut events, timeout) {
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                tracing::error!(%error, "the media relay can not poll its sockets and ends");
                return;
            }
            self.env.now = clock();
            if self.work(&events).is_break() {
                return;
            }
        }
    }

    fn work(&mut self, events: &Events) -> ControlFlow<()> {
        let closed = std::mem::take(&mut self.closed);
        self.obey()?;
        let unread = std::mem::take(&mut self.unread);
        let mut told = 0;
        for token in unread.into_iter().chain(events.iter().map(mio::event::Event::token).inspect(|_| told += 1)) {
            if token != WAKE {
                self.read(token)?;
            }
        }
        self.release(closed, told < EVENTS);
        self.tick();
        ControlFlow::Continue(())
    }

    /// How long the poll may wait, and whether commands are seen by then without being woken.
    fn wait(&mut self) -> ControlFlow<(), Option<Duration>> {
        let is_awake = std::mem::take(&mut self.was_told);
        self.inbox.is_awake.store(is_awake, Ordering::Release);
        if !is_awake {
            // Either whoever sent a command sees that it has to wake, or the command is found now.
            fence(Ordering::SeqCst);
            self.env.now = clock();
            self.obey()?;
        }
        let timeout = self.timeout(clock());
        ControlFlow::Continue(if is_awake { Some(timeout.map_or(SOON, |timeout| timeout.min(SOON))) } else { timeout })
    }

    /// How long the poll may wait.
    fn timeout(&self, now: Instant) -> Option<Duration> {
        if !self.unread.is_empty() || !self.closed.is_empty() {
            return Some(Duration::ZERO);
        }
        let round = (!self.calls.is_empty()).then_some(self.next_round);
        let timer = self.timers.peek().map(|Reverse((due, _))| *due);
        timer.into_iter().chain(round).min().map(|due| due.saturating_duration_since(now))
    }

    fn obey(&mut self) -> ControlFlow<()> {
        loop {
            match self.inbox.commands.try_recv() {
                Ok(command) => {
                    self.was_told = true;
                    self.follow(command)?;
                }
                Err(mpsc::TryRecvError::Empty) => return ControlFlow::Continue(()),
                Err(mpsc::TryRecvError::Disconnected) => return self.stop(),
            }
        }
    }

    fn follow(&mut self, command: Command) -> ControlFlow<()> {
        let now = self.env.now;
        match command {
            Command::Open { id, pairs, stats } => self.open(id, *pairs, stats),
            Command::Expect { id, leg, announced } => self.with(id, |call, _| call.expect(leg, announced, now)),
            Command::Describe { id, leg, format } => self.with(id, |call, _| call.describe(leg, *format)),
            Command::Play { id, leg, playlist } => self.with(id, |call, _| call.play(leg, playlist, now)),
            Command::StopPlaying { id, leg } => self.with(id, |call, _| call.stop_playing(leg)),
            Command::Echo { id, leg, on } => self.with(id, |call, _| call.echo(leg, on)),
            Command::Record { id, request } => self.with(id, |call, env| call.record(*request, env)),
            Command::PauseRecording { id, paused } => self.with(id, |call, _| call.pause_recording(paused, now)),
            Command::StopRecording { id } => self.with(id, |call, _| call.end_recording(Ended::Stopped, now)),
            Command::Close { id } => self.close(id),
            Command::Stop => return self.stop(),
        }
        ControlFlow::Continue(())
    }

    /// Does something with a call, and finds out when that has to go on.
    fn with(&mut self, id: u64, act: impl FnOnce(&mut Call, &mut Env)) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        act(call, &mut self.env);
        if let Some(due) = call.due()
            && call.armed.is_none_or(|armed| due < armed)
        {
            call.armed = Some(due);
            self.timers.push(Reverse((due, id)));
        }
    }

    fn open(&mut self, id: u64, pairs: [Taken; 2], stats: Arc<SessionStats>) {
        let [a, b] = pairs;
        let (Some(a), Some(b)) = (self.hold(a, id, Leg::A), self.hold(b, id, Leg::B)) else {
            tracing::error!("media ports were handed out that nobody has");
            return;
        };
        let leg = |leg: Leg, pair| LegState::new(pair, self.random.hash_one((id, leg)), self.env.now);
        self.calls.insert(id, Call::new(id, [leg(Leg::A, a), leg(Leg::B, b)], stats, self.env.now));
    }

    fn hold(&mut self, taken: Taken, id: u64, leg: Leg) -> Option<Pair> {
        let held = self.holders.insert(taken.port(), Holder::Call(id, leg));
        match (taken, held) {
            (Taken::Bound(mut pair), _) => {
                for (kind, socket) in [(Kind::Rtp, &mut pair.rtp), (Kind::Rtcp, &mut pair.rtcp)] {
                    if let Err(error) =
                        self.poll.registry().register(socket, token(pair.port, kind), Interest::READABLE)
                    {
                        tracing::error!(%error, port = pair.port, "a media port can not be polled");
                    }
                }
                Some(pair)
            }
            (Taken::Rested(_), Some(Holder::Nobody(pair))) => Some(pair),
            (Taken::Rested(_), _) => None,
        }
    }

    fn close(&mut self, id: u64) {
        let Some(mut call) = self.calls.remove(&id) else { return };
        call.end_recording(Ended::HungUp, self.env.now);
        for leg in call.into_legs() {
            let pair = leg.line.pair;
            self.closed.push(pair.port);
            self.holders.insert(pair.port, Holder::Nobody(pair));
        }
    }

    /// A poll has told of what came to these ports before their calls ended, and it was dropped: another call may have them.
    fn release(&mut self, closed: Vec<u16>, is_all_told: bool) {
        if closed.is_empty() {
            return;
        }
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        for port in closed {
            let is_read = is_all_told && !self.unread.iter().any(|token| place(*token).0 == port);
            if let (false, Some(Holder::Nobody(pair))) = (is_read, self.holders.get(&port)) {
                pair.read_empty();
            }
            ports.release(self.at, port);
        }
    }

    /// The relay has ended. Recordings are completed.
    fn stop(&mut self) -> ControlFlow<()> {
        for (_, mut call) in self.calls.drain() {
            call.end_recording(Ended::HungUp, self.env.now);
        }
        ControlFlow::Break(())
    }

    fn read(&mut self, token: Token) -> ControlFlow<()> {
        let (port, kind) = place(token);
        for _ in 0..TURN {
            let (call, received) = match self.holders.get(&port) {
                Some(Holder::Call(id, leg)) => {
                    let Some(call) = self.calls.get(id) else { return ControlFlow::Continue(()) };
                    self.env.received.resize(DATAGRAM, 0);
                    (Some((*id, *leg)), call.socket(*leg, kind).recv_from(&mut self.env.received))
                }
                // Late for the last call, and too early for the next.
                Some(Holder::Nobody(pair)) => (None, pair.socket(kind).recv_from(&mut [])),
                None => return ControlFlow::Continue(()),
            };
            // Whatever was asked for before the packet was sent holds for it.
            self.obey()?;
            match received {
                Ok((length, source)) => {
                    // What was cut off is no packet of a telephone call, and nothing is left of it to be taken for one.
                    self.env.received.truncate(if length < DATAGRAM { length } else { 0 });
                    if let Some((id, leg)) = call {
                        self.with(id, |call, env| call.receive(leg, kind, source, env));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return ControlFlow::Continue(()),
                // An ICMP answer to something that we sent; the next read goes on.
                Err(_) => {}
            }
        }
        self.unread.push(token);
        ControlFlow::Continue(())
    }

    /// Does what is due.
    fn tick(&mut self) {
        let now = self.env.now;
        while self.timers.peek().is_some_and(|Reverse((due, _))| *due <= now) {
            let Some(Reverse((due, id))) = self.timers.pop() else { break };
            if self.calls.get(&id).is_some_and(|call| call.armed == Some(due)) {
                self.with(id, |call, env| {
                    call.armed = None;
                    call.tick(env);
                });
            }
        }
        if now >= self.next_round {
            self.next_round = now + ROUND;
            for call in self.calls.values_mut() {
                call.look_after(&mut self.env);
            }
        }
    }
}

/// The sockets of a leg are told by their ports: even for RTP, the next for RTCP.
fn token(port: u16, kind: Kind) -> Token {
    Token(usize::from(port) | usize::from(kind == Kind::Rtcp))
}

fn place(token: Token) -> (u16, Kind) {
    let port = u16::try_from(token.0).unwrap_or_default();
    (port & !1, if port & 1 == 0 { Kind::Rtp } else { Kind::Rtcp })
}

#[expect(clippy::disallowed_methods, reason = "the relay's threads are the edge where media meets the clock")]
fn clock() -> Instant {
    Instant::now()
}
