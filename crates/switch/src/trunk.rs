//! Trunks as the switch sees them: where each is reached, whether it is registered there, and which requests come from it.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use lineside_model::{
    call_report::{Alarm, AlarmKind, CallReport},
    directory::{DirectoryTrunk, Transport as Way, trunks_of},
    id::{AccountId, TrunkId},
};
use lineside_sip::{
    Endpoint, Event, Flow, HeaderName, Message, Method, Request, Token, TransactionKey, Transport,
    digest::{Challenge, Ha1},
};

use crate::{
    clock::Now,
    config::Rules,
    directory::Directory,
    told::{Job, Told},
};

const SIP_PORT: u16 = 5060;
/// What we ask for; the carrier may say less.
const EXPIRES: u32 = 600;
/// Names are looked up again: carriers move.
const LOOK_UP: Duration = Duration::from_mins(5);
/// The first pause after a failure; it doubles up to the longest.
const RETRY: Duration = Duration::from_secs(15);
const RETRY_LONGEST: Duration = Duration::from_mins(10);

#[derive(Default)]
pub(crate) struct Trunks {
    known: HashMap<TrunkId, Trunk>,
    sent: HashMap<TransactionKey, TrunkId>,
    lookups: HashMap<u64, TrunkId>,
}

struct Trunk {
    known: Arc<DirectoryTrunk>,
    addresses: Vec<SocketAddr>,
    look_up_at: Instant,
    registration: Registration,
}

struct Registration {
    due: Option<Instant>,
    call_id: Token,
    cseq: u32,
    tried_password: bool,
    failures: u32,
    is_up: Option<bool>,
}

/// What trunks work with.
pub(crate) struct Exchange<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) directory: &'a Directory,
    pub(crate) rules: &'a Rules,
    pub(crate) told: &'a mut Told,
    /// The UDP socket's flow.
    pub(crate) udp: Flow,
    pub(crate) now: Now,
}

impl Trunks {
    /// The directory has other trunks now.
    pub(crate) fn changed(&mut self, exchange: &mut Exchange<'_>) {
        let known: HashMap<TrunkId, Arc<DirectoryTrunk>> =
            exchange.directory.trunks().into_iter().map(|trunk| (trunk.trunk_id, trunk)).collect();
        self.known.retain(|id, _| known.contains_key(id));
        for (id, trunk) in known {
            let is_same = self.known.get(&id).is_some_and(|before| before.known == trunk);
            if is_same || !trunk.settings.enabled {
                if !trunk.settings.enabled {
                    self.known.remove(&id);
                }
                continue;
            }
            let registration = Registration {
                due: None,
                call_id: exchange.endpoint.token(),
                cseq: 0,
                tried_password: false,
                failures: 0,
                is_up: None,
            };
            let trunk = Trunk { known: trunk, addresses: Vec::new(), look_up_at: exchange.now.instant, registration };
            self.known.insert(id, trunk);
        }
        self.handle_timeout(exchange);
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.known.values().flat_map(|trunk| trunk.registration.due.into_iter().chain([trunk.look_up_at])).min()
    }

    pub(crate) fn handle_timeout(&mut self, exchange: &mut Exchange<'_>) {
        let now = exchange.now.instant;
        for (id, trunk) in &mut self.known {
            if trunk.look_up_at <= now {
                trunk.look_up_at = now + LOOK_UP;
                let settings = &trunk.known.settings;
                let (host, port) = (settings.host.to_string(), settings.port.unwrap_or(SIP_PORT));
                match host.parse::<IpAddr>() {
                    Ok(address) => {
                        trunk.reached_at(vec![SocketAddr::new(address, port)], now);
                    }
                    Err(_) => {
                        self.lookups.insert(exchange.told.look_up(host, port), *id);
                    }
                }
            }
            if trunk.registration.due.is_some_and(|due| due <= now) {
                trunk.registration.due = None;
                trunk.registration.tried_password = false;
                if let Some(key) = trunk.register(exchange, None) {
                    self.sent.insert(key, *id);
                }
            }
        }
    }

