//! Speech as other programs encode it: a tone of 440 Hz, from the encoders of `FFmpeg`.

#![expect(clippy::unwrap_used, reason = "what fails to be set up fails the test")]

use lineside_media::{
    codec::Codec,
    coder::{Decoder, Rate},
    tone,
};

fn is_the_tone(codec: Codec, packets: &[&[u8]], seconds: f64) {
    for rate in [Rate::Narrow, Rate::Wide] {
        let mut decoder = Decoder::new(codec, rate);
        let mut samples = Vec::new();
        for packet in packets {
            decoder.decode(packet, &mut samples);
        }
        let expected = f64::from(rate.hertz()) * seconds;
        let length = f64::from(u32::try_from(samples.len()).unwrap());
        assert!((expected..expected * 1.15).contains(&length), "{codec:?} {rate:?}: {length} samples");
        let share = tone::share_at(&samples[samples.len() / 4..samples.len() * 3 / 4], 440.0, rate.hertz());
        assert!(share > 0.9, "{codec:?} {rate:?}: {share}");
    }
}

/// Packets behind their lengths of 16 bits.
fn packets(mut file: &[u8]) -> Vec<&[u8]> {
    let mut packets = Vec::new();
    while let Some((length, rest)) = file.split_first_chunk::<2>() {
        let (packet, after) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
        packets.push(packet);
        file = after;
    }
    packets
}

#[test]
fn g722_is_understood() {
    let file: &[u8] = include_bytes!("codecs/tone.g722");
    is_the_tone(Codec::G722, &file.chunks(160).collect::<Vec<_>>(), 0.5);
}

#[test]
fn opus_is_understood_in_all_its_modes() {
    for file in [
        &include_bytes!("codecs/voip-20ms.opus")[..],
        include_bytes!("codecs/stereo-10ms.opus"),
        include_bytes!("codecs/voip-60ms.opus"),
    ] {
        is_the_tone(Codec::Opus, &packets(file), 0.6);
    }
}
