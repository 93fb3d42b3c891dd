//! Codecs and keys between phones: what each is offered and answered, and what they hear of each other.

use std::{
    fmt::Write as _,
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use lineside_media::{
    codec::Codec,
    coder::{Decoder, Encoder, Rate},
    rtp,
    srtp::{Crypto, Protector, SrtpKey, Suite, Unprotector},
    tone,
};
use lineside_sip::{Message, Method, Transport, sdp};

use crate::{
    fixture,
    world::{
        World,
        phone::{Manner, OFFER},
    },
};

/// A phone's sound: its socket, its codec, and its key.
struct Ear {
    socket: UdpSocket,
    codec: Codec,
    key: Option<SrtpKey>,
}

impl Ear {
    fn new(codec: Codec) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        Self { socket, codec, key: None }
    }

    fn protected(codec: Codec, seed: u8) -> Self {
        Self { key: SrtpKey::new(Suite::AesCm80, &[seed; 30]), ..Self::new(codec) }
    }

    fn description(&self) -> String {
        let (port, number) = (self.socket.local_addr().unwrap().port(), self.codec.payload_type());
        let proto = if self.key.is_some() { "RTP/SAVP" } else { "RTP/AVP" };
        let mut text = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} {proto} {number}\r\na=rtpmap:{number} {}\r\na=sendrecv\r\n",
            self.codec.rtpmap()
        );
        if let Some(key) = &self.key {
            let _ = write!(text, "a=crypto:{}\r\n", Crypto { tag: 1, key: key.clone() }.to_value());
        }
        text
    }

    /// Speaks for a second to whom a description names, from this packet on.
    fn speak(&self, to: SocketAddr, first: u16) {
        let mut encoder = Encoder::new(self.codec, Rate::Narrow);
        let mut protector = self.key.as_ref().map(Protector::new);
        let said = tone::generate(&[440.0], 0.3, 8_000, 8_000);
        for (n, frame) in (0_u16..).zip(said.chunks(160)) {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload);
            let header = rtp::Header {
                marker: n == 0,
                payload_type: self.codec.payload_type(),
                sequence: first.wrapping_add(n),
                timestamp: u32::from(n) * self.codec.ticks(Duration::from_millis(20)),
                ssrc: 77,
            };
            let mut packet = header.packet(&payload);
            if let Some(protector) = &mut protector {
                protector.rtp(&mut packet).unwrap();
            }
            self.socket.send_to(&packet, to).unwrap();
        }
    }

    /// The share of the other's tone in what is heard next; `key` is what we said that we protect it with.
    fn hears(&self, packets: usize, key: Option<&SrtpKey>) -> f64 {
        let mut unprotector = key.map(Unprotector::new);
        let (mut decoder, mut samples) = (Decoder::new(self.codec, Rate::Narrow), Vec::new());
        let mut heard = 0;
        while heard < packets {
            let mut packet = vec![0; 2048];
            let length = self.socket.recv(&mut packet).expect("something is heard");
            packet.truncate(length);
            if rtp::is_rtcp(&packet) {
                continue;
            }
            if let Some(unprotector) = &mut unprotector {
                unprotector.rtp(&mut packet).expect("protected with the key that was told");
            }
            let parsed = rtp::parse(&packet).unwrap();
            assert_eq!(parsed.header.payload_type, self.codec.payload_type());
            decoder.decode(parsed.payload, &mut samples);
            heard += 1;
        }
        tone::share_at(&samples[samples.len() / 2..], 440.0, 8_000)
    }
}

fn description(message: &Message) -> sdp::Session {
    sdp::Session::parse(message.body_bytes()).unwrap()
}

fn key(session: &sdp::Session) -> Option<SrtpKey> {
    let line = session.attributes(0, "crypto").next()?;
    Some(Crypto::parse(str::from_utf8(line).unwrap()).unwrap().key)
}

/// 201 calls 202; what each was told of the other: the offer to 202, the answer to 201.
fn call(world: &mut World, phones: [usize; 2], ears: [&Ear; 2]) -> [sdp::Session; 2] {
    let [caller, callee] = phones;
    world.phones[callee].speaks = ears[1].description();
    let offer = ears[0].description();
    world.act(caller, |phone, now| phone.call(now, "202", Some(&offer)));
    world.run(|world| world.phones[caller].result.is_some());
    assert_eq!(world.phones[caller].result, Some(200), "{:?}", world.phones[caller].statuses());
    let invites = world.phones[callee].requests.iter().filter(|request| request.method() == Method::Invite);
    let offered = description(invites.last().unwrap());
    [offered, description(world.phones[caller].responses.last().unwrap())]
}

