//! The server's side: challenges and their verification.

use super::ha1::response;
use super::nonce::{Nonce, NonceKey};
use super::replay::Replay;
use super::{Algorithm, Credentials, Ha1};
use crate::Message;

/// What came of a verification. All but `Accepted` are to be answered alike, with a challenge, so that nobody learns which
/// users exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// The right password, but the nonce is too old or its count was used: challenge with `stale=true`.
    Stale,
    /// Wrong, unknown, or damaged.
    Refused,
}

/// Issues nonces and verifies what clients make of them.
pub struct Authenticator {
    key: NonceKey,
    lifetime: u64,
    serial: u32,
    replay: Replay,
    dummy: [Ha1; 2],
}

/// Nonces whose counts are remembered: twice this at most, 16 bytes each.
const REMEMBERED: usize = 100_000;

impl Authenticator {
    /// `key` makes nonces unforgeable; they live `lifetime` seconds.
    pub fn new(key: [u8; 32], lifetime: u64) -> Authenticator {
        let nobody = |algorithm| Ha1::new(algorithm, "", "", "");
        Authenticator {
            key: NonceKey::new(key),
            lifetime,
            serial: 0,
            replay: Replay::new(REMEMBERED),
            dummy: [nobody(Algorithm::Md5), nobody(Algorithm::Sha256)],
        }
    }

    /// The value of one `WWW-Authenticate` or `Proxy-Authenticate` header, for known and unknown users alike. One challenge a
    /// response: clients in use fail at two. `now` in seconds since any fixed moment.
    pub fn challenge(&mut self, realm: &str, algorithm: Algorithm, stale: bool, now: u64) -> String {
        self.serial = self.serial.wrapping_add(1);
        let nonce = self.key.issue(Nonce { issued: now, serial: self.serial }, realm.as_bytes());
        let stale = if stale { ", stale=true" } else { "" };
        format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}", algorithm.as_str())
    }

    /// Verifies credentials against HA1 of their algorithm. For an unknown or disabled user give `None`: the same work is
    /// done against a dummy, and the verdict is `Refused`.
    ///
    /// HA1 of `100:realm:secret` also serves a phone that sends the user name `100@realm` but hashes `100`; one that hashes
    /// the whole needs HA1 of the whole.
    pub fn verify(&mut self, request: &Message, credentials: &Credentials<'_>, ha1: Option<&Ha1>, now: u64) -> Verdict {
        let is_known = ha1.is_some_and(|ha1| ha1.algorithm() == credentials.algorithm);
        let ha1 = ha1.filter(|_| is_known).copied().unwrap_or(self.dummy[credentials.algorithm as usize]);
        let expected = response(&ha1, request.method_text(), credentials);
        let is_right = expected.matches(credentials.response) & is_known;
        let nonce = self.key.check(credentials.nonce, credentials.realm);
        let Some(nonce) = nonce.filter(|_| is_right && is_for(request, credentials)) else { return Verdict::Refused };
        // A nonce from the future is from before the clock was set back.
        if nonce.issued > now || now - nonce.issued > self.lifetime {
            return Verdict::Stale;
        }
        let count = match (credentials.qop, credentials.count()) {
            // RFC 2069: no count, so the nonce is good once.
            (b"", _) => u32::MAX,
            (b"auth", Some(count)) => count,
            _ => return Verdict::Refused,
        };
        if self.replay.accept(nonce, count, now, self.lifetime) { Verdict::Accepted } else { Verdict::Stale }
    }
}

/// The digest `uri` must name the resource that is asked for (RFC 7616 section 3.4.6), or credentials for one request would
/// serve another. It is the Request-URI but for what proxies rewrite: the same text, an equivalent URI, or the same host.
fn is_for(request: &Message, credentials: &Credentials<'_>) -> bool {
    if credentials.uri == request.request_uri() {
        return true;
    }
    let Ok(uri) = crate::Uri::parse(credentials.uri) else { return false };
    let asked = request.uri();
    uri.equivalent(&asked) || (uri.user == asked.user && uri.host.eq_ignore_ascii_case(asked.host))
}

#[cfg(test)]
mod tests {
    use super::super::Challenge;
    use super::*;

    fn register(authorization: Option<&str>) -> Message {
        let authorization = authorization.map_or(String::new(), |value| format!("Authorization: {value}\r\n"));
        let text = format!(
            "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:100@pbx.example>;tag=1\r\n\
             To: <sip:100@pbx.example>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n{authorization}Content-Length: 0\r\n\r\n"
        );
        Message::parse(text.into()).expect("well formed")
    }

