//! The relay's thread: one poll over the sockets of all calls.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::UdpSocket};

use super::{
    EventSink, Happened, Leg, LegFormat, RecordRequest, RelayConfig, SessionStats,
    latch::Latch,
    player::Player,
    ports::{Pair, Ports},
};
use crate::{g711::Law, playlist::Playlist, rtp, telephone_event::Presses};

pub(super) const WAKE: Token = Token(usize::MAX);

/// Larger than any packet of a telephone call; what fills it was cut off and is dropped.
const DATAGRAM: usize = 4096;
/// Datagrams read from one socket before the others get their turn.
const TURN: usize = 64;

#[derive(Debug)]
#[expect(dead_code, reason = "recording and echo are the next slice")]
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
    sessions: HashMap<u64, Relayed>,
    /// Who is playing, so that a tick does not walk over all calls.
    playing: Vec<(u64, Leg)>,
    /// Sockets that were not read empty; the poll tells of each only once.
    unread: Vec<Token>,
    random: RandomState,
    plays: u64,
    events: EventSink,
}

struct Relayed {
    pairs: [Pair; 2],
    latches: [Latch; 2],
    players: [Option<Player>; 2],
    stats: Arc<SessionStats>,
    formats: [Option<LegFormat>; 2],
    presses: [Presses; 2],
    opened: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rtp,
    Rtcp,
}

impl Poller {
    pub(super) fn new(
        poll: Poll,
        inbox: mpsc::Receiver<Command>,
        ports: Arc<Mutex<Ports>>,
        config: &RelayConfig,
    ) -> Self {
        Self {
            poll,
            inbox,
            ports,
            sessions: HashMap::new(),
            playing: Vec::new(),
            unread: Vec::new(),
            random: RandomState::new(),
            plays: 0,
            events: config.events.clone(),
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
            let now = clock();
            // Commands first: a packet that came after a call was closed is nobody's.
            if self.obey(now).is_break() {
                return;
            }
            let unread = std::mem::take(&mut self.unread);
            for token in unread.into_iter().chain(events.iter().map(mio::event::Event::token)) {
                if token != WAKE {
                    self.read(token, now);
                }
            }
            self.play(now);
        }
    }

    /// How long the poll may wait.
    fn timeout(&self, now: Instant) -> Option<Duration> {
        if !self.unread.is_empty() {
            return Some(Duration::ZERO);
        }
        let due = self.playing.iter().filter_map(|(id, leg)| self.sessions.get(id)?.players[leg.index()].as_ref());
        due.map(Player::due).min().map(|due| due.saturating_duration_since(now))
    }

    fn obey(&mut self, now: Instant) -> std::ops::ControlFlow<()> {
        loop {
            match self.inbox.try_recv() {
                Ok(Command::Stop) | Err(mpsc::TryRecvError::Disconnected) => return std::ops::ControlFlow::Break(()),
                Err(mpsc::TryRecvError::Empty) => return std::ops::ControlFlow::Continue(()),
                Ok(Command::Open { id, pairs, stats }) => self.open(id, *pairs, stats, now),
                Ok(Command::Expect { id, leg, announced }) => {
                    if let Some(session) = self.sessions.get_mut(&id) {
                        session.latches[leg.index()].expect(announced);
                    }
                }
                Ok(Command::Describe { id, leg, format }) => {
                    if let Some(session) = self.sessions.get_mut(&id) {
                        session.formats[leg.index()] = Some(*format);
                    }
                }
                Ok(
                    Command::Echo { .. }
                    | Command::Record { .. }
                    | Command::PauseRecording { .. }
                    | Command::StopRecording { .. },
                ) => {}
                Ok(Command::Play { id, leg, playlist }) => {
                    self.plays += 1;
                    let random = self.random.hash_one(self.plays);
                    if let Some(session) = self.sessions.get_mut(&id) {
                        let law = session.formats[leg.index()]
                            .as_ref()
                            .and_then(|format| format.codec.law())
                            .unwrap_or(Law::Mu);
                        session.players[leg.index()] = Some(Player::new(playlist, law, now, random));
                        self.playing.push((id, leg));
                    }
                }
                Ok(Command::StopPlaying { id, leg }) => {
                    if let Some(session) = self.sessions.get_mut(&id) {
                        session.players[leg.index()] = None;
                    }
                }
                Ok(Command::Close { id }) => self.close(id),
            }
        }
    }

    fn open(&mut self, id: u64, mut pairs: [Pair; 2], stats: Arc<SessionStats>, now: Instant) {
        for leg in [Leg::A, Leg::B] {
            let pair = &mut pairs[leg.index()];
            for (kind, socket) in [(Kind::Rtp, &mut pair.rtp), (Kind::Rtcp, &mut pair.rtcp)] {
                if let Err(error) = self.poll.registry().register(socket, token(id, leg, kind), Interest::READABLE) {
                    tracing::error!(%error, port = pair.port, "a media port can not be polled");
                }
            }
        }
        let session = Relayed {
            pairs,
            latches: Default::default(),
            players: [None, None],
            stats,
            formats: [None, None],
            presses: Default::default(),
            opened: now,
        };
        self.sessions.insert(id, session);
    }