fn pair(caller: Transport, callee: Transport) -> (World, [usize; 2]) {
    let mut world = World::new();
    let caller = world.registered_over(caller, "201", Manner::Answers);
    let callee = world.registered_over(callee, "202", Manner::Answers);
    (world, [caller, callee])
}

#[test]
fn phones_without_a_common_codec_understand_each_other() {
    for [one, other] in [[Codec::G722, Codec::Pcmu], [Codec::Opus, Codec::Pcma], [Codec::Pcmu, Codec::Opus]] {
        let (mut world, phones) = pair(Transport::Udp, Transport::Udp);
        let ears = [Ear::new(one), Ear::new(other)];
        let [offered, answered] = call(&mut world, phones, [&ears[0], &ears[1]]);
        let formats = &offered.media[0].formats;
        assert_eq!(formats[0], one.payload_type().to_string(), "the caller's own come first");
        assert!(formats.contains(&other.payload_type().to_string()), "{formats:?}");
        assert_eq!(answered.media[0].formats, [one.payload_type().to_string()]);
        let (to_callee, to_caller) = (answered.media[0].rtp().unwrap(), offered.media[0].rtp().unwrap());
        // The callee is known by its description, so it hears before it speaks.
        ears[0].speak(to_callee, 1);
        assert!(ears[1].hears(30, None) > 0.8, "{one:?} to {other:?}");
        ears[1].speak(to_caller, 1);
        assert!(ears[0].hears(30, None) > 0.8, "{other:?} to {one:?}");
    }
}

#[test]
fn phones_with_common_codecs_keep_those_and_no_other() {
    let (mut world, [caller, callee]) = pair(Transport::Udp, Transport::Udp);
    let answer = "m=audio 7000 RTP/AVP 8 9 0 96\r\na=rtpmap:96 telephone-event/8000";
    world.phones[callee].speaks =
        OFFER.replace("m=audio 7000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000", answer);
    assert_eq!(world.call_result(caller, "202"), 200);
    let answered = description(world.phones[caller].responses.last().unwrap());
    assert_eq!(answered.media[0].formats, ["8", "0", "101"], "with the caller's number for its keys");
    let events: Vec<_> = answered.attributes(0, "rtpmap").collect();
    assert_eq!(events, [b"101 telephone-event/8000"]);
}

#[test]
fn sound_is_protected_where_signalling_is_secure_and_nowhere_else() {
    for (caller, callee) in [
        (Transport::Tls, Transport::Tls),
        (Transport::Tls, Transport::Udp),
        (Transport::Udp, Transport::Tls),
        (Transport::Wss, Transport::Tcp),
    ] {
        let (mut world, phones) = pair(caller, callee);
        let ear = |transport: Transport, seed| match transport {
            Transport::Tls | Transport::Wss => Ear::protected(Codec::Pcmu, seed),
            _ => Ear::new(Codec::Pcmu),
        };
        let ears = [ear(caller, 1), ear(callee, 2)];
        let [offered, answered] = call(&mut world, phones, [&ears[0], &ears[1]]);
        for (told, ear) in [(&offered, &ears[1]), (&answered, &ears[0])] {
            let proto = if ear.key.is_some() { "RTP/SAVP" } else { "RTP/AVP" };
            assert_eq!(told.media[0].proto, proto, "{caller:?} {callee:?}");
            assert_eq!(key(told).is_some(), ear.key.is_some(), "keys go to who may have them");
            assert!(
                key(told).is_none_or(|key| ears.iter().all(|ear| ear.key.as_ref() != Some(&key))),
                "a phone's key is for us alone"
            );
        }
        ears[0].speak(answered.media[0].rtp().unwrap(), 1);
        assert!(ears[1].hears(30, key(&offered).as_ref()) > 0.8);
        ears[1].speak(offered.media[0].rtp().unwrap(), 1);
        assert!(ears[0].hears(30, key(&answered).as_ref()) > 0.8);
    }
}

