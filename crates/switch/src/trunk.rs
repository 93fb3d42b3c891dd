//! Trunks as the switch sees them: where each is reached, over which connection, whether it is there, and which requests come
//! from it.

mod out;
mod registration;
pub(crate) mod target;
#[cfg(test)]
mod tests;
mod watch;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use lineside_model::{
    directory::{DirectoryTrunk, trunks_of},
    id::{AccountId, TrunkId},
};
use lineside_sip::{Endpoint, Event, Flow, Message, TransactionKey, Transport};

pub(crate) use self::out::{Out, credentials};
use self::{
    registration::Registration,
    target::{Found, Target, Wanted, order},
    watch::Watch,
};
use crate::{
    clock::Now,
    config::Rules,
    directory::Directory,
    edge::OUTBOUND_FLOWS,
    told::{Job, Told},
};

/// How long addresses hold that stand in the settings.
const SETTLED: Duration = Duration::from_hours(24);
/// When a name that leads nowhere is looked up again.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// A server that took no call is tried last for that long.
const AVOIDED: Duration = Duration::from_mins(1);

#[derive(Default)]
pub(crate) struct Trunks {
    known: HashMap<TrunkId, Trunk>,
    sent: HashMap<TransactionKey, (TrunkId, Asked)>,
    lookups: HashMap<u64, TrunkId>,
    links: Links,
    /// Servers that failed, and until when others are preferred to them.
    avoided: Avoided,
}

/// A server, and how it is spoken to.
type Server = (Transport, SocketAddr);
type Avoided = HashMap<Server, Instant>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Register,
    Options,
}

struct Trunk {
    known: Arc<DirectoryTrunk>,
    targets: Vec<Target>,
    look_up_at: Instant,
    registration: Registration,
    watch: Watch,
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

/// The connections that we made: one to each server of each trunk, kept for all that goes there (RFC 5923).
#[derive(Default)]
struct Links {
    open: HashMap<u64, Link>,
    last: u64,
}

struct Link {
    trunk: TrunkId,
    flow: Flow,
}

impl Links {
    /// The way to a server; a connection is made when there is none.
    fn flow(
        &mut self,
        told: &mut Told,
        rules: &Rules,
        udp: Flow,
        trunk: &DirectoryTrunk,
        (transport, remote): Server,
    ) -> Flow {
        if transport == Transport::Udp {
            return Flow { remote, ..udp };
        }
        let is_there = |link: &&Link| {
            link.trunk == trunk.trunk_id && link.flow.transport == transport && link.flow.remote == remote
        };
        if let Some(link) = self.open.values().find(is_there) {
            return link.flow;
        }
        self.last += 1;
        let mut local = udp.local;
        if let (Transport::Tls, Some(port)) = (transport, rules.tls_port) {
            local.set_port(port);
        }
        let flow = Flow { transport, local, remote, id: OUTBOUND_FLOWS + self.last };
        self.open.insert(flow.id, Link { trunk: trunk.trunk_id, flow });
        told.job(Job::Connect(flow, trunk.settings.host.to_string()));
        flow
    }
}

impl Trunks {
    /// The directory has other trunks now.
    pub(crate) fn changed(&mut self, exchange: &mut Exchange<'_>) {
        let known: HashMap<TrunkId, Arc<DirectoryTrunk>> =
            exchange.directory.trunks().into_iter().map(|trunk| (trunk.trunk_id, trunk)).collect();
        self.known.retain(|id, before| {
            let stays = known.get(id).is_some_and(|trunk| trunk.settings.enabled);
            // Nobody waits any more for one that is off to be back.
            if !stays && before.watch.is_up == Some(false) {
                before.is_up(exchange.told, exchange.now, true, "");
            }
            stays
        });
        for (id, trunk) in known.into_iter().filter(|(_, trunk)| trunk.settings.enabled) {
            if self.known.get(&id).is_some_and(|before| before.known == trunk) {
                continue;
            }
            let trunk = Trunk {
                registration: Registration::new(exchange.endpoint.token()),
                watch: Watch::default(),
                targets: Vec::new(),
                look_up_at: exchange.now.instant,
                known: trunk,
            };
            self.known.insert(id, trunk);
        }
        self.handle_timeout(exchange);
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let due = |trunk: &Trunk| [trunk.registration.due, trunk.watch.due, Some(trunk.look_up_at)];
        self.known.values().flat_map(due).flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, exchange: &mut Exchange<'_>) {
        let now = exchange.now.instant;
        self.avoided.retain(|_, until| *until > now);
        let Self { known, sent, lookups, links, avoided } = self;
        for (id, trunk) in known {
            if trunk.look_up_at <= now {
                let wanted = Wanted::of(&trunk.known.settings);
                if let Some(target) = wanted.literal() {
                    trunk.reached_at(vec![target], now);
                    trunk.look_up_at = now + SETTLED;
                } else {
                    trunk.look_up_at = now + LOOK_AGAIN;
                    let number = exchange.told.next();
                    exchange.told.job(Job::LookUp(number, wanted));
                    lookups.insert(number, *id);
                }
            }
            let Some(server) = trunk.first(avoided) else { continue };
            let mut flow = || links.flow(exchange.told, exchange.rules, exchange.udp, &trunk.known, server);
            if trunk.registration.due.is_some_and(|due| due <= now) {
                let flow = flow();
                trunk.registration.begin();
                if let Some(key) = trunk.register(exchange, flow, None) {
                    sent.insert(key, (*id, Asked::Register));
                }
            } else if trunk.watch.due.is_some_and(|due| due <= now) {
                let flow = flow();
                sent.insert(trunk.ask(exchange, flow), (*id, Asked::Options));
            }
        }
    }

