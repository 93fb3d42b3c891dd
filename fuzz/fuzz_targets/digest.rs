//! Credentials and challenges as anybody may write them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lineside_sip::{
    Message,
    digest::{Algorithm, Authenticator, Challenge, Credentials, Ha1, Verdict},
};

fuzz_target!(|bytes: &[u8]| {
    if let Some(challenge) = Challenge::parse(bytes) {
        let ha1 = Ha1::new(challenge.algorithm, "user", "realm", "secret");
        let _ = challenge.authorization(&ha1, "user", "REGISTER", "sip:example.com", "cnonce", 1);
    }
    let Some(credentials) = Credentials::parse(bytes) else { return };
    let _ = (credentials.user(), credentials.domain());
    let request: &[u8] = b"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n\
        To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    let request = Message::parse(request.into()).expect("this request is well formed");
    let mut authenticator = Authenticator::new([7; 32], 300);
    let ha1 = Ha1::new(Algorithm::Md5, "user", "realm", "a secret that nobody guesses");
    let verdict = authenticator.verify(&request, &credentials, Some(&ha1), 1_000);
    assert!(!matches!(verdict, Verdict::Accepted));
});
