//! The relay between real sockets on the loopback. Every wait is for a packet, and ends with it.

#![expect(clippy::unwrap_used, reason = "what fails to be set up fails the test")]

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use lineside_media::{
    FRAME,
    codec::Codec,
    g711::Law,
    prompt::Prompt,
    relay::{Leg, LegFormat, Relay, RelayConfig, RelayError, Session},
    rtp, tone,
};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Each test has ports of its own, since they run at the same time.
fn relay(first_port: u16, calls: u16) -> Relay {
    let ports = first_port..=first_port + calls * 4 - 1;
    Relay::start(RelayConfig::new(LOCAL, ports, 100)).unwrap()
}

/// A phone: one socket, and where to find the relay.
struct Phone {
    socket: UdpSocket,
    to: SocketAddr,
    ssrc: u32,
    sequence: u16,
}

impl Phone {
    fn new(session: &Session, leg: Leg, ssrc: u32) -> Phone {
        let socket = UdpSocket::bind((LOCAL, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Phone { socket, to: SocketAddr::new(LOCAL, session.port(leg)), ssrc, sequence: 0 }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn say(&mut self, payload: &[u8]) {
        self.sequence += 1;
        let header = rtp::Header {
            marker: false,
            payload_type: 0,
            sequence: self.sequence,
            timestamp: u32::from(self.sequence) * 160,
            ssrc: self.ssrc,
        };
        self.socket.send_to(&header.packet(payload), self.to).unwrap();
    }

    fn send(&self, datagram: &[u8], to: SocketAddr) {
        self.socket.send_to(datagram, to).unwrap();
    }

    fn hear(&self) -> (rtp::Header, Vec<u8>) {
        let mut datagram = [0; 2048];
        let (length, _) = self.socket.recv_from(&mut datagram).expect("a packet");
        let packet = rtp::parse(&datagram[..length]).unwrap();
        (packet.header, packet.payload.to_vec())
    }
}

/// Two phones whose SDP is known to the relay, each having heard the other.
fn talking(session: &Session) -> (Phone, Phone) {
    let (mut a, mut b) = (Phone::new(session, Leg::A, 1), Phone::new(session, Leg::B, 2));
    session.expect(Leg::A, Some(a.address()));
    session.expect(Leg::B, Some(b.address()));
    a.say(b"from a");
    assert_eq!(b.hear().1, b"from a");
    b.say(b"from b");
    assert_eq!(a.hear().1, b"from b");
    (a, b)
}

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
    rtcp_b.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let rtcp_a = UdpSocket::bind((LOCAL, 0)).unwrap();
    rtcp_a.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
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
fn the_number_of_calls_is_bounded() {
    let relay = Relay::start(RelayConfig::new(LOCAL, 41_600..=41_639, 2)).unwrap();
    let sessions = [relay.open().unwrap(), relay.open().unwrap()];
    assert!(matches!(relay.open(), Err(RelayError::Full { limit: 2 })));
    drop(sessions);
    assert_eq!(relay.open_sessions(), 0);
}
