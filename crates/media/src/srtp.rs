//! Secure RTP (RFC 3711, RFC 7714): packets protected and unprotected in place.
//!
//! `key` holds the suites and what is derived from a master key; `sdes` reads and writes keys as SDP carries them;
//! `index` keeps the roll-over counter and the replay window of each stream.

mod index;
mod key;
mod sdes;
mod transform;

use thiserror::Error;

use self::{index::Indices, transform::Transform};
pub use self::{
    key::{KeyMaker, SrtpKey, SrtpKeys, Suite},
    sdes::{Crypto, CryptoError},
};
use crate::{rtp, sequence::Window};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SrtpError {
    #[error("the packet is shorter than its header and tag")]
    Short,
    #[error("the packet's tag is wrong: it was made with another key, or changed on the way")]
    Forged,
    #[error("the packet was received before")]
    Replayed,
    #[error("the key has protected as many packets as it may; agree on a new one")]
    Exhausted,
}

/// The last index of SRTCP (RFC 3711 section 9.2).
const LAST_RTCP_INDEX: u32 = 0x7fff_ffff;

/// Protects what we send with our key.
pub struct Protector {
    transform: Transform,
    streams: Indices,
    rtcp_index: u32,
}

impl Protector {
    pub fn new(key: &SrtpKey) -> Self {
        Self { transform: Transform::new(key), streams: Indices::default(), rtcp_index: 0 }
    }

    /// Makes an RTP packet an SRTP packet.
    pub fn rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let (header, length) = rtp_header(packet)?;
        let index = self.streams.guess(header).ok_or(SrtpError::Exhausted)?;
        self.transform.protect_rtp(packet, length, header.ssrc, index)?;
        self.streams.seen(header.ssrc, index);
        Ok(())
    }

    /// Makes an RTCP packet an SRTCP packet.
    pub fn rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        if packet.len() < transform::RTCP_HEADER {
            return Err(SrtpError::Short);
        }
        if self.rtcp_index == LAST_RTCP_INDEX {
            return Err(SrtpError::Exhausted);
        }
        self.rtcp_index += 1;
        self.transform.protect_rtcp(packet, self.rtcp_index)
    }
}

/// Unprotects what a peer sends with its key. Nothing is remembered of packets that the peer did not make.
pub struct Unprotector {
    transform: Transform,
    streams: Indices,
    rtcp: Window,
}

impl Unprotector {
    pub fn new(key: &SrtpKey) -> Self {
        Self { transform: Transform::new(key), streams: Indices::default(), rtcp: Window::default() }
    }

    /// Makes an SRTP packet an RTP packet.
    pub fn rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let (header, length) = rtp_header(packet)?;
        let index = self.streams.guess(header).ok_or(SrtpError::Forged)?;
        if self.streams.is_replayed(header.ssrc, index) {
            return Err(SrtpError::Replayed);
        }
        self.transform.unprotect_rtp(packet, length, header.ssrc, index)?;
        self.streams.seen(header.ssrc, index);
        Ok(())
    }

    /// Makes an SRTCP packet an RTCP packet.
    pub fn rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), SrtpError> {
        let index = self.transform.rtcp_index(packet)?;
        if self.rtcp.has(u64::from(index)) {
            return Err(SrtpError::Replayed);
        }
        self.transform.unprotect_rtcp(packet, index)?;
        self.rtcp.add(u64::from(index));
        Ok(())
    }
}

/// The header, and its length with sources and extension: those are not encrypted.
fn rtp_header(packet: &[u8]) -> Result<(rtp::Header, usize), SrtpError> {
    rtp::header(packet).map_err(|_| SrtpError::Short)
}

impl std::fmt::Debug for Protector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Protector")
    }
}

