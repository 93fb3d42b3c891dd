//! The ports of the relay: handed out in pairs, and reused as late as possible, so that a packet that is still on its
//! way to the last call does not end up in the next. Some hundred pairs stay bound between two calls.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
};

use mio::net::UdpSocket;

/// Pairs that stay bound after their call, for a later one: taking ports from the system and giving them back costs more than
/// all else that the relay does for a call without much sound.
const RESTING: usize = 500;
/// Datagrams that may lie in a socket that nobody reads; the system keeps some hundreds.
const STALE: usize = 1_000;

#[derive(Debug)]
pub(super) struct Ports {
    bind: IpAddr,
    /// Even ports; the odd one after each belongs to it (RFC 3550 section 11).
    free: VecDeque<u16>,
    /// Bound, the longest unused first.
    resting: VecDeque<Pair>,
}

/// The sockets of one leg.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) port: u16,
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
}

impl Ports {
    pub(super) fn new(bind: IpAddr, range: RangeInclusive<u16>) -> Self {
        let last = *range.end();
        let free = range.filter(|port| port % 2 == 0 && *port > 0 && *port < last).collect();
        Self { bind, free, resting: VecDeque::new() }
    }

    /// A bound pair. A port that another program holds goes to the end of the line.
    pub(super) fn take(&mut self) -> Option<Pair> {
        if self.resting.len() >= RESTING {
            return self.rested();
        }
        for _ in 0..self.free.len() {
            let port = self.free.pop_front()?;
            match self.bind(port) {
                Some(pair) => return Some(pair),
                None => self.free.push_back(port),
            }
        }
        self.rested()
    }

    fn rested(&mut self) -> Option<Pair> {
        let pair = self.resting.pop_front()?;
        for socket in [&pair.rtp, &pair.rtcp] {
            // An error may be the answer of a host that is gone; then there may be more.
            let is_empty = |read: io::Result<usize>| read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
            (0..STALE).find(|_| is_empty(socket.recv(&mut [])));
        }
        Some(pair)
    }

    fn bind(&self, port: u16) -> Option<Pair> {
        let bind = |port| UdpSocket::bind(SocketAddr::new(self.bind, port)).ok();
        Some(Pair { port, rtp: bind(port)?, rtcp: bind(port + 1)? })
    }

    pub(super) fn release(&mut self, pair: Pair) {
        self.resting.push_back(pair);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_pair_that_rested_is_given_again_without_what_was_left_in_it() {
        let one = |port| Ports::new(Ipv4Addr::LOCALHOST.into(), port..=port + 1);
        let (mut ports, pair) = (31_000..32_000)
            .step_by(2)
            .find_map(|port| {
                let mut ports = one(port);
                let pair = ports.take()?;
                Some((ports, pair))
            })
            .expect("a pair of ports is free");
        assert!(ports.take().is_none(), "there is one");
        let port = pair.port;
        let stranger = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        for left in [port, port + 1, port] {
            stranger.send_to(b"late", (Ipv4Addr::LOCALHOST, left)).unwrap();
        }
        ports.release(pair);
        let again = ports.take().expect("it rests");
        assert_eq!(again.port, port);
        for socket in [&again.rtp, &again.rtcp] {
            assert_eq!(socket.recv(&mut [0; 16]).unwrap_err().kind(), ErrorKind::WouldBlock);
        }
    }
}
