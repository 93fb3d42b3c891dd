//! The codecs of our legs and what RTP says of each.

use std::time::Duration;

use crate::g711::Law;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711, mu-law.
    Pcmu,
    /// G.711, A-law.
    Pcma,
    G722,
    Opus,
}

impl Codec {
    /// The codec of a static payload type (RFC 3551 table 4).
    pub fn of_payload_type(payload_type: u8) -> Option<Codec> {
        match payload_type {
            0 => Some(Codec::Pcmu),
            8 => Some(Codec::Pcma),
            9 => Some(Codec::G722),
            _ => None,
        }
    }

    /// The name in SDP's `rtpmap`, in any case (RFC 4566 section 6).
    pub fn of_name(name: &str) -> Option<Codec> {
        [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus]
            .into_iter()
            .find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    pub fn name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
            Codec::G722 => "G722",
            Codec::Opus => "opus",
        }
    }

    /// What follows the payload type in `a=rtpmap`.
    pub fn rtpmap(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU/8000",
            Codec::Pcma => "PCMA/8000",
            Codec::G722 => "G722/8000",
            Codec::Opus => "opus/48000/2",
        }
    }

    /// The payload type to offer it with: the static one, or for Opus a dynamic one.
    pub fn payload_type(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            Codec::G722 => 9,
            Codec::Opus => 111,
        }
    }

    /// Ticks a second of its timestamps. G.722 samples at 16 kHz and counts at 8 kHz (RFC 3551 section 4.5.2).
    pub fn clock(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma | Codec::G722 => 8_000,
            Codec::Opus => 48_000,
        }
    }

    pub fn law(self) -> Option<Law> {
        match self {
            Codec::Pcmu => Some(Law::Mu),
            Codec::Pcma => Some(Law::A),
            Codec::G722 | Codec::Opus => None,
        }
    }

    /// Timestamp ticks in that much time.
    pub fn ticks(self, time: Duration) -> u32 {
        let ticks = time.as_micros() * u128::from(self.clock()) / 1_000_000;
        u32::try_from(ticks & u128::from(u32::MAX)).unwrap_or_default()
    }
}

impl From<Law> for Codec {
    fn from(law: Law) -> Codec {
        match law {
            Law::Mu => Codec::Pcmu,
            Law::A => Codec::Pcma,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_payload_types_lead_back_to_the_codec() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
            assert_eq!(Codec::of_name(&codec.name().to_lowercase()), Some(codec));
            assert!(codec.rtpmap().starts_with(codec.name()));
            let by_type = Codec::of_payload_type(codec.payload_type());
            assert_eq!(by_type, (codec != Codec::Opus).then_some(codec));
        }
        assert_eq!(Codec::of_name("G729"), None);
    }

    #[test]
    fn time_is_counted_by_the_clock_of_the_codec() {
        assert_eq!(Codec::G722.ticks(Duration::from_millis(20)), 160);
        assert_eq!(Codec::Opus.ticks(Duration::from_millis(20)), 960);
    }
}
