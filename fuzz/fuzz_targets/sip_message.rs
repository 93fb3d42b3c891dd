//! Any datagram: read to the last header, and answered by an endpoint that keeps nothing of it for ever.

#![no_main]

use std::time::{Duration, Instant};

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use lineside_sip::{
    Config, Dialog, Endpoint, Event, Flow, HeaderName, Message, Method, Response, Tokens, Transport,
};

fuzz_target!(|bytes: &[u8]| {
    let bytes = Bytes::copy_from_slice(bytes);
    if let Ok(message) = Message::parse(bytes.clone()) {
        read(&message);
        if message.is_request() {
            let answer = Response::new(&message, 200).to_tag("t").into_bytes();
            let answer = Message::parse(answer).expect("the answer to a good request is well formed");
            assert_eq!((answer.branch(), answer.call_id()), (message.branch(), message.call_id()));
        }
    }
    answer(bytes);
});

fn read(message: &Message) {
    for line in message.lines() {
        let _ = message.values(line.name).count();
    }
    let uri = message.uri();
    let _ = (uri.user_decoded(), uri.user_plain(), message.reason(), message.contact(), message.expires());
    let _ = (message.from().display, message.to().q(), message.next_max_forwards(), message.content_type());
    let _ = message.addresses(HeaderName::Route).chain(message.addresses(HeaderName::RecordRoute)).count();
    let _ = message.contacts().count() + message.vias().count();
    assert!(uri.equivalent(&message.uri()));
    if let Ok(mut dialog) = Dialog::uas(message, "mine") {
        let bytes = dialog.request(Method::Bye).to_bytes("SIP/2.0/UDP h;branch=z9hG4bKx");
        Message::parse(bytes).expect("requests in a dialog are well formed");
    }
    let _ = Dialog::uac(message);
}

fn answer(bytes: Bytes) {
    let flow = Flow {
        transport: Transport::Udp,
        local: ([192, 0, 2, 254], 5060).into(),
        remote: ([192, 0, 2, 77], 5555).into(),
        id: 1,
    };
    let now = Instant::now();
    let mut endpoint = Endpoint::new(Config::default(), Tokens::new([1; 16]));
    // The second is a repetition.
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
