//! Legs that are coded alike: packets pass as they are.

use std::net::UdpSocket;

use lineside_media::{
    FRAME,
    codec::Codec,
    g711::Law,
    prompt::Prompt,
    relay::{Leg, LegFormat, Relay, RelayConfig, RelayError},
    telephone_event::Event,
    tone,
};

use crate::phone::{LOCAL, PATIENCE, Phone, relay, talking};

#[test]
fn both_legs_hear_each_other_untouched_and_are_counted() {
    let relay = relay(41_000, 1);
    let session = relay.open().unwrap();
    let (mut a, b) = talking(&session);
    a.say(b"again");
    let (header, payload) = b.hear();
    assert_eq!((header.ssrc, header.sequence, payload.as_slice()), (1, 2, &b"again"[..]));
    let stats = session.stats(Leg::A);
    assert_eq!((stats.packets, stats.bytes), (2, (12 + 6) + (12 + 5)));
    assert!(stats.last_packet.is_some());
    assert_eq!(session.stats(Leg::B).packets, 1);
}

#[test]
fn a_phone_behind_a_nat_is_answered_where_it_sends_from() {
    let relay = relay(41_100, 1);
    let session = relay.open().unwrap();
    let (mut a, mut b) = (Phone::new(&session, Leg::A, 1), Phone::new(&session, Leg::B, 2));
    session.expect(Leg::A, Some("192.0.2.1:4000".parse().unwrap()));
    session.expect(Leg::B, Some(b.address()));
    a.say(b"one");
    b.hear();
    b.say(b"two");
    assert_eq!(a.hear().1, b"two");
}

#[test]
fn a_stranger_is_not_heard_until_a_new_offer() {
    let relay = relay(41_200, 1);
    let session = relay.open().unwrap();
    let (mut a, b) = talking(&session);
    let mut stranger = Phone::new(&session, Leg::A, 3);
    stranger.say(b"injected");
    stranger.send(b"not rtp at all", stranger.to);
    a.say(b"still me");
    assert_eq!(b.hear().1, b"still me");
    assert_eq!(session.stats(Leg::A).refused, 2);
    session.expect(Leg::A, Some(stranger.address()));
    stranger.say(b"the phone moved");
    assert_eq!(b.hear().1, b"the phone moved");
}

#[test]
fn reports_are_relayed_between_the_odd_ports() {
    let relay = relay(41_300, 1);
    let session = relay.open().unwrap();
    let (a, b) = talking(&session);
    let report = |socket: &UdpSocket, port: u16| {
        let mut packet = [0; 28];
        packet[..4].copy_from_slice(&[0x80, 201, 0, 6]);
        socket.send_to(&packet, (LOCAL, port)).unwrap();
    };
    let rtcp_b = UdpSocket::bind((LOCAL, 0)).unwrap();
    rtcp_b.set_read_timeout(Some(PATIENCE)).unwrap();
    let rtcp_a = UdpSocket::bind((LOCAL, 0)).unwrap();
    rtcp_a.set_read_timeout(Some(PATIENCE)).unwrap();
    report(&rtcp_b, session.port(Leg::B) + 1);
    let mut heard = [0; 64];
    while session.stats(Leg::B).rtcp_packets == 0 {
        std::thread::yield_now();
    }
    report(&rtcp_a, session.port(Leg::A) + 1);
    assert_eq!(rtcp_b.recv(&mut heard).unwrap(), 28);
    report(&rtcp_b, session.port(Leg::B) + 1);
    assert_eq!(rtcp_a.recv(&mut heard).unwrap(), 28);
    drop((a, b));
}

#[test]
fn a_prompt_is_heard_in_time_instead_of_the_other_leg() {
    let relay = relay(41_400, 1);
    let session = relay.open().unwrap();
    let (a, mut b) = talking(&session);
    let frames = 10;
    session.describe(Leg::A, LegFormat::new(Codec::Pcma));
    session.play(Leg::A, Prompt::new(tone::generate(&[440.0], 0.5, FRAME * frames, 8000)));
    let mut samples = Vec::new();
    // That the first packet was heard says that the relay plays: what is said from now on is not passed on.
    for index in 0..frames {
        let (header, payload) = a.hear();
        b.say(b"unheard");
        assert_eq!((header.payload_type, header.marker), (8, index == 0));
        samples.extend(payload.iter().map(|&byte| Law::A.decode(byte)));
    }
    assert!(tone::share_at(&samples, 440.0, 8000) > 0.95);
}

