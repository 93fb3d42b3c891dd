//! Packets at a media port: sound, reports, keys, and what is none of these; protected or not.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lineside_media::{
    codec::Codec,
    coder::{Decoder, Rate},
    rtcp, rtp,
    srtp::{SrtpKey, Suite, Unprotector},
    telephone_event::{Event, Presses},
};

fuzz_target!(|packets: Vec<&[u8]>| {
    let mut presses = Presses::default();
    let key = SrtpKey::new(Suite::AesCm80, &[7; 30]).expect("the key has its length");
    let mut unprotector = Unprotector::new(&key);
    let mut decoders = [Codec::Pcmu, Codec::G722, Codec::Opus].map(|codec| Decoder::new(codec, Rate::Narrow));
    for bytes in packets {
        let _ = (rtcp::reports(bytes).count(), rtcp::says_goodbye(bytes), rtp::is_rtcp(bytes));
        let mut protected = bytes.to_vec();
        let _ = unprotector.rtp(&mut protected);
        let mut protected = bytes.to_vec();
        let _ = unprotector.rtcp(&mut protected);
        let Ok(packet) = rtp::parse(bytes) else { continue };
        let _ = Event::parse(packet.payload).and_then(Event::digit);
        let _ = presses.hear(packet.header, packet.payload);
        for decoder in &mut decoders {
            decoder.decode(packet.payload, &mut Vec::new());
        }
    }
});
