//! Whatever comes from the network, nothing panics, and what is let through keeps the promises of its type.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use lineside_sip::digest::{Challenge, Credentials};
use lineside_sip::sdp::{Relay, Session};
use lineside_sip::stream::Framer;
use lineside_sip::{Config, Dialog, Endpoint, Event, Flow, HeaderName, Message, Method, Response, Tokens, Transport};
use proptest::prelude::*;

fn corpus() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/rfc4475");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut messages: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert_eq!(messages.len(), 49);
    messages.push(
        b"REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5:5060;rport;branch=z9hG4bK776\r\n\
          From: \"J\xfcrg\" <sip:100@pbx.example>;tag=9\r\nTo: <sip:100@pbx.example>\r\nCall-ID: 1@x\r\nCSeq: 2 REGISTER\r\n\
          Contact: <sip:100@10.0.0.5:5060;ob>;q=0.5;expires=600, <sip:x@[2001:db8::1]>\r\nAuthorization: Digest username=\"100\", \
          realm=\"r\", nonce=\"n\", uri=\"sip:pbx.example\", response=\"0\", qop=auth, nc=00000001, cnonce=\"c\"\r\n\
          Route: <sip:a;lr>,<sip:b>\r\nRecord-Route: <sip:c;lr>\r\nContent-Length: 0\r\n\r\n"
            .to_vec(),
    );
    messages.push(
        b"v=0\r\no=- 1 1 IN IP4 10.0.0.5\r\ns=-\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\na=sendonly\r\nm=audio 4000 RTP/AVP 0 8\r\n\
          a=rtcp:4001 IN IP4 10.0.0.5\r\na=candidate:1 1 udp 1 10.0.0.5 4000 typ host\r\nm=video 0 RTP/AVP 9\r\nc=IN IP6 ::1\r\n"
            .to_vec(),
    );
    messages
}

/// One change to a message: at a place, in one of a few ways, with a byte that matters to a parser more often than not.
type Change = (prop::sample::Index, u8, u8);

fn change(message: &mut Vec<u8>, (place, kind, byte): Change) {
    const TELLING: &[u8] = b"\r\n\0 \t:;,<>\"\\@?=%/[]()*&-+.09azAZ\x80\xff";
    let at = place.index(message.len().max(1)).min(message.len());
    let telling = TELLING[usize::from(byte) % TELLING.len()];
    match kind % 6 {
        0 => message.insert(at, telling),
        1 if at < message.len() => message[at] = telling,
        2 if at < message.len() => message[at] = byte,
        3 => message.truncate(at),
        4 => {
            let end = (at + usize::from(byte)).min(message.len());
            message.drain(at..end);
        }
        _ => {
            let end = (at + usize::from(byte)).min(message.len());
            let repeated = message[at..end].to_vec();
            message.splice(at..at, repeated);
        }
    }
}

fn read_everything(message: &Message) {
    let whole = message.as_bytes().len();
    for line in message.lines() {
        assert!(line.raw.len() <= whole && line.raw.ends_with(line.value));
        let _ = message.values(line.name).count();
    }
    let _ = (message.uri().user_decoded(), message.reason(), message.top_via(), message.contact(), message.expires());
    let _ = (message.from().display, message.to().q(), message.next_max_forwards(), message.content_type());
    let _ = message.addresses(HeaderName::Route).chain(message.addresses(HeaderName::RecordRoute)).count();
    let _ = message.contacts().count() + message.vias().count();
    let _ = (Credentials::find(message, "r"), Challenge::find(message));
    assert!(message.uri().equivalent(&message.uri()));
    assert!(message.from().uri.equivalent(&message.from().uri));
    if let Ok(mut dialog) = Dialog::uas(message, "mine") {
        let bytes = dialog.request(Method::Bye).to_bytes("SIP/2.0/UDP h;branch=z9hG4bKx");
        Message::parse(bytes).expect("requests in a dialog are well formed");
    }
    let _ = Dialog::uac(message);
}

fn check(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    match Message::parse(bytes.clone()) {
        Ok(mut message) => {
            message.set_source("[2001:db8::7]:5060".parse().unwrap());
            read_everything(&message);
            if message.is_request() {
                let response = Response::new(&message, 200).to_tag("t").into_bytes();
                let response = Message::parse(response).expect("the answer to a good request is well formed");
                assert_eq!(response.branch(), message.branch());
                assert_eq!((response.call_id(), response.cseq()), (message.call_id(), message.cseq()));
            }
        }
        Err(malformed) => {
            if let Some(request) = &malformed.answerable {
                read_everything_readable(request);
                assert!(malformed.response().is_some());
            }
        }
    }
    if let Ok(session) = Session::parse(bytes.clone()) {
        let relay = Relay { address: "192.0.2.1:4000".parse().ok(), rtcp_port: Some(4001), recoding: None };
        let out = session.rewrite(&[relay.clone(), relay]);
        let again = Session::parse(out).expect("a rewritten description is well formed");
        assert_eq!(again.media.len(), session.media.len());
    }
    let mut framer = Framer::new();
    for chunk in bytes.chunks(100) {
        framer.push(chunk);
        while framer.next_frame().is_some() {}
    }
    let flow = Flow {
        transport: Transport::Udp,
        local: "192.0.2.254:5060".parse().unwrap(),
        remote: "192.0.2.77:5555".parse().unwrap(),
        id: 1,
    };
    #[expect(clippy::disallowed_methods, reason = "an arbitrary beginning of time")]
    let now = Instant::now();
    let mut endpoint = Endpoint::new(Config::default(), Tokens::new([1; 16]));
    endpoint.receive(now, flow, bytes.clone());
    endpoint.receive(now, flow, bytes);
    while let Some(event) = endpoint.poll_event() {
        if let Event::Request { key, request, .. } = event {
            endpoint.respond(now, key, Response::new(&request, 486));
        }
    }
    endpoint.handle_timeout(now + Duration::from_secs(40));
    endpoint.handle_timeout(now + Duration::from_secs(80));
    assert_eq!(endpoint.transactions(), 0);
}

fn read_everything_readable(request: &Message) {
    for line in request.lines() {
        let _ = request.values(line.name).count();
    }
    let _ = (request.uri(), request.from(), request.to(), request.top_via(), request.body(), request.call_id());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_messages(seed in any::<prop::sample::Index>(), changes in prop::collection::vec(any::<Change>(), 0..6)) {
        thread_local!(static CORPUS: Vec<Vec<u8>> = corpus());
        let mut message = CORPUS.with(|corpus| corpus[seed.index(corpus.len())].clone());
        for one in changes {
            change(&mut message, one);
        }
        check(&message);
    }

    #[test]
    fn noise(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }
}