impl std::fmt::Debug for Unprotector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Unprotector")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(suite: Suite, seed: u8) -> SrtpKey {
        let bytes: Vec<u8> = (0..suite.length()).map(|n| u8::try_from(n).unwrap() ^ seed).collect();
        SrtpKey::new(suite, &bytes).unwrap()
    }

    const SUITES: [Suite; 3] = [Suite::AesCm80, Suite::AesCm32, Suite::AesGcm];

    fn packet(sequence: u16, ssrc: u32, payload: &[u8]) -> Vec<u8> {
        rtp::Header { marker: false, payload_type: 0, sequence, timestamp: 7, ssrc }.packet(payload)
    }

    fn report() -> Vec<u8> {
        let mut report = vec![0x80, 201, 0, 1];
        report.extend_from_slice(&77_u32.to_be_bytes());
        report.extend_from_slice(b"and more");
        report
    }

    #[test]
    fn what_is_protected_is_read_by_the_holder_of_the_key_only() {
        for suite in SUITES {
            let (mut ours, mut theirs) = (Protector::new(&key(suite, 1)), Unprotector::new(&key(suite, 1)));
            let mut stranger = Unprotector::new(&key(suite, 2));
            let plain = packet(1, 2, b"voice");
            let mut wire = plain.clone();
            ours.rtp(&mut wire).unwrap();
            assert_eq!(wire.len(), plain.len() + suite.tag());
            assert!(!wire.windows(5).any(|window| window == b"voice"));
            assert_eq!(stranger.rtp(&mut wire.clone()), Err(SrtpError::Forged));
            theirs.rtp(&mut wire).unwrap();
            assert_eq!(wire, plain);

            let mut wire = report();
            ours.rtcp(&mut wire).unwrap();
            assert!(!wire.ends_with(b"and more"));
            assert_eq!(stranger.rtcp(&mut wire.clone()), Err(SrtpError::Forged));
            theirs.rtcp(&mut wire).unwrap();
            assert_eq!(wire, report());
        }
    }

    #[test]
    fn a_changed_packet_is_refused_and_a_second_time_too() {
        for suite in SUITES {
            let (mut ours, mut theirs) = (Protector::new(&key(suite, 1)), Unprotector::new(&key(suite, 1)));
            let (mut voice, mut report) = (packet(1, 2, b"voice"), report());
            ours.rtp(&mut voice).unwrap();
            ours.rtcp(&mut report).unwrap();
            for position in 0..voice.len() {
                let mut changed = voice.clone();
                changed[position] ^= 1;
                assert!(theirs.rtp(&mut changed).is_err(), "{suite:?} byte {position}");
            }
            for position in 0..report.len() {
                let mut changed = report.clone();
                changed[position] ^= 1;
                assert!(theirs.rtcp(&mut changed).is_err(), "{suite:?} byte {position}");
            }
            assert_eq!(theirs.rtp(&mut voice.clone()), Ok(()));
            assert_eq!(theirs.rtp(&mut voice), Err(SrtpError::Replayed));
            assert_eq!(theirs.rtcp(&mut report.clone()), Ok(()));
            assert_eq!(theirs.rtcp(&mut report), Err(SrtpError::Replayed));
        }
    }

    #[test]
    fn an_unencrypted_report_is_not_believed() {
        let mut ours = Protector::new(&key(Suite::AesCm80, 1));
        let mut wire = report();
        ours.rtcp(&mut wire).unwrap();
        let trailer = wire.len() - 14;
        wire[trailer] &= 0x7f;
        assert_eq!(Unprotector::new(&key(Suite::AesCm80, 1)).rtcp(&mut wire), Err(SrtpError::Forged));
    }

    #[test]
    fn the_counter_rolls_over_with_loss_reordering_and_another_stream_between() {
        let (mut ours, mut theirs) =
            (Protector::new(&key(Suite::AesCm80, 1)), Unprotector::new(&key(Suite::AesCm80, 1)));
        let mut late = None;
        for count in 0..4_000_u32 {
            let sequence = u16::try_from((count * 40 + 30_000) & 0xffff).unwrap();
            let plain = packet(sequence, 5, &count.to_be_bytes());
            let mut wire = plain.clone();
            ours.rtp(&mut wire).unwrap();
            match count % 10 {
                3 => {}
                4 => late = Some((wire, plain)),
                _ => {
                    theirs.rtp(&mut wire).unwrap();
                    assert_eq!(wire, plain);
                }
            }
            if count % 10 == 7
                && let Some((mut wire, plain)) = late.take()
            {
                theirs.rtp(&mut wire).unwrap();
                assert_eq!(wire, plain);
            }
            if count % 1000 == 1 {
                let mut other = packet(9, 6 + count, b"hold music");
                ours.rtp(&mut other).unwrap();
                theirs.rtp(&mut other).unwrap();
            }
        }
    }

    #[test]
    fn a_flood_of_forged_streams_is_not_remembered() {
        let mut theirs = Unprotector::new(&key(Suite::AesCm80, 1));
        for ssrc in 0..10_000 {
            assert_eq!(theirs.rtp(&mut packet(1, ssrc, &[0; 30])), Err(SrtpError::Forged));
        }
        assert_eq!(theirs.streams.len(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200), suite in 0..3_usize) {
            let key = key(SUITES[suite], 1);
            prop_assert!(Unprotector::new(&key).rtp(&mut bytes.clone()).is_err());
            prop_assert!(Unprotector::new(&key).rtcp(&mut bytes.clone()).is_err());
            let _ = Protector::new(&key).rtp(&mut bytes.clone());
            let _ = Protector::new(&key).rtcp(&mut bytes.clone());
        }

        #[test]
        fn any_packet_survives(payload in proptest::collection::vec(any::<u8>(), 0..200), sequence: u16, ssrc: u32, suite in 0..3_usize) {
            let key = key(SUITES[suite], 1);
            let plain = packet(sequence, ssrc, &payload);
            let mut wire = plain.clone();
            Protector::new(&key).rtp(&mut wire).unwrap();
            Unprotector::new(&key).rtp(&mut wire).unwrap();
            prop_assert_eq!(wire, plain);
        }
    }
}
