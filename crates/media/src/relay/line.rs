//! The way to a leg: its sockets, its address, and what its packets are protected with.

use std::net::SocketAddr;

use super::{LegFormat, latch::Latch, ports::Pair};
use crate::{
    rtp,
    srtp::{Protector, SrtpKeys, Unprotector},
};

pub(super) struct Line {
    pub(super) pair: Pair,
    pub(super) latch: Latch,
    pub(super) format: Option<LegFormat>,
    secure: Option<Secure>,
}

struct Secure {
    keys: SrtpKeys,
    protector: Protector,
    unprotector: Unprotector,
}

impl Line {
    pub(super) fn new(pair: Pair) -> Self {
        Self { pair, latch: Latch::default(), format: None, secure: None }
    }

    /// New SDP. A key that is the same goes on with its counters, whatever becomes of the other: a hold or a refresh repeats
    /// it.
    pub(super) fn describe(&mut self, format: LegFormat) {
        let known = self.secure.take();
        self.secure = format.srtp.as_ref().map(|keys| match known {
            Some(secure) => secure.with(keys),
            None => Secure::new(keys),
        });
        self.format = Some(format);
    }

    /// Where the leg is, once that is known.
    pub(super) fn target(&self) -> Option<SocketAddr> {
        self.latch.target()
    }

    /// Decrypts in place what came from the leg; whether the leg made it.
    pub(super) fn unprotect(&mut self, packet: &mut Vec<u8>) -> bool {
        let Some(secure) = &mut self.secure else { return true };
        let unprotected =
            if rtp::is_rtcp(packet) { secure.unprotector.rtcp(packet) } else { secure.unprotector.rtp(packet) };
        unprotected.is_ok()
    }

    /// A full socket buffer loses the packet, as any router on the way would.
    pub(super) fn send(&mut self, packet: &mut Vec<u8>) {
        let Some(target) = self.latch.target() else { return };
        let protected = self.secure.as_mut().map(|secure| secure.protector.rtp(packet));
        if protected.is_none_or(|protected| protected.is_ok()) {
            let _ = self.pair.rtp.send_to(packet, target);
        }
    }

    pub(super) fn send_rtcp(&mut self, packet: &mut Vec<u8>) {
        let is_muxed = self.format.as_ref().is_some_and(|format| format.rtcp_mux);
        let target = if is_muxed { self.latch.target() } else { self.latch.rtcp_target() };
        let Some(target) = target else { return };
        let protected = self.secure.as_mut().map(|secure| secure.protector.rtcp(packet));
        if protected.is_none_or(|protected| protected.is_ok()) {
            let socket = if is_muxed { &self.pair.rtp } else { &self.pair.rtcp };
            let _ = socket.send_to(packet, target);
        }
    }
}

impl Secure {
    fn new(keys: &SrtpKeys) -> Self {
        Self {
            protector: Protector::new(&keys.outbound),
            unprotector: Unprotector::new(&keys.inbound),
            keys: keys.clone(),
        }
    }

    fn with(mut self, keys: &SrtpKeys) -> Self {
        if self.keys.outbound != keys.outbound {
            self.protector = Protector::new(&keys.outbound);
        }
        if self.keys.inbound != keys.inbound {
            self.unprotector = Unprotector::new(&keys.inbound);
        }
        self.keys = keys.clone();
        self
    }
}
