//! G.711: 16-bit samples to and from one byte, by either law (ITU-T G.711).

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// North America and Japan; payload type 0 (PCMU).
    Mu,
    /// The rest of the world; payload type 8 (PCMA).
    A,
}

impl Law {
    /// The static payload type of RFC 3551 table 4.
    pub fn payload_type(self) -> u8 {
        match self {
            Law::Mu => 0,
            Law::A => 8,
        }
    }

    /// The law of a static payload type.
    pub fn of_payload_type(payload_type: u8) -> Option<Law> {
        match payload_type {
            0 => Some(Law::Mu),
            8 => Some(Law::A),
            _ => None,
        }
    }

    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Law::Mu => encode_mu(sample),
            Law::A => encode_a(sample),
        }
    }

    pub fn decode(self, byte: u8) -> i16 {
        match self {
            Law::Mu => decode_mu(byte),
            Law::A => decode_a(byte),
        }
    }
}

const MU_BIAS: i32 = 0x84;
const MU_CLIP: i32 = 32_635;

/// The number of the highest bit set in a magnitude, counted from bit 7 and never below it.
fn segment(magnitude: i32) -> u8 {
    (7..15).rev().position(|bit| magnitude >> bit != 0).map_or(0, |from_top| 7 - u8::try_from(from_top).unwrap_or(7))
}

fn encode_mu(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(MU_CLIP) + MU_BIAS;
    let exponent = segment(magnitude);
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent << 4) | low_byte(mantissa))
}

fn decode_mu(byte: u8) -> i16 {
    let byte = !byte;
    let exponent = (byte >> 4) & 7;
    let magnitude = (((i32::from(byte & 0x0f) << 3) + MU_BIAS) << exponent) - MU_BIAS;
    signed(magnitude, byte & 0x80 != 0)
}

fn encode_a(sample: i16) -> u8 {
    // A-law has no code for zero: negative values mirror at -1, as the recommendation's table 1a does.
    let (sign, magnitude) = if sample < 0 { (0, !i32::from(sample)) } else { (0x80, i32::from(sample)) };
    let exponent = segment(magnitude);
    let mantissa = if exponent == 0 { magnitude >> 4 } else { magnitude >> (exponent + 3) } & 0x0f;
    (sign | (exponent << 4) | low_byte(mantissa)) ^ 0x55
}

fn decode_a(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let exponent = (byte >> 4) & 7;
    let mantissa = i32::from(byte & 0x0f);
    let magnitude = if exponent == 0 { (mantissa << 4) + 8 } else { ((mantissa << 4) + 0x108) << (exponent - 1) };
    signed(magnitude, byte & 0x80 == 0)
}

fn signed(magnitude: i32, negative: bool) -> i16 {
    let value = if negative { -magnitude } else { magnitude };
    i16::try_from(value).unwrap_or(if negative { i16::MIN } else { i16::MAX })
}

fn low_byte(bits: i32) -> u8 {
    bits.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_of_the_recommendation() {
        assert_eq!((Law::Mu.encode(0), Law::Mu.decode(0xff), Law::Mu.decode(0x7f)), (0xff, 0, 0));
        assert_eq!((Law::Mu.decode(0x80), Law::Mu.decode(0x00)), (32_124, -32_124));
        assert_eq!((Law::A.encode(0), Law::A.decode(0xd5), Law::A.decode(0x55)), (0xd5, 8, -8));
        assert_eq!((Law::A.decode(0xaa), Law::A.decode(0x2a)), (32_256, -32_256));
        assert_eq!((Law::Mu.encode(i16::MIN), Law::A.encode(i16::MIN)), (0x00, 0x2a));
        assert_eq!((Law::Mu.encode(i16::MAX), Law::A.encode(i16::MAX)), (0x80, 0xaa));
    }

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for code in 0..=255u8 {
            assert_eq!(Law::A.encode(Law::A.decode(code)), code, "A-law {code:#x}");
            // Negative zero of the mu-law (0x7f) becomes positive zero.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(Law::Mu.encode(Law::Mu.decode(code)), expected, "mu-law {code:#x}");
        }
    }

    #[test]
    fn the_error_stays_within_the_step_of_the_segment() {
        for sample in (i16::MIN..=i16::MAX).step_by(17) {
            for law in [Law::Mu, Law::A] {
                let error = (i32::from(law.decode(law.encode(sample))) - i32::from(sample)).abs();
                assert!(error <= i32::from(sample).abs() / 16 + 16, "{law:?} {sample} is off by {error}");
            }
        }
    }
}
