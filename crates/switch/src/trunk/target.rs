//! Where a carrier is reached, and in which order its servers are tried (RFC 3263 section 4.3, RFC 2782).

use std::{net::SocketAddr, time::Duration};

use lineside_model::{
    directory::Transport as Way,
    trunk::{Host, TrunkSettings},
};
use lineside_sip::Transport;

const SIP_PORT: u16 = 5060;
const SIPS_PORT: u16 = 5061;

/// What a trunk's settings say of where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
    /// What is spoken there; none when its name says that.
    pub(crate) transport: Option<Transport>,
}

/// One server, or several of one weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) transport: Transport,
    pub(crate) addresses: Vec<SocketAddr>,
    /// Lower ones come first.
    pub(crate) priority: u16,
    /// Among those of one priority, how often it comes first.
    pub(crate) weight: u16,
}

/// What a name led to, and for how long that holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) targets: Vec<Target>,
    pub(crate) lasts: Duration,
}

impl Wanted {
    pub(crate) fn of(settings: &TrunkSettings) -> Self {
        let transport = match settings.transport {
            Way::Tcp => Transport::Tcp,
            Way::Tls => Transport::Tls,
            Way::Udp | Way::Ws | Way::Wss => Transport::Udp,
        };
        let transport = (!settings.by_name).then_some(transport);
        Self { host: settings.host.clone(), port: settings.port, transport }
    }

    /// An address needs no looking up: by its port, or that of the transport.
    pub(crate) fn literal(&self) -> Option<Target> {
        let address = self.host.as_str().parse().ok()?;
        Some(Target::alone(self.transport.unwrap_or(Transport::Udp), [address], self.port))
    }
}

impl Target {
    /// What a name's addresses are without SRV records.
    pub(crate) fn alone(
        transport: Transport,
        addresses: impl IntoIterator<Item = std::net::IpAddr>,
        port: Option<u16>,
    ) -> Self {
        let port = port.unwrap_or(if transport == Transport::Tls { SIPS_PORT } else { SIP_PORT });
        let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect();
        Self { transport, addresses, priority: 0, weight: 0 }
    }
}

/// The order for one call: by priority, and by lot among those of one, as their weights say.
pub(crate) fn order(targets: &[Target], mut draw: impl FnMut() -> u64) -> Vec<(Transport, SocketAddr)> {
    let mut rest: Vec<&Target> = targets.iter().collect();
    // Those without weight first, so that they have their small chance (RFC 2782).
    rest.sort_by_key(|target| (target.priority, target.weight > 0));
    let mut ordered = Vec::new();
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|target| target.priority == first.priority);
        let total: u64 = same.clone().map(|target| u64::from(target.weight)).sum();
        let lot = if total == 0 { 0 } else { draw() % (total + 1) };
        let sums = same.scan(0, |sum, target| {
            *sum += u64::from(target.weight);
            Some(*sum)
        });
        let chosen = sums.into_iter().position(|sum| sum >= lot).unwrap_or(0);
        let target = rest.remove(chosen);
        ordered.extend(target.addresses.iter().map(|address| (target.transport, *address)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(port: u16, priority: u16, weight: u16) -> Target {
        let addresses = vec![SocketAddr::from(([192, 0, 2, 1], port))];
        Target { transport: Transport::Udp, addresses, priority, weight }
    }

    #[test]
    fn priority_comes_first_and_weight_decides_how_often() {
        let targets = [target(4, 20, 0), target(1, 10, 75), target(2, 10, 25), target(3, 10, 0)];
        let mut firsts = [0; 5];
        for lot in 0..101 {
            let mut lots = [lot, 0].into_iter().cycle();
            let ordered = order(&targets, || lots.next().unwrap());
            let ports: Vec<u16> = ordered.iter().map(|(_, address)| address.port()).collect();
            assert_eq!((ports.len(), ports[3]), (4, 4), "all of them, the other priority last");
            firsts[usize::from(ports[0])] += 1;
        }
        assert_eq!(firsts[1..4], [75, 25, 1]);
    }
}
