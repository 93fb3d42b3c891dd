//! Samples from payloads and payloads from samples, in every codec of ours, at 8 or at 16 kHz.
//!
//! G.722 and Opus hold a narrow band within their wide one, so that next to nothing has to be resampled: a decoder is
//! made for the rate that its samples are wanted in.

mod half_band;

use std::panic::{AssertUnwindSafe, catch_unwind};

use audio_codec::{
    Decoder as _, Encoder as _,
    g722::{Bitrate, G722Decoder, G722Encoder},
};
use opus_rs::{Application, OpusDecoder, OpusEncoder};

use self::half_band::{Doubler, Halver};
use crate::{codec::Codec, g711::Law};

/// Samples a second between a decoder and an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    Narrow,
    Wide,
}

impl Rate {
    /// What two legs can tell each other.
    pub fn between(one: Codec, other: Codec) -> Rate {
        if one.law().is_none() && other.law().is_none() { Rate::Wide } else { Rate::Narrow }
    }

    pub fn hertz(self) -> u32 {
        match self {
            Rate::Narrow => 8_000,
            Rate::Wide => 16_000,
        }
    }

    /// Samples in 20 ms.
    pub fn frame(self) -> usize {
        match self {
            Rate::Narrow => crate::FRAME,
            Rate::Wide => 2 * crate::FRAME,
        }
    }
}

/// An Opus packet holds at most that (RFC 6716 section 3.2.5).
const OPUS_LONGEST_MS: usize = 120;
/// For speech at 8 or 16 kHz: the ear hears no more.
const OPUS_BITRATE: [i32; 2] = [24_000, 32_000];
const OPUS_COMPLEXITY: i32 = 5;
const OPUS_PACKET: usize = 1275;
/// No packet of ours or of a phone holds more: 200 ms of G.711.
const LONGEST_PAYLOAD: usize = 1600;

pub struct Decoder {
    codec: Codec,
    rate: Rate,
    kind: Decoding,
}

enum Decoding {
    Law(Law),
    /// At the wide rate.
    DoubledLaw {
        law: Law,
        doubler: Doubler,
        narrow: Vec<i16>,
    },
    G722(Box<G722Decoder>),
    /// Always wide: at 8 kHz the decoder garbles packets that hold both layers.
    Opus {
        decoder: Box<OpusDecoder>,
        floats: Vec<f32>,
        halver: Option<Halver>,
        wide: Vec<i16>,
    },
    /// A decoder that could not be made hears nothing.
    Deaf,
}

impl Decoder {
    /// The rate is that of the samples.
    pub fn new(codec: Codec, rate: Rate) -> Self {
        let kind = match codec {
            Codec::Pcmu => law_decoder(Law::Mu, rate),
            Codec::Pcma => law_decoder(Law::A, rate),
            Codec::G722 => {
                let narrow = rate == Rate::Narrow;
                Decoding::G722(Box::new(G722Decoder::with_options(Bitrate::Mode1_64000, false, narrow)))
            }
            Codec::Opus => opus_decoder(rate),
        };
        Self { codec, rate, kind }
    }

    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends the samples of one packet. A damaged packet has none.
    pub fn decode(&mut self, payload: &[u8], samples: &mut Vec<i16>) {
        // To Opus, nothing means a packet that was lost.
        if payload.is_empty() {
            return;
        }
        let payload = &payload[..payload.len().min(LONGEST_PAYLOAD)];
        match &mut self.kind {
            Decoding::Law(law) => samples.extend(payload.iter().map(|&byte| law.decode(byte))),
            Decoding::DoubledLaw { law, doubler, narrow } => {
                narrow.clear();
                narrow.extend(payload.iter().map(|&byte| law.decode(byte)));
                doubler.double(narrow, samples);
            }
            Decoding::G722(decoder) => {
                let start = samples.len();
                samples.resize(start + payload.len() * 2, 0);
                let length = decoder.decode_into(payload, &mut samples[start..]).unwrap_or_default();
                samples.truncate(start + length);
            }
            Decoding::Opus { decoder, floats, halver, wide } => {
                let room = floats.len();
                // The decoder is not ours, and its input a stranger's. One that panicked is not used again.
                let decoded = catch_unwind(AssertUnwindSafe(|| decoder.decode(payload, room, floats)));
                let Ok(decoded) = decoded else {
                    self.kind = opus_decoder(self.rate);
                    return;
                };
                let decoded = floats[..decoded.unwrap_or_default().min(room)].iter().copied().map(to_sample);
                match halver {
                    None => samples.extend(decoded),
                    Some(halver) => {
                        wide.clear();
                        wide.extend(decoded);
                        halver.halve(wide, samples);
                    }
                }
            }
            Decoding::Deaf => {}
        }
    }
}

fn law_decoder(law: Law, rate: Rate) -> Decoding {
    match rate {
        Rate::Narrow => Decoding::Law(law),
        Rate::Wide => Decoding::DoubledLaw { law, doubler: Doubler::default(), narrow: Vec::new() },
    }
}

fn opus_decoder(rate: Rate) -> Decoding {
    // One channel: a stereo packet is mixed down by the decoder.
    let room = Rate::Wide.frame() / 20 * OPUS_LONGEST_MS;
    let halver = (rate == Rate::Narrow).then(Halver::default);
    match OpusDecoder::new(Rate::Wide.hertz().cast_signed(), 1) {
        Ok(decoder) => Decoding::Opus { decoder: Box::new(decoder), floats: vec![0.0; room], halver, wide: Vec::new() },
        Err(error) => {
            tracing::error!(error, "no Opus decoder could be made");
            Decoding::Deaf
        }
    }
}

