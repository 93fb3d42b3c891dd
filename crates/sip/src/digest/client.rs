//! The client's side: an answer to a challenge, for trunks that ask for one and for tests.

use std::fmt::Write as _;

use super::credentials::{auth_params, digest};
use super::ha1::response;
use super::{Algorithm, Credentials, Ha1};
use crate::{HeaderName, Message};

/// A challenge received in a 401 or 407.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Challenge<'a> {
    pub realm: &'a [u8],
    pub nonce: &'a [u8],
    pub opaque: &'a [u8],
    pub algorithm: Algorithm,
    /// The server offers `qop=auth`.
    pub has_qop: bool,
    /// The password was right; only the nonce must be renewed.
    pub stale: bool,
}

impl<'a> Challenge<'a> {
    /// The first challenge in a response with an algorithm we know, which is the one the server likes best (RFC 8760
    /// section 2.4).
    pub fn find(response: &'a Message) -> Option<Challenge<'a>> {
        let name = if response.status() == 407 { HeaderName::ProxyAuthenticate } else { HeaderName::WwwAuthenticate };
        response.headers(name).find_map(Challenge::parse)
    }

    pub fn parse(value: &'a [u8]) -> Option<Challenge<'a>> {
        let mut found = Challenge::default();
        for pair in auth_params(digest(value)?) {
            let (name, value) = pair?;
            match () {
                () if name.eq_ignore_ascii_case(b"realm") => found.realm = value,
                () if name.eq_ignore_ascii_case(b"nonce") => found.nonce = value,
                () if name.eq_ignore_ascii_case(b"opaque") => found.opaque = value,
                () if name.eq_ignore_ascii_case(b"algorithm") => found.algorithm = Algorithm::parse(value)?,
                () if name.eq_ignore_ascii_case(b"stale") => found.stale = value.eq_ignore_ascii_case(b"true"),
                () if name.eq_ignore_ascii_case(b"qop") => {
                    found.has_qop =
                        value.split(|byte| *byte == b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(b"auth"));
                }
                () => {}
            }
        }
        (!found.nonce.is_empty()).then_some(found)
    }

    /// The value of `Authorization` (after 401) or `Proxy-Authorization` (after 407). `ha1` must be of the challenge's
    /// algorithm and realm; `count` starts at 1 and grows with each request that uses this nonce.
    pub fn authorization(&self, ha1: &Ha1, user: &str, method: &str, uri: &str, cnonce: &str, count: u32) -> String {
        let nc = format!("{count:08x}");
        let qop: &[u8] = if self.has_qop { b"auth" } else { b"" };
        let parts = Credentials {
            nonce: self.nonce,
            uri: uri.as_bytes(),
            cnonce: cnonce.as_bytes(),
            nc: nc.as_bytes(),
            qop,
            ..Credentials::default()
        };
        let response = response(ha1, method.as_bytes(), &parts);
        let mut value = format!(
            "Digest username=\"{user}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{}\", algorithm={}",
            String::from_utf8_lossy(self.realm),
            String::from_utf8_lossy(self.nonce),
            response.as_str(),
            ha1.algorithm().as_str(),
        );
        // Writing to a String cannot fail.
        if self.has_qop {
            let _ = write!(value, ", qop=auth, nc={nc}, cnonce=\"{cnonce}\"");
        }
        if !self.opaque.is_empty() {
            let _ = write!(value, ", opaque=\"{}\"", String::from_utf8_lossy(self.opaque));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7616 section 3.9.1, in both algorithms.
    #[test]
    fn rfc_7616_example() {
        let cases = [
            (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ];
        for (algorithm, expected) in cases {
            let challenge = Challenge {
                realm: b"http-auth@example.org",
                nonce: b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                opaque: b"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
                algorithm,
                has_qop: true,
                stale: false,
            };
            let ha1 = Ha1::new(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life");
            let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            let value = challenge.authorization(&ha1, "Mufasa", "GET", "/dir/index.html", cnonce, 1);
            assert!(value.contains(&format!("response=\"{expected}\"")), "{value}");
            assert!(value.contains("nc=00000001") && value.contains("opaque="));
        }
    }

    #[test]
    fn stored_digits_give_the_same_ha1() {
        let ha1 = Ha1::new(Algorithm::Md5, "100", "r", "p");
        let again = Ha1::from_hex(&ha1.as_hex().to_ascii_uppercase()).expect("32 digits");
        assert_eq!(again.as_hex(), ha1.as_hex());
        assert!(Ha1::from_hex("12").is_none());
        assert!(Ha1::from_hex(&"g".repeat(32)).is_none());
        assert_eq!(format!("{ha1:?}"), "Ha1(MD5, hidden)");
    }
}
