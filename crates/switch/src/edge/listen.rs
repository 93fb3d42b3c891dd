//! The ports: one UDP socket, and listeners for connections of each kind within limits.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use lineside_sip::{Flow, Transport};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    Inbox, Outlets, UDP_FLOW,
    connection::{self, FIRST},
    websocket,
};
use crate::config::SwitchConfig;

/// How many free ports are tried until one is free for both transports.
const TRIES: usize = 16;
/// Room for the datagrams of a moment in which every phone registers at once.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

pub(crate) struct Sockets {
    pub(crate) udp: UdpSocket,
    pub(crate) local_addr: SocketAddr,
    pub(crate) doors: Vec<Door>,
}

/// Where connections of one kind come in.
pub(crate) struct Door {
    pub(crate) transport: Transport,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Door {
    async fn open(transport: Transport, address: SocketAddr, tls: Option<TlsAcceptor>) -> io::Result<Door> {
        Ok(Door { transport, listener: TcpListener::bind(address).await?, tls })
    }

    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }
}

/// Takes the ports.
pub(crate) async fn bind(config: &SwitchConfig, tls: Option<&TlsAcceptor>) -> Result<Sockets, (SocketAddr, io::Error)> {
    let mut sockets = bind_plain(config.sip_addr).await.map_err(|error| (config.sip_addr, error))?;
    let more = [
        (Transport::Tls, config.tls_addr, tls),
        (Transport::Ws, config.ws_addr, None),
        (Transport::Wss, config.wss_addr, tls),
    ];
    for (transport, address, tls) in more {
        let Some(address) = address else { continue };
        if transport != Transport::Ws && tls.is_none() {
            continue;
        }
        let door = Door::open(transport, address, tls.cloned()).await.map_err(|error| (address, error))?;
        sockets.doors.push(door);
    }
    Ok(sockets)
}

/// The same port for UDP and TCP.
async fn bind_plain(address: SocketAddr) -> io::Result<Sockets> {
    let mut tries = TRIES;
    loop {
        let udp = UdpSocket::bind(address)?;
        udp.set_nonblocking(true)?;
        let local_addr = udp.local_addr()?;
        match Door::open(Transport::Tcp, local_addr, None).await {
            Ok(tcp) => {
                let _ = socket2::SockRef::from(&udp).set_recv_buffer_size(RECEIVE_BUFFER);
                return Ok(Sockets { udp, local_addr, doors: vec![tcp] });
            }
            Err(error) if address.port() != 0 || tries == 0 => return Err(error),
            Err(_) => tries -= 1,
        }
    }
}

/// The tasks that take connections.
#[derive(Debug)]
pub(crate) struct Listeners {
    tasks: Vec<JoinHandle<()>>,
}

impl Listeners {
    pub(crate) fn spawn(doors: Vec<Door>, config: &SwitchConfig, inbox: &Inbox, outlets: &Outlets) -> Self {
        let limits = Limits {
            connections: config.max_connections,
            per_host: config.max_connections_per_host,
            idle: config.idle,
            open: Arc::default(),
            ids: Arc::new(AtomicU64::new(UDP_FLOW + 1)),
        };
        let accepting = |door| tokio::spawn(accept(door, limits.clone(), inbox.clone(), outlets.clone()));
        Self { tasks: doors.into_iter().map(accepting).collect() }
    }

    /// Ends reading; the connections' own tasks end with the accepting ones.
    pub(crate) fn stop(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

#[derive(Debug, Clone)]
struct Limits {
    connections: usize,
    per_host: usize,
    idle: Duration,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    ids: Arc<AtomicU64>,
}

async fn accept(door: Door, limits: Limits, inbox: Inbox, outlets: Outlets) {
    let Some(local) = door.local_addr() else { return };
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let (stream, remote) = match door.listener.accept().await {
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
        let id = limits.ids.fetch_add(1, Ordering::Relaxed);
        let flow = Flow { transport: door.transport, local, remote, id };
        let (inbox, outlets, idle, tls) = (inbox.clone(), outlets.clone(), limits.idle, door.tls.clone());
        connections.spawn(async move {
            serve(stream, flow, tls, idle, &inbox, &outlets).await;
            drop(place);
        });
    }
}

async fn serve(
    stream: TcpStream,
    flow: Flow,
    tls: Option<TlsAcceptor>,
    idle: Duration,
    inbox: &Inbox,
    outlets: &Outlets,
) {
    let _ = stream.set_nodelay(true);
    let is_websocket = matches!(flow.transport, Transport::Ws | Transport::Wss);
    match (tls, is_websocket) {
        (None, false) => connection::accepted(stream, flow, idle, inbox, outlets).await,
        (None, true) => websocket::serve(stream, flow, idle, inbox, outlets).await,
        (Some(tls), is_websocket) => match timeout(FIRST, tls.accept(stream)).await {
            Ok(Ok(stream)) if is_websocket => websocket::serve(stream, flow, idle, inbox, outlets).await,
            Ok(Ok(stream)) => connection::accepted(stream, flow, idle, inbox, outlets).await,
            Ok(Err(error)) => tracing::debug!(remote = %flow.remote, %error, "no TLS"),
            Err(_) => {}
        },
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
