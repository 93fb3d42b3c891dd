//! What a switch is told at its start.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

use lineside_model::outbound::Talked;
use lineside_sip::{Flow, Transport};

use crate::edge::tls::Certificate;
pub use crate::{limiter::Rate, registrar::register::Expiry};

/// Where the switch listens, and by which rules it works. [`SwitchConfig::new`] has the usual rules.
#[derive(Debug, Clone)]
pub struct SwitchConfig {
    /// UDP and TCP both listen here; port 0 takes a free one.
    pub sip_addr: SocketAddr,
    /// SIP over TLS, and over WebSocket in the clear and in TLS. Those in TLS need a certificate.
    pub tls_addr: Option<SocketAddr>,
    pub ws_addr: Option<SocketAddr>,
    pub wss_addr: Option<SocketAddr>,
    pub certificate: Option<Certificate>,
    /// The address phones send their media to. It stands in SDP.
    pub media_addr: IpAddr,
    /// The address the media ports are bound to; the unspecified one when `media_addr` is that of a NAT before us.
    pub media_bind: IpAddr,
    /// A call takes two pairs of these ports.
    pub rtp_ports: RangeInclusive<u16>,
    /// Connections accepted at a time, in all and from one host.
    pub max_connections: usize,
    pub max_connections_per_host: usize,
    /// A connection that has not brought a whole message for that long is closed. Longer than the longest registration,
    /// so that no registered phone is cut off.
    pub idle: Duration,
    /// The DNS servers that are asked for carriers; the system's when there are none.
    pub dns: Vec<SocketAddr>,
    /// Certificates, as PEM, of authorities that are trusted beside the system's when we connect to a carrier.
    pub trust: Option<Vec<u8>>,
    /// What was talked out of the house today, before this start.
    pub talked: Vec<Talked>,
    /// Makes nonces unforgeable. With the same key, challenges stay good over a restart.
    pub nonce_key: [u8; 32],
    pub rules: Rules,
}

/// By what rules the switch works.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The host that phones reach us at: a name or an address, an IPv6 address in brackets.
    pub advertised_host: String,
    /// The same as `media_addr`, taken from there.
    pub media_addr: IpAddr,
    /// Where TLS is listened for, if it is; taken from there.
    pub tls_port: Option<u16>,
    /// Calls at a time.
    pub max_calls: usize,
    /// Transactions kept at a time.
    pub max_transactions: usize,
    /// Where recordings and messages are written until somebody has taken them.
    pub spool: PathBuf,
    pub expiry: Expiry,
    /// Messages from hosts on which no line has proved itself. The burst lets a site full of phones start at once.
    pub strangers: Rate,
    /// Wrong passwords for one user name from one host.
    pub failures: Rate,
}

impl SwitchConfig {
    /// The usual rules, with our host and media under the address of the listener.
    pub fn new(sip_addr: SocketAddr, rtp_ports: RangeInclusive<u16>, nonce_key: [u8; 32]) -> Self {
        let address = sip_addr.ip();
        Self {
            sip_addr,
            tls_addr: None,
            ws_addr: None,
            wss_addr: None,
            certificate: None,
            media_addr: address,
            media_bind: address,
            rtp_ports,
            max_connections: 10_000,
            max_connections_per_host: 2_000,
            idle: Duration::from_secs(3_700),
            dns: Vec::new(),
            trust: None,
            talked: Vec::new(),
            nonce_key,
            rules: Rules::new(address),
        }
    }
}

impl Rules {
    fn new(address: IpAddr) -> Self {
        Self {
            advertised_host: match address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            },
            media_addr: address,
            tls_port: None,
            max_calls: 1_000,
            max_transactions: 500_000,
            spool: std::env::temp_dir().join("lineside"),
            expiry: Expiry { min: SIXTY, max: HOUR },
            strangers: Rate { burst: 4_000, per_second: 1_000.0 },
            failures: Rate { burst: 20, per_second: 0.2 },
        }
    }

    /// Our Contact on a flow: where the phone sends the rest of a dialog.
    pub(crate) fn contact(&self, flow: Flow) -> String {
        self.contact_of("lineside", flow)
    }

    pub(crate) fn contact_of(&self, user: &str, flow: Flow) -> String {
        let transport = match flow.transport {
            Transport::Udp => "",
            Transport::Tcp => ";transport=tcp",
            Transport::Tls => ";transport=tls",
            Transport::Ws | Transport::Wss => ";transport=ws",
        };
        ["<sip:", user, "@", &self.host_port(flow.local.port()), transport, ">"].concat()
    }

    /// Our host and port, for Via and Contact.
    pub(crate) fn host_port(&self, port: u16) -> String {
        [&self.advertised_host, ":", itoa::Buffer::new().format(port)].concat()
    }
}

const SIXTY: NonZeroU32 = NonZeroU32::new(60).unwrap();
const HOUR: NonZeroU32 = NonZeroU32::new(3_600).unwrap();
