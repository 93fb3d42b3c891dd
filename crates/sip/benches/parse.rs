//! What a message and a registration cost.

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use lineside_sip::digest::{Algorithm, Authenticator, Challenge, Credentials, Ha1, Verdict};
use lineside_sip::sdp::{Relay, Session};
use lineside_sip::{Config, Endpoint, Event, Flow, HeaderName, Message, Response, Tokens, Transport};

/// About 915 bytes, as phones send it.
fn register(branch: u64, authorization: Option<&str>) -> String {
    let authorization = authorization.map_or(String::new(), |value| format!("Authorization: {value}\r\n"));
    format!(
        "REGISTER sip:pbx.example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP 10.21.33.105:5060;branch=z9hG4bK{branch:016x};rport\r\n\
         Max-Forwards: 70\r\n\
         From: \"Reception Desk\" <sip:u1a2b3c4d5@pbx.example.com>;tag=1920361830\r\n\
         To: \"Reception Desk\" <sip:u1a2b3c4d5@pbx.example.com>\r\n\
         Call-ID: 0_3418927510@10.21.33.105\r\n\
         CSeq: 2 REGISTER\r\n\
         Contact: <sip:u1a2b3c4d5@10.21.33.105:5060;line=hr72ab>;reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-805ec0a1b2c3>\"\r\n\
         {authorization}\
         Allow: INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, REFER, PUBLISH, UPDATE, MESSAGE\r\n\
         Supported: path, gruu, replaces, norefersub\r\n\
         User-Agent: Yealink SIP-T54W 96.86.0.100\r\n\
         Expires: 3600\r\n\
         Allow-Events: talk,hold,conference,refer,check-sync\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

fn message(c: &mut Criterion) {
    let digest = "Digest username=\"u1a2b3c4d5\", realm=\"pbx.example.com\", nonce=\"00000000000003e800000001aabbccddeeff001122334455\", \
        uri=\"sip:pbx.example.com\", response=\"8ca523f5e9506fed4657c9700eebdbec\", algorithm=MD5, cnonce=\"0a4f113b\", qop=auth, nc=00000001";
    let bytes = Bytes::from(register(1, Some(digest)));
    c.bench_function(&format!("parse REGISTER of {} bytes", bytes.len()), |b| {
        b.iter(|| Message::parse(black_box(bytes.clone())));
    });
    let parsed = Message::parse(bytes).expect("well formed");
    c.bench_function("200 to it", |b| b.iter(|| Response::new(black_box(&parsed), 200).to_tag("x").into_bytes()));
    c.bench_function("read its credentials", |b| {
        b.iter(|| Credentials::find(black_box(&parsed), "pbx.example.com").is_some());
    });
}

fn registration(c: &mut Criterion) {
    let flow = Flow {
        transport: Transport::Udp,
        local: "192.0.2.1:5060".parse().expect("an address"),
        remote: "203.0.113.7:40000".parse().expect("an address"),
        id: 1,
    };
    let ha1 = Ha1::new(Algorithm::Md5, "u1a2b3c4d5", "pbx.example.com", "secret");
    let mut endpoint =
        Endpoint::new(Config { max_transactions: usize::MAX, ..Config::default() }, Tokens::new([1; 16]));
    let mut authenticator = Authenticator::new([2; 32], 300);
    #[expect(clippy::disallowed_methods, reason = "an arbitrary beginning of time")]
    let mut now = Instant::now();
    let mut branch = 0;
    c.bench_function("registration: 401 and 200, without the client's part", |b| {
        b.iter_custom(|rounds| {
            let mut spent = std::time::Duration::ZERO;
            for _ in 0..rounds {
                branch += 2;
                now += std::time::Duration::from_micros(100);
                let challenge = authenticator.challenge("pbx.example.com", Algorithm::Md5, false, 1000);
                let challenge = Challenge::parse(challenge.as_bytes()).expect("ours");
                let value = challenge.authorization(&ha1, "u1a2b3c4d5", "REGISTER", "sip:pbx.example.com", "cn", 1);
                let messages = [register(branch, None), register(branch + 1, Some(&value))].map(Bytes::from);
                #[expect(clippy::disallowed_methods, reason = "what is measured")]
                let begun = Instant::now();
                for bytes in messages {
                    endpoint.receive(now, flow, bytes);
                    endpoint.handle_timeout(now);
                    let Some(Event::Request { key, request, .. }) = endpoint.poll_event() else { panic!("a request") };
                    let verdict = Credentials::find(&request, "pbx.example.com")
                        .map(|credentials| authenticator.verify(&request, &credentials, Some(&ha1), 1000));
                    if verdict == Some(Verdict::Accepted) {
                        let ok = Response::new(&request, 200).copy(&request, HeaderName::Contact);
                        endpoint.respond(now, key, ok);
                    } else {
                        let challenge = authenticator.challenge("pbx.example.com", Algorithm::Md5, false, 1000);
                        let response = Response::new(&request, 401).header(HeaderName::WwwAuthenticate, challenge);
                        endpoint.respond_and_forget(key, &request, response);
                    }
                    while let Some(transmit) = endpoint.poll_transmit() {
                        black_box(transmit);
                    }
                }
                spent += begun.elapsed();
            }
            spent
        });
    });
}

fn sdp(c: &mut Criterion) {
    let body = Bytes::from_static(
        b"v=0\r\no=- 20518 20518 IN IP4 10.21.33.105\r\ns=SDP data\r\nc=IN IP4 10.21.33.105\r\nt=0 0\r\nm=audio 11780 RTP/AVP 9 0 8 18 101\r\n\
          a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n\
          a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
    );
    let relay = Relay { address: "192.0.2.1:20000".parse().ok(), rtcp_port: None, recoding: None };
    c.bench_function("rewrite an offer", |b| {
        b.iter(|| Session::parse(black_box(body.clone())).map(|session| session.rewrite(std::slice::from_ref(&relay))));
    });
}

criterion_group!(benches, message, registration, sdp);
criterion_main!(benches);
