//! A phone of a test: one socket, and where to find the relay.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    sync::mpsc,
    time::Duration,
};

use lineside_media::{
    relay::{EventSink, Leg, MediaEvent, Relay, RelayConfig, Session},
    rtp,
};

pub(crate) const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Each test has ports of its own, since they run at the same time.
pub(crate) fn relay(first_port: u16, calls: u16) -> Relay {
    let ports = first_port..=first_port + calls * 4 - 1;
    Relay::start(RelayConfig::new(LOCAL, ports, 100)).unwrap()
}

/// A relay whose events are heard.
pub(crate) fn telling_relay(first_port: u16, silence: Duration) -> (Relay, mpsc::Receiver<MediaEvent>) {
    let (tell, told) = mpsc::channel();
    let mut config = RelayConfig::new(LOCAL, first_port..=first_port + 7, 2);
    config.events = EventSink::new(move |event| {
        let _ = tell.send(event);
    });
    config.silence = silence;
    (Relay::start(config).unwrap(), told)
}

pub(crate) struct Phone {
    pub(crate) socket: UdpSocket,
    pub(crate) to: SocketAddr,
    ssrc: u32,
    sequence: u16,
}

impl Phone {
    pub(crate) fn new(session: &Session, leg: Leg, ssrc: u32) -> Phone {
        let socket = UdpSocket::bind((LOCAL, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Phone { socket, to: SocketAddr::new(LOCAL, session.port(leg)), ssrc, sequence: 0 }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// A packet of G.711 in its turn.
    pub(crate) fn say(&mut self, payload: &[u8]) {
        let timestamp = u32::from(self.sequence + 1) * 160;
        self.send_as(0, timestamp, payload);
    }

    /// The timestamp of the last packet that was said.
    pub(crate) fn timestamp(&self) -> u32 {
        u32::from(self.sequence) * 160
    }

    pub(crate) fn send_as(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) {
        let packet = self.packet(payload_type, timestamp, payload);
        self.send(&packet, self.to);
    }

    pub(crate) fn packet(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        self.sequence += 1;
        let header = rtp::Header { marker: false, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        header.packet(payload)
    }

    pub(crate) fn send(&self, datagram: &[u8], to: SocketAddr) {
        self.socket.send_to(datagram, to).unwrap();
    }

    pub(crate) fn hear(&self) -> (rtp::Header, Vec<u8>) {
        let datagram = self.hear_datagram();
        let packet = rtp::parse(&datagram).unwrap();
        (packet.header, packet.payload.to_vec())
    }

    pub(crate) fn hear_datagram(&self) -> Vec<u8> {
        let mut datagram = [0; 2048];
        let (length, _) = self.socket.recv_from(&mut datagram).expect("a packet");
        datagram[..length].to_vec()
    }
}

/// Two phones whose SDP is known to the relay, each having heard the other.
pub(crate) fn talking(session: &Session) -> (Phone, Phone) {
    let (mut a, mut b) = (Phone::new(session, Leg::A, 1), Phone::new(session, Leg::B, 2));
    session.expect(Leg::A, Some(a.address()));
    session.expect(Leg::B, Some(b.address()));
    a.say(b"from a");
    assert_eq!(b.hear().1, b"from a");
    b.say(b"from b");
    assert_eq!(a.hear().1, b"from b");
    (a, b)
}
