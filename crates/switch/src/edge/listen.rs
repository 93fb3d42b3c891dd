//! The listeners: one UDP socket, and TCP connections within limits.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use lineside_sip::{Flow, Transport};
use tokio::{
    net::{TcpListener, UdpSocket},
    task::JoinHandle,
};

use super::{Inbox, Outlets, UDP_FLOW, connection};
use crate::config::SwitchConfig;

/// How many free ports are tried until one is free for both transports.
const TRIES: usize = 16;
/// Room for the datagrams of a moment in which every phone registers at once.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

pub(crate) struct Sockets {
    pub(crate) udp: UdpSocket,
    /// The same socket, for the core's thread.
    pub(crate) udp_sender: std::net::UdpSocket,
    pub(crate) tcp: TcpListener,
    pub(crate) local_addr: SocketAddr,
}

/// Takes the port for UDP and TCP.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<Sockets> {
    let mut tries = TRIES;
    loop {
        let udp = UdpSocket::bind(address).await?;
        let local_addr = udp.local_addr()?;
        match TcpListener::bind(local_addr).await {
            Ok(tcp) => {
                let udp = udp.into_std()?;
                let _ = socket2::SockRef::from(&udp).set_recv_buffer_size(RECEIVE_BUFFER);
                let udp_sender = udp.try_clone()?;
                return Ok(Sockets { udp: UdpSocket::from_std(udp)?, udp_sender, tcp, local_addr });
            }
            Err(error) if address.port() != 0 || tries == 0 => return Err(error),
            Err(_) => tries -= 1,
        }
    }
}

/// The tasks that read the sockets.
#[derive(Debug)]
pub(crate) struct Listeners {
    tasks: Vec<JoinHandle<()>>,
}

impl Listeners {
    pub(crate) fn spawn(
        udp: UdpSocket,
        tcp: TcpListener,
        local_addr: SocketAddr,
        config: &SwitchConfig,
        inbox: &Inbox,
        outlets: &Outlets,
    ) -> Self {
        let limits = Limits {
            connections: config.max_connections,
            per_host: config.max_connections_per_host,
            idle: config.idle,
            open: Arc::default(),
        };
        let tasks = vec![
            tokio::spawn(read_datagrams(udp, local_addr, inbox.clone())),
            tokio::spawn(accept(tcp, local_addr, limits, inbox.clone(), outlets.clone())),
        ];
        Self { tasks }
    }

    /// Ends reading; the connections' own tasks end with the accepting one.
    pub(crate) fn stop(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn read_datagrams(socket: UdpSocket, local: SocketAddr, inbox: Inbox) {
    let mut buffer = vec![0; 65_535];
    loop {
        match socket.recv_from(&mut buffer).await {
            // Keepalives: empty lines, or a few zeros.
            Ok((length, _)) if length < 16 => {}
            Ok((length, remote)) => {
                let flow = Flow { transport: Transport::Udp, local, remote, id: UDP_FLOW };
                if !inbox.message(flow, Bytes::copy_from_slice(&buffer[..length])) {
                    tracing::debug!(%remote, "the switch is busy, a datagram was dropped");
                }
            }
            // The answer of a host that was sent something; the next datagram is fine.
            Err(error) => tracing::debug!(%error, "a datagram could not be read"),
        }
    }
}

#[derive(Debug, Clone)]
struct Limits {
    connections: usize,
    per_host: usize,
    idle: Duration,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

async fn accept(listener: TcpListener, local: SocketAddr, limits: Limits, inbox: Inbox, outlets: Outlets) {
    let ids = AtomicU64::new(UDP_FLOW + 1);
    let mut connections = tokio::task::JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let (stream, remote) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors: trying again at once would only burn the processor.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(place) = limits.enter(remote.ip()) else {
            tracing::info!(%remote, "too many connections");
            continue;
        };
        let flow = Flow { transport: Transport::Tcp, local, remote, id: ids.fetch_add(1, Ordering::Relaxed) };
        let (inbox, outlets, idle) = (inbox.clone(), outlets.clone(), limits.idle);
        connections.spawn(async move {
            connection::serve(stream, flow, idle, &inbox, &outlets).await;
            drop(place);
        });
    }
}

impl Limits {
    fn enter(&self, host: IpAddr) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = if open.len() > self.connections { open.len() } else { open.values().sum() };
        let of_host = open.get(&host).copied().unwrap_or_default();
        if total >= self.connections || of_host >= self.per_host {
            return None;
        }
        open.insert(host, of_host + 1);
        Some(Place { open: self.open.clone(), host })
    }
}

/// A connection's place within the limits, given back when it is dropped.
struct Place {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    host: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.host) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.host);
            }
        }
    }
}
