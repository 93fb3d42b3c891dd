//! The UDP socket: many datagrams are read and sent with one call of the system each.

use std::{
    array,
    collections::VecDeque,
    io::{self, IoSlice, IoSliceMut},
    net::SocketAddr,
    os::fd::AsRawFd as _,
};

use bytes::Bytes;
use lineside_sip::{Flow, Transmit, Transport};
use mio::{Interest, Poll, Token, net::UdpSocket};
use nix::{
    errno::Errno,
    sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg},
};

use super::{OVERHEAD, UDP_FLOW, WAITING, stun};

/// Datagrams read or sent at once.
const BATCH: usize = 32;
const LONGEST: usize = 65_535;
/// From one buffer to the next: 64 kB apart, all of them would fall into the same lines of the processor's caches.
const STRIDE: usize = LONGEST + 1 + 17 * 64;
/// Shorter ones are keepalives: empty lines, or a few zeros.
const SHORTEST: usize = 16;

/// The socket among what the core's thread waits for.
const SOCKET: Token = Token(1);

pub(super) struct Datagrams {
    socket: UdpSocket,
    local: SocketAddr,
    buffers: Vec<u8>,
    read: MultiHeaders<SockaddrStorage>,
    written: MultiHeaders<SockaddrStorage>,
    waiting: VecDeque<(Flow, Bytes)>,
    waiting_bytes: usize,
    unsent: Vec<Transmit>,
}

impl Datagrams {
    /// Whoever waits with `poll` wakes when the socket has something. The socket must not block.
    pub(super) fn new(socket: std::net::UdpSocket, poll: &Poll) -> io::Result<Datagrams> {
        let local = socket.local_addr()?;
        let mut socket = UdpSocket::from_std(socket);
        poll.registry().register(&mut socket, SOCKET, Interest::READABLE)?;
        Ok(Datagrams {
            socket,
            local,
            buffers: vec![0; BATCH * STRIDE],
            read: MultiHeaders::preallocate(BATCH, None),
            written: MultiHeaders::preallocate(BATCH, None),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            unsent: Vec::new(),
        })
    }

    /// Takes everything out of the socket, whose own room is small.
    pub(super) fn read(&mut self) {
        while self.waiting_bytes < WAITING {
            match self.read_batch() {
                // An error may be the answer of a host that was sent something; the next datagram is fine.
                Ok(BATCH) | Err(Errno::ECONNREFUSED | Errno::EINTR) => {}
                Ok(_) | Err(Errno::EAGAIN) => return,
                Err(error) => {
                    tracing::debug!(%error, "a datagram could not be read");
                    return;
                }
            }
        }
    }

    fn read_batch(&mut self) -> Result<usize, Errno> {
        let mut buffers = self.buffers.chunks_exact_mut(STRIDE).map(|buffer| &mut buffer[..LONGEST]);
        let mut slices: [_; BATCH] = array::from_fn(|_| [IoSliceMut::new(buffers.next().unwrap_or_default())]);
        let fd = self.socket.as_raw_fd();
        let received = recvmmsg(fd, &mut self.read, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None)?;
        let mut count = 0;
        for message in received {
            count += 1;
            let (Some(remote), Some(bytes)) = (message.address.and_then(socket_addr), message.iovs().next()) else {
                continue;
            };
            let flow = Flow { transport: Transport::Udp, local: self.local, remote, id: UDP_FLOW };
            match bytes {
                [_, ..] if bytes.len() < SHORTEST => {}
                [] => {}
                // STUN and SIP are told apart by the first byte (RFC 5626 section 8).
                [..4, ..] => {
                    let answer = stun::answer(bytes, remote);
                    self.unsent.extend(answer.map(|answer| Transmit { flow, bytes: answer.into() }));
                }
                _ => {
                    self.waiting_bytes += bytes.len() + OVERHEAD;
                    self.waiting.push_back((flow, Bytes::copy_from_slice(bytes)));
                }
            }
        }
        Ok(count)
    }

    /// What was read and not taken yet.
    pub(super) fn next(&mut self) -> Option<(Flow, Bytes)> {
        let (flow, bytes) = self.waiting.pop_front()?;
        self.waiting_bytes -= bytes.len() + OVERHEAD;
        Some((flow, bytes))
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// To be sent with the next [`Datagrams::flush`].
    pub(super) fn send(&mut self, transmit: Transmit) {
        self.unsent.push(transmit);
    }

    /// Sends without waiting: what the system does not take is dropped, as a router would.
    pub(super) fn flush(&mut self) {
        let mut unsent = &self.unsent[..];
        while !unsent.is_empty() {
            let batch = &unsent[..unsent.len().min(BATCH)];
            let slices: Vec<_> = batch.iter().map(|transmit| [IoSlice::new(&transmit.bytes)]).collect();
            let to: Vec<_> = batch.iter().map(|transmit| Some(SockaddrStorage::from(transmit.flow.remote))).collect();
            let fd = self.socket.as_raw_fd();
            let sent = match sendmmsg(fd, &mut self.written, &slices, &to, [], MsgFlags::MSG_DONTWAIT) {
                Ok(sent) => sent.count(),
                Err(Errno::EINTR) => 0,
                Err(error) => {
                    tracing::debug!(to = %batch[0].flow.remote, %error, "a datagram was not sent");
                    1
                }
            };
            unsent = &unsent[sent..];
        }
        self.unsent.clear();
    }
}

fn socket_addr(address: SockaddrStorage) -> Option<SocketAddr> {
    let four = address.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
    four.or_else(|| address.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into())))
}
