//! What the core has done in the network that is more than sending: names looked up, connections made.

mod distrust;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use lineside_sip::{Flow, Transport};
use thiserror::Error;
use tokio::{net::TcpStream, runtime::Handle, time::timeout};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::{Inbox, Input, Outlets, connection, resolve::Names};
use crate::{config::SwitchConfig, told::Job};

/// A carrier that takes longer to be connected to would not be reached in time for a call.
const CONNECT: Duration = Duration::from_secs(10);

#[derive(Debug, Error)]
enum ConnectError {
    #[error("it can not be connected to: {0}")]
    Refused(std::io::Error),
    #[error("TLS with it fails: {}", distrust::why(.0))]
    Tls(std::io::Error),
    #[error("it does not take connections in time")]
    Slow,
    #[error("its host is no name that a certificate could bear")]
    Name,
}

/// Runs tasks for the core's thread.
#[derive(Clone)]
pub(crate) struct Outbound(Arc<Shared>);

struct Shared {
    runtime: Handle,
    names: Names,
    /// Certificates of authorities that are trusted beside the system's.
    trust: Option<Vec<u8>>,
    tls: OnceLock<TlsConnector>,
    idle: Duration,
    inbox: Inbox,
    outlets: Outlets,
}

impl Outbound {
    /// On the runtime that it is called in.
    pub(crate) fn new(config: &SwitchConfig, inbox: Inbox, outlets: Outlets) -> Self {
        Self(Arc::new(Shared {
            runtime: Handle::current(),
            names: Names::new(&config.dns),
            trust: config.trust.clone(),
            tls: OnceLock::new(),
            idle: config.idle,
            inbox,
            outlets,
        }))
    }

    /// Begins a job of the network's; gives any other back.
    pub(crate) fn begin(&self, job: Job) -> Option<Job> {
        let shared = self.0.clone();
        match job {
            Job::LookUp(number, wanted) => {
                self.0.runtime.spawn(async move {
                    let found = shared.names.find(&wanted).await;
                    if found.targets.is_empty() {
                        tracing::warn!(host = %wanted.host, "a carrier's name leads to no address");
                    }
                    shared.inbox.command(Input::LookedUp(number, found));
                });
            }
            Job::Connect(flow, host) => {
                // What is sent meanwhile waits for the connection.
                let outgoing = self.0.outlets.add(flow.id);
                self.0.runtime.spawn(async move {
                    if let Err(error) = shared.connect(flow, &host, outgoing).await {
                        tracing::warn!(host, remote = %flow.remote, %error, "no connection to a carrier");
                        shared.inbox.command(Input::NotConnected(flow.id, error.to_string()));
                    }
                    shared.outlets.remove(flow.id);
                    shared.inbox.command(Input::Closed(flow.id));
                });
            }
            job => return Some(job),
        }
        None
    }
}

impl Shared {
    async fn connect(&self, flow: Flow, host: &str, outgoing: connection::Outgoing) -> Result<(), ConnectError> {
        let stream = timeout(CONNECT, TcpStream::connect(flow.remote)).await.map_err(|_| ConnectError::Slow)?;
        let stream = stream.map_err(ConnectError::Refused)?;
        let _ = stream.set_nodelay(true);
        let keepalive = socket2::TcpKeepalive::new().with_time(Duration::from_mins(1));
        let _ = socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive);
        if flow.transport != Transport::Tls {
            connection::serve(stream, flow, (self.idle, self.idle), outgoing, &self.inbox, &self.outlets).await;
            return Ok(());
        }
        // The certificate is that of the name that was configured, whatever its records led to (RFC 5922 section 7.1).
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectError::Name)?;
        let connector = self.tls.get_or_init(|| connector(self.trust.as_deref())).clone();
        let stream = timeout(CONNECT, connector.connect(name, stream)).await.map_err(|_| ConnectError::Slow)?;
        let stream = stream.map_err(ConnectError::Tls)?;
        connection::serve(stream, flow, (self.idle, self.idle), outgoing, &self.inbox, &self.outlets).await;
        Ok(())
    }
}

fn connector(trust: Option<&[u8]>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in native.errors {
        tracing::warn!(%error, "a certificate of the system's can not be read");
    }
    roots.add_parsable_certificates(native.certs);
    let trusted = CertificateDer::pem_slice_iter(trust.unwrap_or_default()).filter_map(Result::ok);
    roots.add_parsable_certificates(trusted);
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
