//! One way out of the house.

use std::{net::SocketAddr, sync::Arc};

use lineside_model::directory::DirectoryTrunk;
use lineside_sip::{
    HeaderName, Message, Token, Transport,
    digest::{Challenge, Ha1},
};

/// A trunk at one of its servers.
#[derive(Debug, Clone)]
pub(crate) struct Out {
    pub(crate) trunk: Arc<DirectoryTrunk>,
    pub(crate) transport: Transport,
    pub(crate) to: SocketAddr,
}

impl Out {
    /// A request of more than 1300 bytes would go over UDP in pieces, and one lost piece loses it: TCP to the same server
    /// is tried before (RFC 3261 section 18.1.1).
    pub(crate) fn for_long_requests(self, is_avoided: impl Fn(&Out) -> bool) -> impl Iterator<Item = Out> {
        let whole = (self.transport == Transport::Udp).then(|| Out { transport: Transport::Tcp, ..self.clone() });
        whole.filter(|whole| !is_avoided(whole)).into_iter().chain([self])
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

pub(super) fn host(trunk: &DirectoryTrunk) -> String {
    let host = trunk.settings.host.as_str();
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    match trunk.settings.port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}