    /// What a name was looked up to.
    pub(crate) fn looked_up(&mut self, exchange: &mut Exchange<'_>, number: u64, addresses: Vec<SocketAddr>) {
        let Some(id) = self.lookups.remove(&number) else { return };
        let Some(trunk) = self.known.get_mut(&id) else { return };
        let is_ipv4 = exchange.udp.local.is_ipv4();
        let reachable: Vec<SocketAddr> = addresses.into_iter().filter(|address| address.is_ipv4() == is_ipv4).collect();
        if reachable.is_empty() && trunk.addresses.is_empty() {
            trunk.is_up(exchange, false, "its name leads to no address");
            trunk.look_up_at = exchange.now.instant + RETRY;
            return;
        }
        // What was found before is better than nothing.
        if !reachable.is_empty() {
            trunk.reached_at(reachable, exchange.now.instant);
        }
        self.handle_timeout(exchange);
    }

    /// Takes what belongs to a registration; gives everything else back.
    pub(crate) fn event(&mut self, exchange: &mut Exchange<'_>, event: Event) -> Option<Event> {
        let (key, response) = match &event {
            Event::Response { key, response, .. } => (*key, Some(response)),
            Event::Failed { key, .. } => (*key, None),
            _ => return Some(event),
        };
        let Some(id) = self.sent.get(&key).copied() else { return Some(event) };
        if response.is_some_and(|response| response.status() < 200) {
            return None;
        }
        self.sent.remove(&key);
        if let Some(trunk) = self.known.get_mut(&id)
            && let Some(again) = trunk.registered(exchange, response)
        {
            self.sent.insert(again, id);
        }
        None
    }

    /// The trunk that a request came from. Several may share an address; then the one of the account that holds the number
    /// is found by its number.
    pub(crate) fn of_source(&self, source: IpAddr) -> Option<Arc<DirectoryTrunk>> {
        let source = source.to_canonical();
        let is_from = |trunk: &&Trunk| trunk.addresses.iter().any(|address| address.ip().to_canonical() == source);
        let mut found = self.known.values().filter(is_from);
        let first = found.next()?.known.clone();
        match found.next() {
            None => Some(first),
            // No account's trunk may speak for another's: calls go where the operator's would.
            Some(_) => Some(Arc::new(DirectoryTrunk { account_id: None, ..(*first).clone() })),
        }
    }

    /// The ways out of the house for an account, in their order, each with its addresses.
    pub(crate) fn ways(&self, directory: &Directory, account: AccountId, emergency: bool) -> Vec<Out> {
        let known = directory.trunks();
        let chosen = trunks_of(known.iter().map(AsRef::as_ref), account, emergency);
        let reached = chosen.into_iter().filter_map(|trunk| self.known.get(&trunk.trunk_id));
        reached
            .filter(|trunk| !trunk.known.settings.register || trunk.registration.is_up == Some(true))
            .flat_map(|trunk| trunk.addresses.iter().map(|to| Out { trunk: trunk.known.clone(), to: *to }))
            .collect()
    }
}

/// One way out: a trunk at one of its addresses.
#[derive(Debug, Clone)]
pub(crate) struct Out {
    pub(crate) trunk: Arc<DirectoryTrunk>,
    pub(crate) to: SocketAddr,
}

impl Out {
    pub(crate) fn flow(&self, udp: Flow) -> Flow {
        Flow { remote: self.to, ..udp }
    }

    pub(crate) fn host(&self) -> String {
        host(&self.trunk)
    }

    pub(crate) fn uri(&self, user: &str) -> String {
        format!("sip:{user}@{}", self.host())
    }
}

