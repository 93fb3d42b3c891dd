//! What came in from each leg, counted by the relay's thread and read by anyone.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::Leg;

/// What came in from one leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LegStats {
    /// RTP packets taken from the leg, with their bytes as on the wire above UDP.
    pub packets: u64,
    pub bytes: u64,
    pub rtcp_packets: u64,
    /// Datagrams that were not media, or came from somebody else.
    pub refused: u64,
    /// When the last RTP packet came, counted from the opening of the session. Tells a dead leg from a silent one.
    pub last_packet: Option<Duration>,
}

#[derive(Debug, Default)]
pub(super) struct SessionStats {
    legs: [Counters; 2],
}

#[derive(Debug, Default)]
struct Counters {
    packets: AtomicU64,
    bytes: AtomicU64,
    rtcp_packets: AtomicU64,
    refused: AtomicU64,
    last_packet_ms: AtomicU64,
}

impl SessionStats {
    pub(super) fn of(&self, leg: Leg) -> LegStats {
        let counters = &self.legs[leg.index()];
        let packets = counters.packets.load(Ordering::Acquire);
        let last_packet = Duration::from_millis(counters.last_packet_ms.load(Ordering::Relaxed));
        LegStats {
            packets,
            bytes: counters.bytes.load(Ordering::Relaxed),
            rtcp_packets: counters.rtcp_packets.load(Ordering::Relaxed),
            refused: counters.refused.load(Ordering::Relaxed),
            last_packet: (packets > 0).then_some(last_packet),
        }
    }

    pub(super) fn rtp(&self, leg: Leg, bytes: usize, since_opening: Duration) {
        let counters = &self.legs[leg.index()];
        counters.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let milliseconds = u64::try_from(since_opening.as_millis()).unwrap_or(u64::MAX);
        counters.last_packet_ms.store(milliseconds, Ordering::Relaxed);
        // Last, so that whoever sees the packet counted sees its time too.
        counters.packets.fetch_add(1, Ordering::Release);
    }

    pub(super) fn rtcp(&self, leg: Leg) {
        self.legs[leg.index()].rtcp_packets.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self, leg: Leg) {
        self.legs[leg.index()].refused.fetch_add(1, Ordering::Relaxed);
    }
}