    /// What a name was looked up to.
    pub(crate) fn looked_up(&mut self, exchange: &mut Exchange<'_>, number: u64, found: Found) {
        let Some(id) = self.lookups.remove(&number) else { return };
        let Some(trunk) = self.known.get_mut(&id) else { return };
        let is_ipv4 = exchange.udp.local.is_ipv4();
        let mut targets = found.targets;
        for target in &mut targets {
            target.addresses.retain(|address| address.is_ipv4() == is_ipv4);
        }
        targets.retain(|target| !target.addresses.is_empty());
        if !targets.is_empty() {
            trunk.look_up_at = exchange.now.instant + found.lasts;
            trunk.reached_at(targets, exchange.now.instant);
        } else if trunk.targets.is_empty() {
            // What was found before is better than nothing.
            trunk.is_up(exchange.told, exchange.now, false, "its name leads to no address");
        }
        self.handle_timeout(exchange);
    }

    /// Takes what belongs to a registration; gives everything else back.
    pub(crate) fn event(&mut self, exchange: &mut Exchange<'_>, event: Event) -> Option<Event> {
        let (key, flow, response) = match &event {
            Event::Response { key, flow, response } => (*key, Some(*flow), Some(response)),
            Event::Failed { key, .. } => (*key, None, None),
            _ => return Some(event),
        };
        let Some((id, asked)) = self.sent.get(&key).copied() else { return Some(event) };
        if response.is_some_and(|response| response.status() < 200) {
            return None;
        }
        self.sent.remove(&key);
        let trunk = self.known.get_mut(&id)?;
        let status = response.map(Message::status);
        if let Some(server) = trunk.first(&self.avoided).filter(|_| matches!(status, None | Some(503))) {
            self.avoided.insert(server, exchange.now.instant + AVOIDED);
        }
        match asked {
            Asked::Options => trunk.answered(exchange, status),
            Asked::Register => {
                if let Some(again) = trunk.registered(exchange, flow, response) {
                    self.sent.insert(again, (id, Asked::Register));
                }
            }
        }
        None
    }

    /// A connection was not made.
    pub(crate) fn not_connected(&mut self, exchange: &mut Exchange<'_>, flow_id: u64, why: &str) {
        let Some(link) = self.links.open.get(&flow_id) else { return };
        let server = (link.flow.transport, link.flow.remote);
        self.avoided.insert(server, exchange.now.instant + AVOIDED);
        if let Some(trunk) = self.known.get_mut(&link.trunk).filter(|trunk| trunk.servers().any(|one| one == server)) {
            trunk.is_up(exchange.told, exchange.now, false, why);
        }
    }

    /// A connection is gone. What was registered over it is not reached any more.
    pub(crate) fn flow_lost(&mut self, exchange: &mut Exchange<'_>, flow_id: u64) {
        let Some(link) = self.links.open.remove(&flow_id) else { return };
        if let Some(trunk) = self.known.get_mut(&link.trunk) {
            trunk.connection_lost(exchange.now.instant);
        }
    }