#[test]
fn ports_come_free_with_the_call() {
    let relay = relay(41_500, 1);
    let first = relay.open().unwrap();
    assert!(matches!(relay.open(), Err(RelayError::NoPorts)));
    drop(first);
    // The thread gives the ports back as soon as it reads the command.
    let again = loop {
        match relay.open() {
            Ok(session) => break session,
            Err(_) => std::thread::yield_now(),
        }
    };
    talking(&again);
    assert_eq!(relay.open_sessions(), 1);
}

#[test]
fn what_comes_between_two_calls_is_nobodys() {
    let mut config = RelayConfig::new(LOCAL, 41_520..=41_527, 2);
    config.threads = 1;
    let relay = Relay::start(config).unwrap();
    let (first, other) = (relay.open().unwrap(), relay.open().unwrap());
    let (mut late, _) = talking(&first);
    let (mut a, mut b) = talking(&other);
    drop(first);
    // Whoever hears this knows that the thread has done what it was told before.
    a.say(b"closed");
    b.hear();
    late.say(b"late");
    // Sockets are read in the order in which something came to them.
    b.say(b"read");
    a.hear();
    let second = relay.open().unwrap();
    assert_eq!(second.port(Leg::A), late.to.port());
    talking(&second);
    let stats = second.stats(Leg::A);
    assert_eq!((stats.packets, stats.refused), (1, 0));
}

#[test]
fn a_call_is_set_up_for_the_packets_that_come_though_no_thread_is_woken_for_it() {
    let mut config = RelayConfig::new(LOCAL, 41_540..=41_579, 10);
    config.is_flushed = true;
    let relay = Relay::start(config).unwrap();
    for _ in 0..30 {
        let session = relay.open().unwrap();
        relay.flush();
        let (mut a, b) = (Phone::new(&session, Leg::A, 1), Phone::new(&session, Leg::B, 2));
        session.expect(Leg::A, Some(a.address()));
        session.expect(Leg::B, Some(b.address()));
        relay.flush();
        a.say(b"at once");
        assert_eq!(b.hear().1, b"at once");
        session.play(Leg::A, Prompt::new(tone::generate(&[440.0], 0.5, FRAME, 8000)));
        relay.flush();
        a.hear();
        drop(session);
        relay.flush();
    }
}

#[test]
fn the_number_of_calls_is_bounded() {
    let relay = Relay::start(RelayConfig::new(LOCAL, 41_600..=41_639, 2)).unwrap();
    let sessions = [relay.open().unwrap(), relay.open().unwrap()];
    assert!(matches!(relay.open(), Err(RelayError::Full { limit: 2 })));
    drop(sessions);
    assert_eq!(relay.open_sessions(), 0);
}

#[test]
fn payload_types_are_renumbered_where_only_they_differ() {
    let relay = relay(42_000, 1);
    let session = relay.open().unwrap();
    session.describe(Leg::A, LegFormat { payload_type: 96, telephone_event: Some(97), ..LegFormat::new(Codec::Opus) });
    session.describe(Leg::B, LegFormat { payload_type: 111, telephone_event: None, ..LegFormat::new(Codec::Opus) });
    let (mut a, mut b) = (Phone::new(&session, Leg::A, 1), Phone::new(&session, Leg::B, 2));
    session.expect(Leg::A, Some(a.address()));
    session.expect(Leg::B, Some(b.address()));
    let press = Event { code: 1, end: false, duration: 160 }.to_bytes();
    a.send_as(97, 5, &press);
    a.send_as(96, 960, b"opus");
    let (header, payload) = b.hear();
    assert_eq!(
        (header.payload_type, header.ssrc, payload.as_slice()),
        (111, 1, &b"opus"[..]),
        "keys have no place in B"
    );
    b.send_as(111, 960, b"opus back");
    assert_eq!(a.hear().0.payload_type, 96);
}

#[test]
fn an_echo_comes_back_under_another_name() {
    let relay = relay(42_010, 1);
    let session = relay.open().unwrap();
    let mut a = Phone::new(&session, Leg::A, 1);
    session.expect(Leg::A, Some(a.address()));
    session.echo(Leg::A, true);
    for n in 0..3_u8 {
        a.say(&[n; FRAME]);
        let (header, payload) = a.hear();
        assert_eq!(payload, [n; FRAME]);
        assert_ne!(header.ssrc, 1, "a phone takes its own name for a loop");
        assert_eq!(header.timestamp, a.timestamp());
    }
}
