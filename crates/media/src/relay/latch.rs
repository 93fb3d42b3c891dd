//! Where a leg's media comes from and goes to.
//!
//! Before a leg has sent, its packets go where its SDP said. The first RTP packet locks the leg to its source address
//! (symmetric RTP, RFC 4961), because behind a NAT the SDP is wrong. From then on nobody else's packets are taken for
//! the leg's. The lock follows the stream (its SSRC) to another address only after the old address fell silent: that is
//! a NAT that gave the phone another port, while somebody who injects packets would have to talk over the phone.
//!
//! When another phone takes the leg, the one before still sends for a while: it must not lock the leg again.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

/// How long the old address must have been silent before the stream may move. A phone sends every 20 to 60 ms.
const SILENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Latch {
    announced: Option<SocketAddr>,
    locked: Option<Locked>,
    former: Option<Former>,
    rtcp_source: Option<SocketAddr>,
}

#[derive(Debug)]
struct Locked {
    source: SocketAddr,
    ssrc: u32,
    last: Instant,
}

/// The stream that had the leg under an SDP of before.
#[derive(Debug, Clone, Copy)]
struct Former {
    source: SocketAddr,
    ssrc: u32,
    /// It was heard under the new SDP first.
    since: Option<Instant>,
}

impl Latch {
    /// New SDP from the leg: forget the source, and believe the SDP until the leg sends.
    pub(super) fn expect(&mut self, announced: Option<SocketAddr>) {
        let announced = announced.filter(usable);
        let is_other = announced != self.announced;
        let locked = self.locked.take().filter(|_| is_other);
        let former = locked.map(|Locked { source, ssrc, .. }| Former { source, ssrc, since: None });
        *self = Self { announced, former: former.or(self.former), ..Self::default() };
    }

    /// An RTP packet came. Whether it is the leg's.
    pub(super) fn accept(&mut self, source: SocketAddr, ssrc: u32, now: Instant) -> bool {
        let ours = match &self.locked {
            None => !self.is_late(source, ssrc, now),
            Some(locked) if locked.source == source => true,
            Some(locked) => locked.ssrc == ssrc && now.saturating_duration_since(locked.last) >= SILENCE,
        };
        if ours {
            self.locked = Some(Locked { source, ssrc, last: now });
        }
        ours
    }

    /// Whether the packet is of the phone that had the leg before. For a moment only: one that announces another address and
    /// goes on as it did is heard again.
    fn is_late(&mut self, source: SocketAddr, ssrc: u32, now: Instant) -> bool {
        let announced = self.announced;
        let Some(former) = self.former.as_mut().filter(|former| former.source == source && former.ssrc == ssrc) else {
            return false;
        };
        let since = *former.since.get_or_insert(now);
        Some(source) != announced && now.saturating_duration_since(since) < SILENCE
    }

    /// An RTCP packet came. It carries nothing to lock on, so it is believed when it comes from the host of the media.
    pub(super) fn accept_rtcp(&mut self, source: SocketAddr) -> bool {
        let ours = self.host() == Some(source.ip());
        if ours {
            self.rtcp_source = Some(source);
        }
        ours
    }

    /// Where RTP for the leg goes, once that is known.
    pub(super) fn target(&self) -> Option<SocketAddr> {
        self.locked.as_ref().map(|locked| locked.source).or(self.announced)
    }

    /// Where RTCP for the leg goes: back where it came from, or to the port after the RTP (RFC 3550 section 11).
    pub(super) fn rtcp_target(&self) -> Option<SocketAddr> {
        self.rtcp_source.or_else(|| {
            let rtp = self.target()?;
            Some(SocketAddr::new(rtp.ip(), rtp.port().checked_add(1)?))
        })
    }

    fn host(&self) -> Option<IpAddr> {
        self.target().map(|target| target.ip())
    }
}

