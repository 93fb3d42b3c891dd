//! The ports of the relay: handed out in pairs, and reused as late as possible, so that a packet that is still on its
//! way to the last call does not end up in the next. Some hundred pairs stay bound between two calls.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
};

use mio::net::UdpSocket;

use super::call::Kind;

/// Pairs that stay bound after their call, for a later one: taking ports from the system and giving them back costs more than
/// all else that the relay does for a call without much sound.
const RESTING: usize = 500;
/// Datagrams that may lie in a socket; the system keeps some hundreds.
const STALE: usize = 1_000;

#[derive(Debug)]
pub(super) struct Ports {
    bind: IpAddr,
    /// Even ports; the odd one after each belongs to it (RFC 3550 section 11).
    free: VecDeque<u16>,
    /// Ports that each thread keeps bound and polls while they have no call, the longest unused first.
    resting: Vec<VecDeque<u16>>,
}

/// The sockets of one leg.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) port: u16,
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
}

impl Pair {
    pub(super) fn socket(&self, kind: Kind) -> &UdpSocket {
        match kind {
            Kind::Rtp => &self.rtp,
            Kind::Rtcp => &self.rtcp,
        }
    }

    /// What came to the call that it had is not for the next.
    pub(super) fn read_empty(&self) {
        for socket in [&self.rtp, &self.rtcp] {
            // Other errors are ICMP answers to what the call sent; there may be more.
            let is_empty = |read: io::Result<usize>| read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
            (0..STALE).find(|_| is_empty(socket.recv(&mut [])));
        }
    }
}

/// Ports for a leg.
#[derive(Debug)]
pub(super) enum Taken {
    Bound(Pair),
    /// The thread has them.
    Rested(u16),
}

impl Taken {
    pub(super) fn port(&self) -> u16 {
        match self {
            Self::Bound(pair) => pair.port,
            Self::Rested(port) => *port,
        }
    }
}

impl Ports {
    pub(super) fn new(bind: IpAddr, range: RangeInclusive<u16>, threads: usize) -> Self {
        let last = *range.end();
        let free = range.filter(|port| port % 2 == 0 && *port > 0 && *port < last).collect();
        Self { bind, free, resting: vec![VecDeque::new(); threads] }
    }

    /// Two pairs, and the thread that they are for: this one, unless only another has some left.
    pub(super) fn take_two(&mut self, thread: usize) -> Option<([Taken; 2], usize)> {
        let threads = self.resting.len();
        (0..threads).map(|step| (thread + step) % threads).find_map(|thread| {
            let a = self.take(thread)?;
            let Some(b) = self.take(thread) else {
                self.put_back(thread, a);
                return None;
            };
            Some(([a, b], thread))
        })
    }

    /// A port that another program holds goes to the end of the line.
    fn take(&mut self, thread: usize) -> Option<Taken> {
        if self.resting[thread].len() < RESTING / self.resting.len() {
            for _ in 0..self.free.len() {
                let port = self.free.pop_front()?;
                match self.bind(port) {
                    Some(pair) => return Some(Taken::Bound(pair)),
                    None => self.free.push_back(port),
                }
            }
        }
        self.resting[thread].pop_front().map(Taken::Rested)
    }

    fn put_back(&mut self, thread: usize, taken: Taken) {
        match taken {
            Taken::Bound(pair) => self.free.push_front(pair.port),
            Taken::Rested(port) => self.resting[thread].push_front(port),
        }
    }

    fn bind(&self, port: u16) -> Option<Pair> {
        let bind = |port| UdpSocket::bind(SocketAddr::new(self.bind, port)).ok();
        Some(Pair { port, rtp: bind(port)?, rtcp: bind(port + 1)? })
    }

    /// The thread keeps them for a later call.
    pub(super) fn release(&mut self, thread: usize, port: u16) {
        self.resting[thread].push_back(port);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_last_ports_are_taken_wherever_they_rest() {
        let mut ports = Ports::new(Ipv4Addr::LOCALHOST.into(), 0..=0, 2);
        for port in [10_000, 10_002, 10_004] {
            ports.release(1, port);
        }
        let ([a, b], thread) = ports.take_two(0).expect("two pairs are left");
        assert_eq!((a.port(), b.port(), thread), (10_000, 10_002, 1));
        assert!(ports.take_two(1).is_none(), "one pair is no call's");
        ports.release(1, 10_006);
        let ([a, b], _) = ports.take_two(1).expect("the one that was put back, and another");
        assert_eq!((a.port(), b.port()), (10_004, 10_006));
    }
}