    /// The way over which a dialog goes on whose connection was one of ours.
    pub(crate) fn again(&mut self, told: &mut Told, rules: &Rules, udp: Flow, trunk: TrunkId, lost: Flow) -> Flow {
        let Some(trunk) = self.known.get(&trunk) else { return lost };
        self.links.flow(told, rules, udp, &trunk.known, (lost.transport, lost.remote))
    }

    /// The trunk that a request came from: over a connection of ours, or from one of its addresses. Several may share an
    /// address; then the one of the account that holds the number is found by its number.
    pub(crate) fn of(&self, flow: Flow) -> Option<Arc<DirectoryTrunk>> {
        if let Some(link) = self.links.open.get(&flow.id) {
            return self.known.get(&link.trunk).map(|trunk| trunk.known.clone());
        }
        let source = flow.remote.ip().to_canonical();
        let is_from = |trunk: &&Trunk| {
            let mut addresses = trunk.targets.iter().flat_map(|target| &target.addresses);
            addresses.any(|address| address.ip().to_canonical() == source)
        };
        let mut found = self.known.values().filter(is_from);
        let first = found.next()?.known.clone();
        match found.next() {
            None => Some(first),
            // No account's trunk may speak for another's: calls go where the operator's would.
            Some(_) => Some(Arc::new(DirectoryTrunk { account_id: None, ..(*first).clone() })),
        }
    }

    /// The ways out of the house for an account, in the order in which they are tried; servers that failed just now come
    /// last, trunk by trunk.
    pub(crate) fn ways(
        &self,
        directory: &Directory,
        account: AccountId,
        emergency: bool,
        mut draw: impl FnMut() -> u64,
    ) -> Vec<Out> {
        let known = directory.trunks();
        let chosen = trunks_of(known.iter().map(AsRef::as_ref), account, emergency);
        let mut ways = Vec::new();
        for trunk in chosen.into_iter().filter_map(|trunk| self.known.get(&trunk.trunk_id)) {
            // A call for help is tried even where we are not registered.
            if trunk.known.settings.register && trunk.watch.is_up != Some(true) && !emergency {
                continue;
            }
            let mut servers = order(&trunk.targets, &mut draw);
            servers.sort_by_key(|server| self.avoided.contains_key(server));
            let over = |(transport, to)| Out { trunk: trunk.known.clone(), transport, to };
            ways.extend(servers.into_iter().map(over));
        }
        if !emergency {
            return ways;
        }
        let is_avoided = |way: &Out| self.avoided.contains_key(&(way.transport, way.to));
        ways.into_iter().flat_map(|way| way.for_long_requests(is_avoided)).collect()
    }

    pub(crate) fn flow(&mut self, told: &mut Told, rules: &Rules, udp: Flow, way: &Out) -> Flow {
        self.links.flow(told, rules, udp, &way.trunk, (way.transport, way.to))
    }

    /// What a call told us of the way that it took.
    pub(crate) fn call_went(&mut self, told: &mut Told, now: Now, way: &Out, failure: Option<&str>) {
        let server = (way.transport, way.to);
        if failure.is_some() {
            self.avoided.insert(server, now.instant + AVOIDED);
        } else {
            self.avoided.remove(&server);
        }
        let Some(trunk) = self.known.get_mut(&way.trunk.trunk_id) else { return };
        // Another server of the same trunk may be better.
        if failure.is_none() || trunk.servers().all(|server| self.avoided.contains_key(&server)) {
            trunk.is_up(told, now, failure.is_none(), failure.unwrap_or_default());
        }
    }
}

impl Trunk {
    fn reached_at(&mut self, targets: Vec<Target>, now: Instant) {
        let is_new = self.targets.is_empty();
        self.targets = targets;
        if is_new && self.known.settings.register {
            self.registration.due = Some(now);
        } else if is_new {
            self.watch.due = Some(now);
        }
    }

    /// The server that registrations and questions go to.
    fn first(&self, avoided: &Avoided) -> Option<Server> {
        let servers = order(&self.targets, || 0);
        let good = servers.iter().find(|server| !avoided.contains_key(server));
        good.or(servers.first()).copied()
    }

    fn servers(&self) -> impl Iterator<Item = Server> {
        self.targets.iter().flat_map(|target| target.addresses.iter().map(|address| (target.transport, *address)))
    }

    fn connection_lost(&mut self, now: Instant) {
        if self.known.settings.register {
            self.registration.hurry(now);
        } else {
            self.watch.hurry(now);
        }
    }
}