/// Hold by `c=0.0.0.0` (RFC 2543) and disabled media by port 0 name no place to send to.
fn usable(address: &SocketAddr) -> bool {
    !address.ip().is_unspecified() && !address.ip().is_multicast() && address.port() != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "an Instant can be had from nowhere else; only differences matter")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn before_a_leg_has_sent_its_sdp_is_believed() {
        let mut latch = Latch::default();
        assert_eq!(latch.target(), None);
        latch.expect(Some(at("192.0.2.1:4000")));
        assert_eq!(latch.target(), Some(at("192.0.2.1:4000")));
        assert_eq!(latch.rtcp_target(), Some(at("192.0.2.1:4001")));
    }

    #[test]
    fn a_phone_that_still_speaks_does_not_take_the_leg_from_the_next() {
        let now = start();
        let mut latch = Latch::default();
        let (one, other) = (at("10.0.0.5:4000"), at("198.51.100.7:61000"));
        latch.expect(Some(one));
        assert!(latch.accept(one, 1, now));
        latch.expect(Some(at("192.168.0.9:7000")));
        assert!(!latch.accept(one, 1, now));
        assert!(latch.accept(other, 2, now), "the next one, from behind a NAT");
        assert!(!latch.accept(one, 1, now));
    }

    #[test]
    fn a_phone_that_holds_or_moves_goes_on() {
        let now = start();
        let mut latch = Latch::default();
        let one = at("198.51.100.7:61000");
        latch.expect(Some(at("10.0.0.5:4000")));
        assert!(latch.accept(one, 1, now));
        latch.expect(Some(at("10.0.0.5:4000")));
        assert!(latch.accept(one, 1, now), "the same SDP is the same phone");
        latch.expect(Some(at("10.0.0.5:4002")));
        assert!(!latch.accept(one, 1, now));
        assert!(latch.accept(one, 1, now + SILENCE), "nobody else came");
    }

    #[test]
    fn the_first_source_wins_and_others_are_refused() {
        let now = start();
        let mut latch = Latch::default();
        latch.expect(Some(at("10.0.0.5:4000")));
        assert!(latch.accept(at("198.51.100.7:61000"), 1, now));
        assert_eq!(latch.target(), Some(at("198.51.100.7:61000")));
        assert!(!latch.accept(at("203.0.113.9:5000"), 2, now));
        assert!(!latch.accept(at("203.0.113.9:5000"), 1, now), "knowing the SSRC is not enough while the phone talks");
        assert!(!latch.accept(at("203.0.113.9:5000"), 2, now + SILENCE), "nor is waiting without the SSRC");
        assert!(latch.accept(at("198.51.100.7:61000"), 9, now), "a phone may change its own SSRC");
    }

    #[test]
    fn a_stream_follows_its_phone_to_another_port_of_the_nat() {
        let now = start();
        let mut latch = Latch::default();
        latch.accept(at("198.51.100.7:61000"), 1, now);
        assert!(latch.accept(at("198.51.100.7:61001"), 1, now + SILENCE));
        assert_eq!(latch.target(), Some(at("198.51.100.7:61001")));
    }

    #[test]
    fn new_sdp_opens_the_lock() {
        let now = start();
        let mut latch = Latch::default();
        latch.accept(at("198.51.100.7:61000"), 1, now);
        latch.expect(Some(at("192.0.2.1:7000")));
        assert_eq!(latch.target(), Some(at("192.0.2.1:7000")));
        assert!(latch.accept(at("203.0.113.9:5000"), 2, now));
    }

    #[test]
    fn rtcp_is_taken_from_the_host_of_the_media_only() {
        let now = start();
        let mut latch = Latch::default();
        assert!(!latch.accept_rtcp(at("198.51.100.7:61001")));
        latch.accept(at("198.51.100.7:61000"), 1, now);
        assert!(!latch.accept_rtcp(at("203.0.113.9:61001")));
        assert!(latch.accept_rtcp(at("198.51.100.7:62000")));
        assert_eq!(latch.rtcp_target(), Some(at("198.51.100.7:62000")));
    }

    #[test]
    fn hold_by_zero_address_names_no_target() {
        let mut latch = Latch::default();
        for address in ["0.0.0.0:4000", "192.0.2.1:0", "224.0.1.1:4000"] {
            latch.expect(Some(at(address)));
            assert_eq!(latch.target(), None);
        }
    }
}
