//! Legs that are coded differently.

use std::time::Duration;

use lineside_media::{
    RATE,
    codec::Codec,
    coder::{Decoder, Encoder, Rate},
    relay::{Leg, LegFormat},
    rtcp,
    telephone_event::Event,
    tone,
};

use crate::phone::{Phone, relay};

const FRAMES: u16 = 25;

/// What B hears of a tone that A says, and whether its packets are numbered as they should be.
fn through(first_port: u16, from: Codec, to: Codec) -> Vec<i16> {
    let relay = relay(first_port, 1);
    let session = relay.open().unwrap();
    session.describe(Leg::A, LegFormat::new(from));
    session.describe(Leg::B, LegFormat { telephone_event: Some(97), ..LegFormat::new(to) });
    let (mut a, b) = (Phone::new(&session, Leg::A, 1), Phone::new(&session, Leg::B, 2));
    session.expect(Leg::A, Some(a.address()));
    session.expect(Leg::B, Some(b.address()));
    let (mut encoder, mut decoder) = (Encoder::new(from, Rate::Narrow), Decoder::new(to, Rate::Narrow));
    let mut heard = Vec::new();
    let mut last = None;
    let speech = tone::generate(&[440.0], 0.3, usize::from(FRAMES) * 160, RATE);
    for (index, frame) in (0_u32..).zip(speech.chunks(160)) {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload);
        a.send_as(from.payload_type(), index * from.ticks(Duration::from_millis(20)), &payload);
        let (header, payload) = b.hear();
        assert_eq!(header.payload_type, to.payload_type());
        decoder.decode(&payload, &mut heard);
        if let Some((sequence, timestamp)) = last.replace((header.sequence, header.timestamp)) {
            assert_eq!(header.sequence.wrapping_sub(sequence), 1);
            assert_eq!(header.timestamp.wrapping_sub(timestamp), to.ticks(Duration::from_millis(20)));
        }
    }
    a.send_as(101, 100_000, &Event { code: 3, end: true, duration: 800 }.to_bytes());
    let (header, payload) = b.hear();
    assert_eq!((header.payload_type, Event::parse(&payload).unwrap().digit()), (97, Some('3')));
    heard
}

#[test]
fn a_tone_passes_between_all_codecs() {
    let codecs = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];
    let mut ports = (42_300..).step_by(4);
    for from in codecs {
        for to in codecs.into_iter().filter(|to| *to != from) {
            let heard = through(ports.next().unwrap(), from, to);
            let share = tone::share_at(&heard[heard.len() / 2..], 440.0, RATE);
            assert!(share > 0.9, "{from:?} to {to:?}: {share}");
        }
    }
}

#[test]
fn an_endpoint_reports_what_it_hears() {
    let relay = relay(42_350, 1);
    let session = relay.open().unwrap();
    session.describe(Leg::A, LegFormat { rtcp_mux: true, ..LegFormat::new(Codec::Pcmu) });
    let mut a = Phone::new(&session, Leg::A, 77);
    session.expect(Leg::A, Some(a.address()));
    for _ in 0..3 {
        a.say(&[0xff; 160]);
    }
    let report = rtcp::reports(&a.hear_datagram()).next().unwrap();
    let block = report.block.unwrap();
    assert_eq!((block.ssrc, block.lost, block.highest_sequence & 0xffff), (77, 0, 3));
}
