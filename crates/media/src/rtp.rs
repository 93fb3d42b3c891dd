//! The RTP header (RFC 3550 section 5.1): read from a packet, or written before a payload.

use thiserror::Error;

/// Length of the header without contributing sources and extension.
pub const HEADER_LEN: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub marker: bool,
    /// 0 to 127.
    pub payload_type: u8,
    pub sequence: u16,
    /// In samples.
    pub timestamp: u32,
    pub ssrc: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    pub header: Header,
    pub payload: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RtpError {
    #[error("the packet ends before its RTP header does")]
    Short,
    #[error("the packet is not RTP version 2")]
    Version,
    #[error("the packet is RTCP")]
    Rtcp,
    #[error("the padding is longer than the packet")]
    Padding,
}

/// Reads a packet, with its extension and padding taken off the payload.
pub fn parse(packet: &[u8]) -> Result<Packet<'_>, RtpError> {
    let (fixed, length) = header(packet)?;
    let mut payload = &packet[length..];
    if packet[0] & 0x20 != 0 {
        let padding = usize::from(*payload.last().ok_or(RtpError::Padding)?);
        let length = payload.len().checked_sub(padding).filter(|_| padding > 0).ok_or(RtpError::Padding)?;
        payload = &payload[..length];
    }
    Ok(Packet { header: fixed, payload })
}

/// Reads the header, and its length with contributing sources and extension.
pub fn header(packet: &[u8]) -> Result<(Header, usize), RtpError> {
    let (fixed, rest) = packet.split_first_chunk::<HEADER_LEN>().ok_or(RtpError::Short)?;
    if fixed[0] >> 6 != 2 {
        return Err(RtpError::Version);
    }
    if is_rtcp(packet) {
        return Err(RtpError::Rtcp);
    }
    let header = Header {
        marker: fixed[1] & 0x80 != 0,
        payload_type: fixed[1] & 0x7f,
        sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
        timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
        ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
    };
    let sources = usize::from(fixed[0] & 0x0f) * 4;
    let mut payload = rest.get(sources..).ok_or(RtpError::Short)?;
    if fixed[0] & 0x10 != 0 {
        let (extension, after) = payload.split_first_chunk::<4>().ok_or(RtpError::Short)?;
        let words = usize::from(u16::from_be_bytes([extension[2], extension[3]]));
        payload = after.get(words * 4..).ok_or(RtpError::Short)?;
    }
    Ok((header, packet.len() - payload.len()))
}

/// Whether a packet that came to an RTP port is RTCP: packet types 192 to 223 (RFC 5761 section 4).
pub fn is_rtcp(packet: &[u8]) -> bool {
    packet.len() >= 8 && packet[0] >> 6 == 2 && (192..=223).contains(&packet[1])
}

impl Header {
    /// The header's bytes; the payload follows them.
    pub fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[0] = 2 << 6;
        bytes[1] = self.payload_type & 0x7f | if self.marker { 0x80 } else { 0 };
        bytes[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        bytes
    }

    /// A whole packet.
    pub fn packet(self, payload: &[u8]) -> Vec<u8> {
        let mut packet = Vec::with_capacity(HEADER_LEN + payload.len());
        packet.extend_from_slice(&self.to_bytes());
        packet.extend_from_slice(payload);
        packet
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: Header = Header { marker: true, payload_type: 8, sequence: 0xfffe, timestamp: 7, ssrc: 0xdead_beef };

    #[test]
    fn what_is_built_is_read_again() {
        let packet = HEADER.packet(b"voice");
        assert_eq!(parse(&packet), Ok(Packet { header: HEADER, payload: b"voice" }));
    }

    #[test]
    fn sources_extension_and_padding_are_not_payload() {
        let mut packet = HEADER.to_bytes().to_vec();
        packet[0] |= 0x20 | 0x10 | 2;
        packet.extend_from_slice(&[0; 8]);
        packet.extend_from_slice(&[0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
        packet.extend_from_slice(b"voice\0\0\x03");
        assert_eq!(parse(&packet).unwrap().payload, b"voice");
    }

    #[test]
    fn what_is_not_rtp_is_named() {
        assert_eq!(parse(b""), Err(RtpError::Short));
        assert_eq!(parse(&[0; 20]), Err(RtpError::Version)); // STUN
        let mut report = [0; 28];
        report[..2].copy_from_slice(&[0x80, 200]);
        assert_eq!(parse(&report), Err(RtpError::Rtcp));
        let mut padded = HEADER.packet(&[200]);
        padded[0] |= 0x20;
        assert_eq!(parse(&padded), Err(RtpError::Padding));
        let mut extended = HEADER.packet(&[0, 0, 0xff, 0xff]);
        extended[0] |= 0x10;
        assert_eq!(parse(&extended), Err(RtpError::Short));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered_and_a_payload_lies_within(mut bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = parse(&bytes);
            if let Some(first) = bytes.first_mut() {
                *first = *first & 0x3f | 0x80;
            }
            if let Ok(packet) = parse(&bytes) {
                let (header, length) = header(&bytes).unwrap();
                prop_assert_eq!(packet.header, header);
                prop_assert!(length + packet.payload.len() <= bytes.len());
            }
        }

        #[test]
        fn any_header_is_read_again(sequence: u16, timestamp: u32, ssrc: u32, marker: bool, payload_type in 0..128_u8) {
            let header = Header { marker, payload_type, sequence, timestamp, ssrc };
            let packet = header.packet(b"voice");
            if !is_rtcp(&packet) {
                prop_assert_eq!(parse(&packet), Ok(Packet { header, payload: b"voice" }));
            }
        }
    }
}