    fn close(&mut self, id: u64) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.playing.retain(|(playing, _)| *playing != id);
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        for mut pair in session.pairs {
            for socket in [&mut pair.rtp, &mut pair.rtcp] {
                let _ = self.poll.registry().deregister(socket);
            }
            ports.release(pair);
        }
    }

    fn read(&mut self, token: Token, now: Instant) {
        let (id, leg, kind) = place(token);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let mut datagram = [0; DATAGRAM];
        for _ in 0..TURN {
            match session.socket(leg, kind).recv_from(&mut datagram) {
                Ok((length, source)) if length < DATAGRAM => {
                    session.forward(leg, kind, &datagram[..length], source, now);
                    if let Some(digit) = session.digit(leg, &datagram[..length]) {
                        self.events.tell(id, leg, Happened::Digit(digit));
                    }
                }
                Ok(_) => session.stats.refused(leg),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An ICMP answer to something that we sent; the next read goes on.
                Err(_) => {}
            }
        }
        self.unread.push(token);
    }

    fn play(&mut self, now: Instant) {
        let (sessions, events) = (&mut self.sessions, &self.events);
        self.playing.retain(|(id, leg)| {
            let Some(session) = sessions.get_mut(id) else { return false };
            if session.players[leg.index()].is_none() {
                return false;
            }
            let goes_on = session.play(*leg, now);
            if !goes_on {
                events.tell(*id, *leg, Happened::Played);
            }
            goes_on
        });
    }
}

impl Relayed {
    fn socket(&self, leg: Leg, kind: Kind) -> &UdpSocket {
        let pair = &self.pairs[leg.index()];
        match kind {
            Kind::Rtp => &pair.rtp,
            Kind::Rtcp => &pair.rtcp,
        }
    }

    fn forward(&mut self, leg: Leg, kind: Kind, datagram: &[u8], source: SocketAddr, now: Instant) {
        // A phone may send both to one port (RFC 5761) whatever was agreed; what it is counts, not where it came.
        let is_rtcp = rtp::is_rtcp(datagram);
        let latch = &mut self.latches[leg.index()];
        let ours = match (is_rtcp, kind) {
            (true, _) => latch.accept_rtcp(source),
            (false, Kind::Rtp) => {
                rtp::parse(datagram).is_ok_and(|packet| latch.accept(source, packet.header.ssrc, now))
            }
            (false, Kind::Rtcp) => false,
        };
        if !ours {
            self.stats.refused(leg);
            return;
        }
        let other = &self.latches[leg.other().index()];
        let (socket, target) = if is_rtcp {
            self.stats.rtcp(leg);
            (self.socket(leg.other(), Kind::Rtcp), other.rtcp_target())
        } else {
            self.stats.rtp(leg, datagram.len(), now.saturating_duration_since(self.opened));
            (self.socket(leg.other(), Kind::Rtp), other.target())
        };
        if !is_rtcp && self.players[leg.other().index()].is_some() {
            return;
        }
        if let Some(target) = target {
            // A full socket buffer loses the packet, as any router on the way would.
            let _ = socket.send_to(datagram, target);
        }
    }

    fn digit(&mut self, leg: Leg, datagram: &[u8]) -> Option<char> {
        let packet = rtp::parse(datagram).ok()?;
        let format = self.formats[leg.index()].as_ref()?;
        if Some(packet.header.payload_type) != format.telephone_event {
            return None;
        }
        self.presses[leg.index()].hear(packet.header, packet.payload)
    }

    /// Sends what is due; whether there is more to come.
    fn play(&mut self, leg: Leg, now: Instant) -> bool {
        let Some(player) = &mut self.players[leg.index()] else { return false };
        let target = self.latches[leg.index()].target();
        loop {
            match player.packet(now) {
                Ok(Some(packet)) => {
                    if let Some(target) = target {
                        let _ = self.pairs[leg.index()].rtp.send_to(&packet, target);
                    }
                }
                Ok(None) => return true,
                Err(_) => {
                    self.players[leg.index()] = None;
                    return false;
                }
            }
        }
    }
}

/// A session has four sockets, so its identity is the token without its two lowest bits.
fn token(id: u64, leg: Leg, kind: Kind) -> Token {
    let socket = leg.index() * 2 + usize::from(kind == Kind::Rtcp);
    Token(usize::try_from(id << 2).unwrap_or_default() | socket)
}

fn place(token: Token) -> (u64, Leg, Kind) {
    let leg = if token.0 & 2 == 0 { Leg::A } else { Leg::B };
    let kind = if token.0 & 1 == 0 { Kind::Rtp } else { Kind::Rtcp };
    ((token.0 >> 2) as u64, leg, kind)
}

#[expect(clippy::disallowed_methods, reason = "the relay's thread is the edge where media meets the clock")]
fn clock() -> Instant {
    Instant::now()
}
