//! Our end of a leg.

use std::net::SocketAddr;

use lineside_media::{
    relay::{Leg, Session},
    srtp::{Crypto, KeyMaker, SrtpKey, Suite},
};
use lineside_sip::{Flow, Token, Transport};

use super::{super::Env, SUITE, TAG};

/// Whether keys may be read and written in the clear, because nobody but the peer sees them.
pub(in crate::call) fn is_secure(flow: Flow) -> bool {
    matches!(flow.transport, Transport::Tls | Transport::Wss)
}

/// Our end of a leg: where the leg sends its sound, and what we protect ours with.
pub(in crate::call) struct OurEnd<'a> {
    pub(super) address: SocketAddr,
    keys: &'a KeyMaker,
    /// What our key is named by: no other dialog, and no other media of the same one, has both.
    tag: Token,
    media: u64,
    /// We offer to protect sound.
    pub(super) is_secure: bool,
}

impl<'a> OurEnd<'a> {
    pub(in crate::call) fn new(env: &Env<'a>, media: &Session, leg: Leg, tag: Token, flow: Flow) -> Self {
        Self {
            address: SocketAddr::new(env.rules.media_addr, media.port(leg)),
            keys: env.keys,
            tag,
            media: media.id(),
            is_secure: is_secure(flow),
        }
    }

    /// For who refused to protect sound, or is not to be asked to.
    pub(in crate::call) fn in_the_clear(self, is_clear: bool) -> Self {
        Self { is_secure: self.is_secure && !is_clear, ..self }
    }

    pub(super) fn key(&self, suite: Suite) -> Option<SrtpKey> {
        self.keys.key(suite, &format!("{}/{}", self.tag, self.media))
    }

    pub(super) fn crypto(&self) -> Option<Crypto> {
        self.is_secure.then(|| self.key(SUITE)).flatten().map(|key| Crypto { tag: TAG, key })
    }
}
