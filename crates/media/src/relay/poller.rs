//! A thread of the relay: one poll over the sockets of its calls.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    hash::{BuildHasher, RandomState},
    io,
    net::SocketAddr,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token};

use super::{
    Ended, Leg, LegFormat, RecordRequest, RelayConfig,
    call::{Call, Env, Kind},
    disk::Disk,
    leg::LegState,
    ports::{Pair, Ports},
    stats::SessionStats,
};
use crate::playlist::Playlist;

pub(super) const WAKE: Token = Token(usize::MAX);

/// Larger than any packet of a telephone call; what fills it was cut off and is dropped.
const DATAGRAM: usize = 4096;
/// Datagrams read from one socket before the others get their turn.
const TURN: usize = 64;
/// How often every call is looked after.
const ROUND: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) enum Command {
    Open { id: u64, pairs: Box<[Pair; 2]>, stats: Arc<SessionStats> },
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

pub(super) struct Poller {
    poll: Poll,
    inbox: mpsc::Receiver<Command>,
    ports: Arc<Mutex<Ports>>,
    calls: HashMap<u64, Call>,
    /// When which call has something to do; entries that are not the call's own time any more are passed over.
    timers: BinaryHeap<Reverse<(Instant, u64)>>,
    next_round: Instant,
    /// Sockets that were not read empty; the poll tells of each only once.
    unread: Vec<Token>,
    random: RandomState,
    env: Env,
}

impl Poller {
    pub(super) fn new(
        poll: Poll,
        inbox: mpsc::Receiver<Command>,
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
            poll,
            inbox,
            ports,
            calls: HashMap::new(),
            timers: BinaryHeap::new(),
            next_round: now + ROUND,
            unread: Vec::new(),
            random,
            env,
        }
    }

    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        loop {
            let timeout = self.timeout(clock());
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
        self.obey()?;
        let unread = std::mem::take(&mut self.unread);
        for token in unread.into_iter().chain(events.iter().map(mio::event::Event::token)) {
            if token != WAKE {
                self.read(token)?;
            }
        }
        self.tick();
        ControlFlow::Continue(())
    }

    /// How long the poll may wait.
    fn timeout(&self, now: Instant) -> Option<Duration> {
        if !self.unread.is_empty() {
            return Some(Duration::ZERO);
        }
        let round = (!self.calls.is_empty()).then_some(self.next_round);
        let timer = self.timers.peek().map(|Reverse((due, _))| *due);
        timer.into_iter().chain(round).min().map(|due| due.saturating_duration_since(now))
    }

    fn obey(&mut self) -> ControlFlow<()> {
        loop {
            match self.inbox.try_recv() {
                Ok(command) => self.follow(command)?,
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

    fn open(&mut self, id: u64, mut pairs: [Pair; 2], stats: Arc<SessionStats>) {
        for leg in [Leg::A, Leg::B] {
            let pair = &mut pairs[leg.index()];
            for (kind, socket) in [(Kind::Rtp, &mut pair.rtp), (Kind::Rtcp, &mut pair.rtcp)] {
                if let Err(error) = self.poll.registry().register(socket, token(id, leg, kind), Interest::READABLE) {
                    tracing::error!(%error, port = pair.port, "a media port can not be polled");
                }
            }
        }
        let [a, b] = pairs;
        let leg = |leg: Leg, pair| LegState::new(pair, self.random.hash_one((id, leg)), self.env.now);
        self.calls.insert(id, Call::new(id, [leg(Leg::A, a), leg(Leg::B, b)], stats, self.env.now));
    }

    fn close(&mut self, id: u64) {
        let Some(mut call) = self.calls.remove(&id) else { return };
        call.end_recording(Ended::HungUp, self.env.now);
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        for leg in call.into_legs() {
            let mut pair = leg.line.pair;
            for socket in [&mut pair.rtp, &mut pair.rtcp] {
                let _ = self.poll.registry().deregister(socket);
            }
            ports.release(pair);
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
        let (id, leg, kind) = place(token);
        for _ in 0..TURN {
            let Some(call) = self.calls.get(&id) else { return ControlFlow::Continue(()) };
            self.env.received.resize(DATAGRAM, 0);
            let received = call.socket(leg, kind).recv_from(&mut self.env.received);
            // Whatever was asked for before the packet was sent holds for it.
            self.obey()?;
            match received {
                Ok((length, source)) => {
                    // What was cut off is no packet of a telephone call, and nothing is left of it to be taken for one.
                    self.env.received.truncate(if length < DATAGRAM { length } else { 0 });
                    self.with(id, |call, env| call.receive(leg, kind, source, env));
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

/// A call has four sockets, so its identity is the token without its two lowest bits.
fn token(id: u64, leg: Leg, kind: Kind) -> Token {
    let socket = leg.index() * 2 + usize::from(kind == Kind::Rtcp);
    Token(usize::try_from(id << 2).unwrap_or_default() | socket)
}

fn place(token: Token) -> (u64, Leg, Kind) {
    let leg = if token.0 & 2 == 0 { Leg::A } else { Leg::B };
    let kind = if token.0 & 1 == 0 { Kind::Rtp } else { Kind::Rtcp };
    ((token.0 >> 2) as u64, leg, kind)
}

#[expect(clippy::disallowed_methods, reason = "the relay's threads are the edge where media meets the clock")]
fn clock() -> Instant {
    Instant::now()
}
