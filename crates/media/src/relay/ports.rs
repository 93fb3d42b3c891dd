//! The ports of the relay: handed out in pairs, and reused as late as possible, so that a packet that is still on its
//! way to the last call does not end up in the next.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
};

use mio::net::UdpSocket;

#[derive(Debug)]
pub(super) struct Ports {
    bind: IpAddr,
    /// Even ports; the odd one after each belongs to it (RFC 3550 section 11).
    free: VecDeque<u16>,
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
        Self { bind, free }
    }

    /// A bound pair. A port that another program holds goes to the end of the line.
    pub(super) fn take(&mut self) -> Option<Pair> {
        for _ in 0..self.free.len() {
            let port = self.free.pop_front()?;
            match self.bind(port) {
                Some(pair) => return Some(pair),
                None => self.free.push_back(port),
            }
        }
        None
    }

    fn bind(&self, port: u16) -> Option<Pair> {
        let bind = |port| UdpSocket::bind(SocketAddr::new(self.bind, port)).ok();
        Some(Pair { port, rtp: bind(port)?, rtcp: bind(port + 1)? })
    }

    pub(super) fn release(&mut self, pair: Pair) {
        let port = pair.port;
        drop(pair);
        self.free.push_back(port);
    }
}