/// The answer to a carrier's challenge.
pub(crate) fn credentials(
    trunk: &DirectoryTrunk,
    response: &Message,
    method: &str,
    uri: &str,
    cnonce: Token,
) -> Option<(HeaderName, String)> {
    let challenge = Challenge::find(response)?;
    let (user, password) = (trunk.settings.username.as_deref()?, trunk.password.as_deref()?);
    let realm = str::from_utf8(challenge.realm).ok()?;
    let ha1 = Ha1::new(challenge.algorithm, user, realm, password);
    let name = if response.status() == 407 { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
    Some((name, challenge.authorization(&ha1, user, method, uri, &cnonce, 1)))
}

fn host(trunk: &DirectoryTrunk) -> String {
    let host = trunk.settings.host.as_str();
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    match trunk.settings.port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

impl Trunk {
    fn reached_at(&mut self, addresses: Vec<SocketAddr>, now: Instant) {
        self.addresses = addresses;
        if self.known.settings.register && self.registration.due.is_none() && self.registration.cseq == 0 {
            self.registration.due = Some(now);
        }
    }

    fn register(
        &mut self,
        exchange: &mut Exchange<'_>,
        authorization: Option<(HeaderName, String)>,
    ) -> Option<TransactionKey> {
        let to = *self.addresses.first()?;
        if !matches!(self.known.settings.transport, Way::Udp) {
            self.is_up(exchange, false, "trunks are reached over UDP only");
            return None;
        }
        let user = self.known.settings.username.clone()?;
        let host = host(&self.known);
        let record = format!("<sip:{user}@{host}>");
        let flow = Flow { transport: Transport::Udp, remote: to, ..exchange.udp };
        self.registration.cseq += 1;
        let from = format!("{record};tag={}", exchange.endpoint.token());
        let uri = format!("sip:{host}");
        let call_id = self.registration.call_id;
        let mut request = Request::initial(Method::Register, &uri, from, record, call_id, self.registration.cseq)
            .header(HeaderName::Contact, format!("<sip:{user}@{}>", exchange.rules.host_port(flow.local.port())))
            .header(HeaderName::Expires, EXPIRES.to_string());
        if let Some((name, value)) = authorization {
            request = request.header(name, value);
        }
        Some(exchange.endpoint.request(exchange.now.instant, flow, &request))
    }

    /// The carrier's answer; the request that follows it, if one does.
    fn registered(&mut self, exchange: &mut Exchange<'_>, response: Option<&Message>) -> Option<TransactionKey> {
        let now = exchange.now.instant;
        let status = response.map_or(408, Message::status);
        if let Some(response) = response.filter(|_| matches!(status, 401 | 407) && !self.registration.tried_password) {
            self.registration.tried_password = true;
            let uri = format!("sip:{}", host(&self.known));
            let cnonce = exchange.endpoint.token();
            let answer = credentials(&self.known, response, "REGISTER", &uri, cnonce);
            if answer.is_some() {
                return self.register(exchange, answer);
            }
        }
        if (200..300).contains(&status) {
            let granted = response.and_then(|response| {
                response.contact().and_then(|contact| contact.expires()).or_else(|| response.expires())
            });
            let granted = granted.unwrap_or(EXPIRES).clamp(30, EXPIRES);
            self.registration.due = Some(now + Duration::from_secs(u64::from(granted)) * 4 / 5);
            self.registration.failures = 0;
            self.is_up(exchange, true, "");
            return None;
        }
        let pause = RETRY.saturating_mul(1 << self.registration.failures.min(6)).min(RETRY_LONGEST);
        self.registration.failures += 1;
        self.registration.due = Some(now + pause);
        self.is_up(exchange, false, &format!("the carrier answers {status}"));
        None
    }

    /// Tells when it changes.
    fn is_up(&mut self, exchange: &mut Exchange<'_>, up: bool, why: &str) {
        if self.registration.is_up.replace(up) == Some(up) {
            return;
        }
        let trunk = self.known.trunk_id;
        tracing::info!(%trunk, up, why, "trunk");
        let kind = if up { AlarmKind::TrunkUp { trunk } } else { AlarmKind::TrunkDown { trunk, why: why.to_owned() } };
        exchange.told.report(CallReport::Alarm(Alarm { at: exchange.now.utc, kind }));
    }
}

impl Told {
    fn look_up(&mut self, host: String, port: u16) -> u64 {
        let number = self.next();
        self.job(Job::LookUp(number, host, port));
        number
    }
}