#[test]
fn who_can_not_protect_sound_is_called_without() {
    // One refuses, and one answers in the clear.
    for can_not in [Some("RTP/SAVP"), None] {
        let (mut world, phones) = pair(Transport::Udp, Transport::Tls);
        world.phones[phones[1]].can_not = can_not;
        let ears = [Ear::new(Codec::Pcmu), Ear::new(Codec::Pcmu)];
        let [offered, answered] = call(&mut world, phones, [&ears[0], &ears[1]]);
        let invites = world.requests(phones[1], Method::Invite);
        assert_eq!(invites.len(), if can_not.is_some() { 2 } else { 1 });
        assert!(invites[0].contains("RTP/SAVP"));
        ears[0].speak(answered.media[0].rtp().unwrap(), 1);
        assert!(ears[1].hears(30, None) > 0.8);
        assert_eq!(key(&offered).is_some(), can_not.is_none());
    }
}

#[test]
fn keys_over_a_plain_transport_are_refused_but_for_an_emergency() {
    let (mut world, phones) = pair(Transport::Udp, Transport::Udp);
    let offer = Ear::protected(Codec::Pcmu, 1).description();
    world.act(phones[0], |phone, now| phone.call(now, "202", Some(&offer)));
    world.run(|world| world.phones[phones[0]].result.is_some());
    assert_eq!(world.phones[phones[0]].result, Some(488));
    assert!(world.requests(phones[1], Method::Invite).is_empty());
    // No emergency trunk: the announcement is heard, protected as the phone wants it.
    world.act(phones[0], |phone, now| phone.call(now, "911", Some(&offer)));
    world.run(|world| world.phones[phones[0]].statuses().contains(&183));
    let told = world.phones[phones[0]].responses.iter().find(|response| response.status() == 183).unwrap();
    assert!(key(&description(told)).is_some());
}

#[test]
fn a_hold_repeats_our_key_and_the_count_of_roll_overs_goes_on() {
    let (mut world, phones) = pair(Transport::Tls, Transport::Tls);
    let ears = [Ear::protected(Codec::Pcmu, 1), Ear::protected(Codec::Pcmu, 2)];
    let [offered, answered] = call(&mut world, phones, [&ears[0], &ears[1]]);
    let (to_callee, ours) = (answered.media[0].rtp().unwrap(), key(&offered).unwrap());
    // The numbers roll over in the middle of this.
    let mut unprotector = Unprotector::new(&ours);
    let mut heard = |ear: &Ear, packets: usize| {
        for _ in 0..packets {
            let mut packet = vec![0; 2048];
            let length = ear.socket.recv(&mut packet).expect("something is heard");
            packet.truncate(length);
            unprotector.rtp(&mut packet).expect("the same key, and the count that it has come to");
        }
    };
    let mut speaker = Protector::new(ears[0].key.as_ref().unwrap());
    let mut speak = |ear: &Ear, numbers: std::ops::Range<u32>| {
        for n in numbers {
            let sequence = u16::try_from(n & 0xffff).unwrap();
            let header = rtp::Header { marker: false, payload_type: 0, sequence, timestamp: n * 160, ssrc: 5 };
            let mut packet = header.packet(&[0xff; 160]);
            speaker.rtp(&mut packet).unwrap();
            ear.socket.send_to(&packet, to_callee).unwrap();
        }
    };
    speak(&ears[0], 65_500..65_560);
    heard(&ears[1], 60);
    let held = ears[0].description().replace("sendrecv", "sendonly");
    world.act(phones[0], |phone, now| phone.say(now, Method::Invite, Some(&held)));
    world.run(|world| world.phones[phones[0]].result == Some(200));
    let again = description(world.phones[phones[1]].requests.last().unwrap());
    assert_eq!(key(&again), Some(ours.clone()), "a refresh brings no other key");
    speak(&ears[0], 65_560..65_600);
    heard(&ears[1], 40);
}

#[test]
fn a_transferred_call_is_protected_anew() {
    let (mut world, phones) = pair(Transport::Tls, Transport::Tls);
    let third = world.registered_over(Transport::Tls, "203", Manner::Answers);
    let ears = [Ear::protected(Codec::Pcmu, 1), Ear::protected(Codec::Pcmu, 2), Ear::protected(Codec::G722, 3)];
    let [before, _] = call(&mut world, phones, [&ears[0], &ears[1]]);
    world.phones[third].speaks = ears[2].description();
    let to = format!("sip:203@{}", fixture::DOMAIN);
    world.act(phones[0], |phone, now| phone.refer(now, &to));
    world.run(|world| !world.phones[third].acks.is_empty());
    let offered = description(&world.phones[third].requests[0]);
    assert_ne!(key(&offered), key(&before));
    ears[2].speak(offered.media[0].rtp().unwrap(), 1);
    assert!(ears[1].hears(30, key(&before).as_ref()) > 0.8, "who stays keeps its key, and hears another codec");
}
