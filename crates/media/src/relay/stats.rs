//! What came in from each leg, counted by the relay's threads and read by anyone.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::Leg;
use crate::codec::Codec;

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
    /// Packets that were sent but did not come, by their numbers (RFC 3550 appendix A.3).
    pub lost: u64,
    /// Packets that came after one with a higher number.
    pub reordered: u64,
    pub duplicates: u64,
    /// Interarrival jitter (RFC 3550 appendix A.8).
    pub jitter: Duration,
    /// The codec of the last packet.
    pub codec: Option<Codec>,
    /// What the leg's reports say of the packets sent to it.
    pub far: Option<FarView>,
}

/// How a leg receives what is sent to it, from its last report (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FarView {
    /// Packets lost since the beginning.
    pub lost: u32,
    /// The share lost since the report before, in 256ths.
    pub fraction_lost: u8,
    pub jitter: Duration,
    /// To the leg and back, once a report of ours or of the other leg has come back.
    pub round_trip: Option<Duration>,
}

#[derive(Debug, Default)]
pub(super) struct SessionStats {
    legs: [Mutex<LegStats>; 2],
}

impl SessionStats {
    pub(super) fn of(&self, leg: Leg) -> LegStats {
        *self.legs[leg.index()].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn publish(&self, leg: Leg, stats: LegStats) {
        *self.legs[leg.index()].lock().unwrap_or_else(PoisonError::into_inner) = stats;
    }
}