    struct Case {
        authenticator: Authenticator,
        challenge: String,
    }

    fn case(algorithm: Algorithm) -> Case {
        let mut authenticator = Authenticator::new([9; 32], 60);
        let challenge = authenticator.challenge("pbx.example", algorithm, false, 1000);
        Case { authenticator, challenge }
    }

    impl Case {
        fn authorization(&self, user: &str, password: &str, count: u32) -> String {
            let challenge = Challenge::parse(self.challenge.as_bytes()).expect("our own");
            let ha1 = Ha1::new(challenge.algorithm, user, "pbx.example", password);
            challenge.authorization(&ha1, user, "REGISTER", "sip:pbx.example", "cn", count)
        }

        fn verify(&mut self, authorization: &str, ha1: Option<&Ha1>, now: u64) -> Verdict {
            let request = register(Some(authorization));
            let credentials = Credentials::find(&request, "pbx.example").expect("credentials");
            self.authenticator.verify(&request, &credentials, ha1, now)
        }
    }

    fn ha1(algorithm: Algorithm) -> Ha1 {
        Ha1::new(algorithm, "100", "pbx.example", "secret")
    }

    #[test]
    fn the_right_password_once_for_each_count() {
        for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
            let mut case = case(algorithm);
            let good = ha1(algorithm);
            let first = case.authorization("100", "secret", 1);
            assert_eq!(case.verify(&first, Some(&good), 1001), Verdict::Accepted);
            assert_eq!(case.verify(&first, Some(&good), 1002), Verdict::Stale, "replayed");
            let second = case.authorization("100", "secret", 2);
            assert_eq!(case.verify(&second, Some(&good), 1002), Verdict::Accepted);
            let third = case.authorization("100", "secret", 3);
            assert_eq!(case.verify(&third, Some(&good), 1061), Verdict::Stale, "too old");
            assert_eq!(case.verify(&third, Some(&good), 900), Verdict::Stale, "from the future");
        }
    }

    #[test]
    fn wrong_unknown_forged_and_meant_for_something_else() {
        let mut case = case(Algorithm::Md5);
        let good = ha1(Algorithm::Md5);
        let wrong = case.authorization("100", "guess", 1);
        assert_eq!(case.verify(&wrong, Some(&good), 1001), Verdict::Refused);
        let right = case.authorization("100", "secret", 1);
        assert_eq!(case.verify(&right, None, 1001), Verdict::Refused);
        assert_eq!(case.verify(&right, Some(&ha1(Algorithm::Sha256)), 1001), Verdict::Refused);
        let other = Challenge::parse(case.challenge.as_bytes())
            .map(|challenge| challenge.authorization(&good, "100", "REGISTER", "sip:other.example", "cn", 1));
        assert_eq!(case.verify(&other.expect("ours"), Some(&good), 1001), Verdict::Refused);
        let mut stranger = Authenticator::new([8; 32], 60);
        let foreign = stranger.challenge("pbx.example", Algorithm::Md5, false, 1000);
        let foreign = Challenge::parse(foreign.as_bytes())
            .map(|challenge| challenge.authorization(&good, "100", "REGISTER", "sip:pbx.example", "cn", 1));
        assert_eq!(case.verify(&foreign.expect("theirs"), Some(&good), 1001), Verdict::Refused);
        assert_eq!(case.verify(&right, Some(&good), 1001), Verdict::Accepted, "none of them used it up");
    }

    #[test]
    fn an_empty_password_does_not_open_the_dummy() {
        let mut case = case(Algorithm::Md5);
        let challenge = Challenge::parse(case.challenge.as_bytes()).expect("our own");
        let nobody = Ha1::new(Algorithm::Md5, "", "", "");
        let authorization = challenge.authorization(&nobody, "999", "REGISTER", "sip:pbx.example", "cn", 1);
        assert_eq!(case.verify(&authorization, None, 1001), Verdict::Refused);
    }

    #[test]
    fn nonces_of_one_second_differ_and_stale_is_said() {
        let mut authenticator = Authenticator::new([9; 32], 60);
        let one = authenticator.challenge("r", Algorithm::Md5, false, 5);
        let other = authenticator.challenge("r", Algorithm::Md5, true, 5);
        assert_ne!(one, other);
        assert!(!one.contains("stale") && other.ends_with("stale=true"));
    }
}
