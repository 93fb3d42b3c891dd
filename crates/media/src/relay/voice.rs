//! Our own stream towards a leg: what we play, transcode or echo, all under one identity and with steady numbers.

use std::time::{Duration, Instant};

use crate::{
    codec::Codec,
    coder::{Encoder, Rate},
    rtcp, rtp,
};

pub(super) const PACKET_TIME: Duration = Duration::from_millis(20);

pub(super) struct Voice {
    ssrc: u32,
    sequence: u16,
    /// The timestamp at `begun`.
    base: u32,
    begun: Instant,
    encoder: Option<Encoder>,
    payload: Vec<u8>,
    /// What was sent so far, for our reports.
    packets: u32,
    octets: u32,
}

impl Voice {
    /// `random` makes the stream's identity and where its numbers begin (RFC 3550 section 5.1); below the half, so that
    /// an SRTP receiver that missed the first packets does not miscount (RFC 3711 section 3.3.1).
    pub(super) fn new(random: u64, now: Instant) -> Self {
        Self {
            ssrc: low32(random >> 32),
            sequence: low16(random & 0x7fff),
            base: low32(random >> 8),
            begun: now,
            encoder: None,
            payload: Vec::new(),
            packets: 0,
            octets: 0,
        }
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The timestamp of this moment.
    pub(super) fn timestamp(&self, codec: Codec, now: Instant) -> u32 {
        self.base.wrapping_add(codec.ticks(now.saturating_duration_since(self.begun)))
    }

    /// The next packet: a frame of 20 ms, encoded.
    pub(super) fn say(&mut self, frame: &[i16], rate: Rate, codec: Codec, stamp: Stamp, packet: &mut Vec<u8>) {
        if self.encoder.as_ref().is_none_or(|encoder| encoder.codec() != codec || encoder.rate() != rate) {
            self.encoder = Some(Encoder::new(codec, rate));
        }
        let Some(encoder) = &mut self.encoder else { return };
        self.payload.clear();
        encoder.encode(frame, &mut self.payload);
        let payload = std::mem::take(&mut self.payload);
        self.send(&payload, stamp, packet);
        self.payload = payload;
    }

    /// The next packet, of a payload as it is.
    pub(super) fn send(&mut self, payload: &[u8], stamp: Stamp, packet: &mut Vec<u8>) {
        let header = rtp::Header {
            marker: stamp.marker,
            payload_type: stamp.payload_type,
            sequence: self.sequence,
            timestamp: stamp.timestamp,
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u32::try_from(payload.len()).unwrap_or_default());
        packet.clear();
        packet.extend_from_slice(&header.to_bytes());
        packet.extend_from_slice(payload);
    }

    /// Our report about this stream; `None` while nothing was sent.
    pub(super) fn report(&self, ntp: u64, codec: Codec, now: Instant) -> Option<rtcp::Sender> {
        let timestamp = self.timestamp(codec, now);
        (self.packets > 0).then_some(rtcp::Sender { ntp, timestamp, packets: self.packets, octets: self.octets })
    }
}

/// What a packet of ours says beside its payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    pub(super) payload_type: u8,
    pub(super) timestamp: u32,
    /// The first packet after silence (RFC 3551 section 4.1).
    pub(super) marker: bool,
}

fn low16(bits: u64) -> u16 {
    u16::try_from(bits & 0xffff).unwrap_or_default()
}

fn low32(bits: u64) -> u32 {
    u32::try_from(bits & 0xffff_ffff).unwrap_or_default()
}
