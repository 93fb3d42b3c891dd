//! Legs whose media is protected.

use lineside_media::{
    codec::Codec,
    relay::{Leg, LegFormat, Session},
    rtp,
    srtp::{Protector, SrtpKey, SrtpKeys, Suite, Unprotector},
};

use crate::phone::{Phone, relay};

fn keys(suite: Suite, seed: u8) -> SrtpKeys {
    let key = |seed| SrtpKey::new(suite, &vec![seed; suite.length()]).unwrap();
    SrtpKeys { inbound: key(seed), outbound: key(seed + 1) }
}

fn describe(session: &Session, leg: Leg, srtp: Option<SrtpKeys>) {
    session.describe(leg, LegFormat { srtp, ..LegFormat::new(Codec::Pcmu) });
}

#[test]
fn a_protected_leg_talks_with_one_in_the_clear() {
    for (index, suite) in (0_u16..).zip([Suite::AesCm80, Suite::AesCm32, Suite::AesGcm]) {
        let relay = relay(42_400 + index * 4, 1);
        let session = relay.open().unwrap();
        let keys = keys(suite, 1);
        let (mut ours, mut theirs) = (Protector::new(&keys.inbound), Unprotector::new(&keys.outbound));
        describe(&session, Leg::A, Some(keys.clone()));
        describe(&session, Leg::B, None);
        let (mut a, mut b) = (Phone::new(&session, Leg::A, 1), Phone::new(&session, Leg::B, 2));
        session.expect(Leg::A, Some(a.address()));
        session.expect(Leg::B, Some(b.address()));
        a.say(b"in the clear, which nobody believes");
        for round in 0..3_u8 {
            let mut packet = a.packet(0, u32::from(round) * 160, &[round; 160]);
            ours.rtp(&mut packet).unwrap();
            a.send(&packet, a.to);
            a.send(&packet, a.to);
            assert_eq!(b.hear().1, [round; 160]);
            b.say(b"back");
            let mut packet = a.hear_datagram();
            assert!(!packet.ends_with(b"back"));
            theirs.rtp(&mut packet).unwrap();
            assert_eq!(rtp::parse(&packet).unwrap().payload, b"back");
            // A refresh of the session repeats the keys, and the counters go on.
            describe(&session, Leg::A, Some(keys.clone()));
        }
        let stats = session.stats(Leg::A);
        assert_eq!(stats.packets, 3);
        assert!(stats.refused >= 3, "the one in the clear, and the ones that came twice");
    }
}

#[test]
fn new_keys_take_the_place_of_old_ones() {
    let relay = relay(42_420, 1);
    let session = relay.open().unwrap();
    describe(&session, Leg::B, None);
    let (mut a, b) = (Phone::new(&session, Leg::A, 1), Phone::new(&session, Leg::B, 2));
    session.expect(Leg::B, Some(b.address()));
    for seed in [1, 5] {
        let keys = keys(Suite::AesCm80, seed);
        describe(&session, Leg::A, Some(keys.clone()));
        let mut packet = a.packet(0, 0, &[seed; 160]);
        Protector::new(&keys.inbound).rtp(&mut packet).unwrap();
        a.send(&packet, a.to);
        assert_eq!(b.hear().1, [seed; 160]);
    }
}
