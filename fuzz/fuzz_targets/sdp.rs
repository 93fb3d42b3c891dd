//! A session description, and the same with the relay in place of its sender.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use lineside_sip::sdp::{Relay, Session};

fuzz_target!(|bytes: &[u8]| {
    let Ok(session) = Session::parse(Bytes::copy_from_slice(bytes)) else { return };
    for media in &session.media {
        let _ = (media.rtp(), media.rtcp(), media.is_held());
    }
    for stream in 0..session.media.len() {
        for name in ["rtpmap", "fmtp", "crypto", "candidate", "ptime"] {
            let _ = session.attributes(stream, name).count();
        }
    }
    let relay = Relay { address: Some(([192, 0, 2, 1], 4000).into()), rtcp_port: Some(4001), recoding: None };
    let relays = vec![relay; session.media.len()];
    let again = Session::parse(session.rewrite(&relays)).expect("a rewritten description is well formed");
    assert_eq!(again.media.len(), session.media.len());
});
