//! How a leg's media is coded, as its SDP says.

use crate::{codec::Codec, srtp::SrtpKeys};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegFormat {
    pub codec: Codec,
    pub payload_type: u8,
    /// The payload type of keys (RFC 4733), where they were agreed.
    pub telephone_event: Option<u8>,
    /// Keys of SRTP, where it was agreed.
    pub srtp: Option<SrtpKeys>,
    /// RTCP shares the port of RTP (RFC 5761).
    pub rtcp_mux: bool,
}

impl LegFormat {
    /// In the clear, with the codec's own payload type, and keys as nearly all phones number them.
    pub fn new(codec: Codec) -> Self {
        Self { codec, payload_type: codec.payload_type(), telephone_event: Some(101), srtp: None, rtcp_mux: false }
    }
}

/// What a packet of speech to a leg is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coding {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
}

impl From<&LegFormat> for Coding {
    fn from(format: &LegFormat) -> Self {
        Self { codec: format.codec, payload_type: format.payload_type }
    }
}
