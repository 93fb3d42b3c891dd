//! Whatever comes to the ports.

use lineside_media::{
    codec::Codec,
    relay::{Leg, LegFormat, RecordRequest},
};

use crate::phone::{Phone, relay, talking};

/// Numbers without an order (xorshift), the same in each run.
fn next(random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random
}

#[test]
fn random_packets_do_not_disturb_a_call_that_is_recorded_and_transcoded() {
    let relay = relay(42_500, 1);
    let folder = tempfile::tempdir().unwrap();
    let session = relay.open().unwrap();
    session.describe(Leg::A, LegFormat::new(Codec::Opus));
    session.describe(Leg::B, LegFormat::new(Codec::G722));
    let (mut a, b) = (Phone::new(&session, Leg::A, 1), Phone::new(&session, Leg::B, 2));
    session.expect(Leg::A, Some(a.address()));
    session.expect(Leg::B, Some(b.address()));
    session.record(RecordRequest::call(folder.path().join("call.wav"), std::time::Duration::from_mins(5)));
    let stranger = Phone::new(&session, Leg::A, 3);
    let mut random = 0x9e37_79b9_7f4a_7c15;
    let mut sent = 0;
    while sent < 20_000 {
        // In portions that the socket's buffer holds.
        for _ in 0..100 {
            let length = usize::try_from(next(&mut random) % 250).unwrap();
            let mut bytes: Vec<u8> = (0..length).map(|_| next(&mut random).to_le_bytes()[0]).collect();
            // Half of them look like the call's own stream, with any payload, number and time.
            if bytes.len() > 12 && next(&mut random).is_multiple_of(2) {
                bytes[..2].copy_from_slice(&[0x80, [111, 0, 9, 101][length % 4]]);
                bytes[8..12].copy_from_slice(&1_u32.to_be_bytes());
                a.send(&bytes, a.to);
            } else {
                stranger.send(&bytes, stranger.to);
            }
            sent += 1;
        }
        let counted = session.stats(Leg::A);
        a.send_as(111, 0, &[0xf8, 0xff, 0xfe]);
        while session.stats(Leg::A) == counted {
            std::thread::yield_now();
        }
    }
    drop((session, b));
    let again = relay_again(&relay);
    talking(&again);
}

#[test]
fn what_came_to_a_call_is_not_for_the_next_on_its_ports() {
    let relay = relay(42_504, 1);
    for _ in 0..100 {
        let session = relay_again(&relay);
        session.expect(Leg::A, None);
        let mut stranger = Phone::new(&session, Leg::A, 3);
        for _ in 0..100 {
            stranger.say(b"for the call before");
        }
        drop(session);
        talking(&relay_again(&relay));
    }
}

fn relay_again(relay: &lineside_media::relay::Relay) -> lineside_media::relay::Session {
    loop {
        if let Ok(session) = relay.open() {
            return session;
        }
        std::thread::yield_now();
    }
}
