//! Starting and stopping: the core on its thread, the sockets around it.

use std::{
    io,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    thread::JoinHandle,
};

use bytes::Bytes;
use lineside_media::relay::{EventSink, Relay, RelayConfig};
use lineside_model::{
    directory::{Binding, NoticeAnswer},
    id::{AccountId, CallId, LineId, UserId},
};
use lineside_sip::{Flow, Transport};
use mio::Poll;
use thiserror::Error;
use tokio::sync::oneshot;

use crate::{
    config::SwitchConfig,
    core::{Core, Seeds},
    directory::Directory,
    edge::{
        self, Input, UDP_FLOW,
        listen::{self, Listeners},
        outbound::Outbound,
        run::{Runner, Sources},
        tls::{Certificate, CertificateError},
    },
    files::{self, Files},
    ledger,
    notify::Notice,
    outside::Outside,
    registrar::Reachable,
};

/// The phone switch. [`Switch::start`] gives the handle of a running one.
#[derive(Debug)]
pub struct Switch;

#[derive(Debug, Error)]
pub enum StartError {
    #[error("the SIP port {0} can not be taken; is another program using it?")]
    Listen(SocketAddr, #[source] io::Error),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("the media relay can not be started")]
    Relay(#[source] io::Error),
    #[error("the folder for recordings can not be used")]
    Spool(#[source] io::Error),
    #[error("the switch's thread can not be started")]
    Thread(#[source] io::Error),
}

/// A running switch. It stops when the handle is dropped, or in good order with [`SwitchHandle::stop`].
#[derive(Debug)]
pub struct SwitchHandle {
    local_addr: SocketAddr,
    also: Vec<(Transport, SocketAddr)>,
    reachable: Reachable,
    inbox: edge::Inbox,
    core: Mutex<Option<JoinHandle<()>>>,
    listeners: Listeners,
}

impl Switch {
    /// Takes the ports and begins to serve, on the tokio runtime that it is called in.
    ///
    /// Fill the directory first: bindings in `restore` whose line is not in it, or may not register any more, are dropped
    /// and reported as removed.
    pub async fn start(
        config: SwitchConfig,
        directory: Directory,
        outside: Outside,
        restore: Vec<Binding>,
    ) -> Result<SwitchHandle, StartError> {
        let tls = config.certificate.as_ref().map(Certificate::acceptor).transpose()?;
        let sockets =
            listen::bind(&config, tls.as_ref()).await.map_err(|(address, error)| StartError::Listen(address, error))?;
        let also: Vec<(Transport, SocketAddr)> =
            sockets.doors.iter().filter_map(|door| Some((door.transport, door.local_addr()?))).collect();
        let local_addr = sockets.local_addr;
        let poll = Poll::new().map_err(StartError::Thread)?;
        let (inbox, inputs) = edge::Inbox::new(&poll).map_err(StartError::Thread)?;
        let events = inbox.clone();
        let mut relay = RelayConfig::new(config.media_bind, config.rtp_ports.clone(), config.rules.max_calls);
        relay.is_flushed = true;
        relay.events = EventSink::new(move |event| events.command(Input::Media(event)));
        let relay = Relay::start(relay).map_err(StartError::Relay)?;

        let mut rules = config.rules.clone();
        rules.media_addr = config.media_addr;
        rules.tls_port = also.iter().find(|(kind, _)| *kind == Transport::Tls).map(|(_, address)| address.port());
        let udp = Flow { transport: Transport::Udp, local: local_addr, remote: local_addr, id: UDP_FLOW };
        let seeds = Seeds { tokens: edge::random(), nonce_key: config.nonce_key, keys: edge::random() };
        let mut core = Core::new(rules, &seeds, directory.clone(), relay, restore, &udp, edge::now());
        core.talked(&config.talked);
        let reachable = core.reachable();

        let changes = inbox.clone();
        directory.on_change(move |changed| changes.command(Input::Directory(changed.clone())));
        // The calls first: recordings are found through them.
        let cut_off = ledger::cut_off(&config.rules.spool).into_iter();
        for report in cut_off.chain(files::left_behind(&config.rules.spool)) {
            outside.reports.report(report);
        }
        let files = Files::start(&config.rules.spool, inbox.clone()).map_err(StartError::Spool)?;
        let outlets = edge::Outlets::default();
        let outbound = Outbound::new(&config, inbox.clone(), outlets.clone());
        let sources = Sources { poll, udp: sockets.udp, inputs };
        let (from, to) = (inbox.clone(), outlets.clone());
        let run = move || match Runner::new(core, sources, from, to, outside, files, outbound) {
            Ok(runner) => runner.run(),
            Err(error) => tracing::error!(%error, "the SIP port can not be waited for"),
        };
        let core = std::thread::Builder::new().name("switch".into()).spawn(run).map_err(StartError::Thread)?;
        let listeners = Listeners::spawn(sockets.doors, &config, &inbox, &outlets);
        tracing::info!(%local_addr, "the switch listens");
        Ok(SwitchHandle { local_addr, also, reachable, inbox, core: Mutex::new(Some(core)), listeners })
    }
}

impl SwitchHandle {
    /// Where it listens, with UDP and TCP alike.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Where connections of one kind come in.
    pub fn door(&self, transport: Transport) -> Option<SocketAddr> {
        self.also.iter().find(|(kind, _)| *kind == transport).map(|(_, address)| *address)
    }

    /// Whether calls to a line reach a device now.
    pub fn registered(&self, line: LineId) -> bool {
        self.reachable.contains(line)
    }

    /// Sends NOTIFY with this Event (and body, with its media type) to each contact of the line, and gives their final
    /// answers: within 32 seconds, and none when the line can't be reached.
    pub async fn notify(&self, line_id: LineId, event: &str, body: Option<(String, Bytes)>) -> Vec<NoticeAnswer> {
        let (sender, receiver) = oneshot::channel();
        let report = Box::new(|answers| drop(sender.send(answers)));
        self.inbox.command(Input::Notify(Notice { line_id, event: event.to_owned(), body, report }));
        receiver.await.unwrap_or_default()
    }

    /// Calls the user's phones, records what is said, and plays it back. It is reported as a test call.
    pub fn test_call(&self, account: AccountId, user: UserId) {
        self.inbox.command(Input::TestCall(account, user));
    }

    /// Ends a call that was reported.
    pub fn hang_up(&self, call: CallId) {
        self.inbox.command(Input::HangUp(call));
    }

    /// Ends all calls, writes what is to be written, and gives the ports back.
    pub async fn stop(&self) {
        self.inbox.command(Input::Stop);
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(core) = core {
            let _ = tokio::task::spawn_blocking(move || core.join()).await;
        }
        self.listeners.stop();
    }
}

impl Drop for SwitchHandle {
    fn drop(&mut self) {
        self.inbox.command(Input::Stop);
        self.listeners.stop();
    }
}