pub struct Encoder {
    codec: Codec,
    rate: Rate,
    kind: Encoding,
}

enum Encoding {
    Law(Law),
    G722 {
        encoder: Box<G722Encoder>,
        doubler: Option<Doubler>,
        doubled: Vec<i16>,
    },
    Opus(Box<OpusEncoder>),
    /// An encoder that could not be made says nothing.
    Mute,
}

impl Encoder {
    /// The rate is that of the samples; G.711 takes narrow ones only.
    pub fn new(codec: Codec, rate: Rate) -> Self {
        let rate = if codec.law().is_some() { Rate::Narrow } else { rate };
        let kind = match codec {
            Codec::Pcmu => Encoding::Law(Law::Mu),
            Codec::Pcma => Encoding::Law(Law::A),
            Codec::G722 => {
                // The encoder's own narrow mode writes nothing but zeros.
                let encoder = Box::new(G722Encoder::with_options(Bitrate::Mode1_64000, false, false));
                let doubler = (rate == Rate::Narrow).then(Doubler::default);
                Encoding::G722 { encoder, doubler, doubled: Vec::new() }
            }
            Codec::Opus => opus_encoder(rate),
        };
        Self { codec, rate, kind }
    }

    pub fn codec(&self) -> Codec {
        self.codec
    }

    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Appends the payload of one frame of 20 ms, which has `Rate::frame` samples.
    pub fn encode(&mut self, frame: &[i16], payload: &mut Vec<u8>) {
        let start = payload.len();
        match &mut self.kind {
            Encoding::Law(law) => payload.extend(frame.iter().map(|&sample| law.encode(sample))),
            Encoding::G722 { encoder, doubler, doubled } => {
                let wide = match doubler {
                    None => frame,
                    Some(doubler) => {
                        doubled.clear();
                        doubler.double(frame, doubled);
                        doubled
                    }
                };
                payload.resize(start + wide.len(), 0);
                let length = encoder.encode_into(wide, &mut payload[start..]).unwrap_or_default();
                payload.truncate(start + length);
            }
            Encoding::Opus(encoder) => {
                payload.resize(start + OPUS_PACKET, 0);
                let length = encoder.encode_i16(frame, frame.len(), &mut payload[start..]).unwrap_or_default();
                payload.truncate(start + length);
            }
            Encoding::Mute => {}
        }
    }
}

fn opus_encoder(rate: Rate) -> Encoding {
    match OpusEncoder::new(rate.hertz().cast_signed(), 1, Application::Voip) {
        Ok(mut encoder) => {
            // With a variable rate it overshoots by a third.
            encoder.use_cbr = true;
            encoder.bitrate_bps = OPUS_BITRATE[usize::from(rate == Rate::Wide)];
            encoder.complexity = OPUS_COMPLEXITY;
            Encoding::Opus(Box::new(encoder))
        }
        Err(error) => {
            tracing::error!(error, "no Opus encoder could be made");
            Encoding::Mute
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of a sample first")]
fn to_sample(value: f32) -> i16 {
    (value * 32_768.0).clamp(-32_768.0, 32_767.0) as i16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tone;

    const CODECS: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];

    fn round(codec: Codec, rate: Rate, frequency: f64) -> Vec<i16> {
        let (mut encoder, mut decoder) = (Encoder::new(codec, rate), Decoder::new(codec, rate));
        let rate = encoder.rate();
        let said = tone::generate(&[frequency], 0.3, rate.frame() * 50, rate.hertz());
        let mut heard = Vec::new();
        for frame in said.chunks(rate.frame()) {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload);
            decoder.decode(&payload, &mut heard);
        }
        heard
    }

    #[test]
    fn a_tone_survives_every_codec_at_both_rates() {
        for codec in CODECS {
            for rate in [Rate::Narrow, Rate::Wide] {
                let heard = round(codec, rate, 440.0);
                assert_eq!(heard.len(), rate.frame() * 50, "{codec:?} {rate:?}");
                let share = tone::share_at(&heard[heard.len() / 2..], 440.0, rate.hertz());
                assert!(share > 0.9, "{codec:?} {rate:?}: {share}");
            }
        }
    }

    #[test]
    fn wide_codecs_carry_what_a_telephone_does_not() {
        for codec in [Codec::G722, Codec::Opus] {
            let heard = round(codec, Rate::Wide, 5_000.0);
            let share = tone::share_at(&heard[heard.len() / 2..], 5_000.0, 16_000);
            assert!(share > 0.8, "{codec:?}: {share}");
        }
    }

    #[test]
    fn opus_keeps_to_its_bitrate() {
        let mut encoder = Encoder::new(Codec::Opus, Rate::Narrow);
        let noise: Vec<i16> = (0..8000_i32).map(|n| i16::try_from(n * 7919 % 20_000 - 10_000).unwrap()).collect();
        let mut payload = Vec::new();
        noise.chunks(160).for_each(|frame| encoder.encode(frame, &mut payload));
        assert!(payload.len() <= 3_100, "{} bytes in a second", payload.len());
    }

    proptest! {
        #[test]
        fn any_payload_is_decoded_to_a_bounded_length(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..6), codec in 0..4_usize,
        ) {
            let mut decoder = Decoder::new(CODECS[codec], Rate::Narrow);
            for payload in payloads {
                let mut samples = Vec::new();
                decoder.decode(&payload, &mut samples);
                prop_assert!(samples.len() <= 960.max(payload.len()));
            }
        }
    }
}
