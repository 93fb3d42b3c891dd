//! Names of carriers, by the rules of RFC 3263: NAPTR says what is spoken, SRV where, A and AAAA at which addresses.

#[cfg(test)]
pub(super) mod tests;

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    lookup::Lookup,
    lookup_ip::LookupIp,
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, RecordType, rdata::SRV},
};
use lineside_sip::Transport;
use tokio::time::timeout;

use super::now;
use crate::trunk::target::{Found, Target, Wanted};

/// For all questions about one name.
const PATIENCE: Duration = Duration::from_secs(20);
/// However short or long records are said to hold: neither are servers flooded nor moves missed.
const LASTS: (Duration, Duration) = (Duration::from_secs(30), Duration::from_hours(1));
/// More servers of one carrier are none that would be reached before the caller hangs up.
const TARGETS: usize = 16;

/// Those that a name may speak, in the order in which they are looked for when it does not say.
const SPOKEN: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

#[derive(Clone)]
pub(crate) struct Names(Option<TokioResolver>);

impl Names {
    /// Asks these servers, or the system's when there are none. Without either nothing is found.
    pub(crate) fn new(servers: &[SocketAddr]) -> Self {
        let builder = if servers.is_empty() {
            TokioResolver::builder_tokio()
        } else {
            let servers = servers.iter().map(|server| {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                NameServerConfig::new(server.ip(), true, connections.to_vec())
            });
            let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
            Ok(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
        };
        let built = builder.and_then(hickory_resolver::ResolverBuilder::build);
        if let Err(error) = &built {
            tracing::error!(%error, "names of carriers can not be looked up: the system's DNS servers are not known");
        }
        Self(built.ok())
    }

    /// Finds nothing rather than fail.
    pub(crate) async fn find(&self, wanted: &Wanted) -> Found {
        let Some(resolver) = &self.0 else { return Found::default() };
        let mut search = Search { resolver, until: None };
        let targets = timeout(PATIENCE, search.targets(wanted)).await.unwrap_or_default();
        let lasts = search.until.map(|until| until.saturating_duration_since(now().instant)).unwrap_or_default();
        Found { targets, lasts: lasts.clamp(LASTS.0, LASTS.1) }
    }
}

struct Search<'a> {
    resolver: &'a TokioResolver,
    /// When the first of the records that were used runs out.
    until: Option<Instant>,
}

impl Search<'_> {
    async fn targets(&mut self, wanted: &Wanted) -> Vec<Target> {
        let host = wanted.host.as_str();
        // A port is for addresses: no record says another (RFC 3263 section 4.2).
        if wanted.port.is_some() {
            return self.alone(wanted.transport.unwrap_or(Transport::Udp), host, wanted.port).await;
        }
        if let Some(transport) = wanted.transport {
            return self.served(transport, host, &service(transport, host)).await;
        }
        if let Some((transport, name)) = self.services(host).await {
            return self.served(transport, host, &name).await;
        }
        for transport in SPOKEN {
            let found = self.servers(transport, &service(transport, host)).await;
            if !found.is_empty() {
                return found;
            }
        }
        self.alone(Transport::Udp, host, None).await
    }

    /// By SRV records, or the host's addresses when it has none.
    async fn served(&mut self, transport: Transport, host: &str, name: &str) -> Vec<Target> {
        let found = self.servers(transport, name).await;
        if found.is_empty() { self.alone(transport, host, None).await } else { found }
    }

    async fn alone(&mut self, transport: Transport, host: &str, port: Option<u16>) -> Vec<Target> {
        let addresses = self.addresses(host).await;
        if addresses.is_empty() { Vec::new() } else { vec![Target::alone(transport, addresses, port)] }
    }

    /// What the name wants spoken, of what we speak, and where its SRV records are (RFC 3263 section 4.1).
    async fn services(&mut self, host: &str) -> Option<(Transport, String)> {
        let records = self.records(host, RecordType::NAPTR).await;
        let known = records.into_iter().filter_map(|record| {
            let RData::NAPTR(naptr) = record else { return None };
            let is_terminal = naptr.flags.eq_ignore_ascii_case(b"s");
            let transport = match naptr.services.to_ascii_uppercase().as_slice() {
                b"SIP+D2U" => Transport::Udp,
                b"SIP+D2T" => Transport::Tcp,
                b"SIPS+D2T" => Transport::Tls,
                _ => return None,
            };
            is_terminal.then(|| (naptr.order, naptr.preference, transport, naptr.replacement.to_ascii()))
        });
        let (_, _, transport, name) = known.min_by_key(|(order, preference, ..)| (*order, *preference))?;
        Some((transport, name))
    }

    async fn servers(&mut self, transport: Transport, name: &str) -> Vec<Target> {
        let records = self.records(name, RecordType::SRV).await;
        let mut servers: Vec<SRV> = records
            .into_iter()
            .filter_map(|record| if let RData::SRV(server) = record { Some(server) } else { None })
            // A dot says that the service is not there (RFC 2782).
            .filter(|server| !server.target.is_root())
            .collect();
        servers.sort_by_key(|server| (server.priority, std::cmp::Reverse(server.weight)));
        servers.truncate(TARGETS);
        let mut targets = Vec::new();
        for server in servers {
            let addresses = self.addresses(&server.target.to_ascii()).await;
            let alone = Target::alone(transport, addresses, Some(server.port));
            if !alone.addresses.is_empty() {
                targets.push(Target { priority: server.priority, weight: server.weight, ..alone });
            }
        }
        targets
    }

    async fn addresses(&mut self, host: &str) -> Vec<IpAddr> {
        let Some(found) = self.kept(self.resolver.lookup_ip(absolute(host)), LookupIp::valid_until).await else {
            return Vec::new();
        };
        found.iter().take(TARGETS).collect()
    }

    async fn records(&mut self, name: &str, kind: RecordType) -> Vec<RData> {
        let found = self.kept(self.resolver.lookup(absolute(name), kind), Lookup::valid_until).await;
        found.map_or_else(Vec::new, |found| found.answers().iter().map(|record| record.data.clone()).collect())
    }

    /// The answer; what it holds for bounds how long all of them are believed.
    async fn kept<T, E: std::fmt::Display>(
        &mut self,
        asked: impl Future<Output = Result<T, E>>,
        until: impl Fn(&T) -> Instant,
    ) -> Option<T> {
        match asked.await {
            Ok(found) => {
                let until = until(&found);
                self.until = Some(self.until.map_or(until, |before| before.min(until)));
                Some(found)
            }
            Err(error) => {
                tracing::debug!(%error, "no such record of a carrier");
                None
            }
        }
    }
}

/// RFC 3263 section 4.2.
fn service(transport: Transport, host: &str) -> String {
    let service = match transport {
        Transport::Tls => "_sips._tcp",
        Transport::Tcp => "_sip._tcp",
        _ => "_sip._udp",
    };
    format!("{service}.{host}")
}

/// No search list completes it, unless it is a bare word.
fn absolute(host: &str) -> String {
    if host.contains('.') && !host.ends_with('.') { format!("{host}.") } else { host.to_owned() }
}
