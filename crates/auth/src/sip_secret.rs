//! A line's SIP credentials: made here, never chosen by a person, never an extension or a number.

use std::fmt;

use md5::Md5;
use rand::CryptoRng;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::random;
use crate::redacted::redacted_debug;

/// RFC 4648 base32 in lower case: no 0, 1, 8 or 9 to be mistaken.
const BASE32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Letters and digits without 0 O o, 1 I l: a softphone's user types this from a screen.
const LEGIBLE: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 28 of 56 characters are 162 bits.
const SECRET_LENGTH: usize = 28;

/// `d-` and ten random characters: says nothing about its user, so a scanner that knows extensions knows no line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LineUsername(String);

impl LineUsername {
    pub fn mint(rng: &mut dyn CryptoRng) -> Self {
        LineUsername(format!("d-{}", random::text(10, BASE32, rng)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LineUsername {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A line's password: 28 legible characters.
#[derive(Clone)]
pub struct SipSecret(Zeroizing<String>);

redacted_debug!(SipSecret);

impl SipSecret {
    pub fn mint(rng: &mut dyn CryptoRng) -> Self {
        SipSecret(Zeroizing::new(random::text(SECRET_LENGTH, LEGIBLE, rng)))
    }

    /// One that was unsealed; `None` when the bytes are no text.
    pub fn from_opened(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(|text| SipSecret(Zeroizing::new(text.to_owned())))
    }

    /// For the configuration file of a phone that wants the password itself, and for nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn ha1(&self, algorithm: Algorithm, username: &str, realm: &str) -> Ha1 {
        Ha1::new(algorithm, username, realm, self.reveal())
    }
}

/// The digest algorithm of RFC 7616 and RFC 8760.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    /// As it stands in `WWW-Authenticate`.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }
}

/// H(username:realm:password), RFC 7616 section 3.4.2, in lower-case hex. For its realm it is as good as the password:
/// seal it.
#[derive(Clone)]
pub struct Ha1(Zeroizing<String>);

redacted_debug!(Ha1);

impl Ha1 {
    pub fn new(algorithm: Algorithm, username: &str, realm: &str, secret: &str) -> Self {
        let text = Zeroizing::new(format!("{username}:{realm}:{secret}"));
        let hex = match algorithm {
            Algorithm::Md5 => hex::encode(Md5::digest(text.as_bytes())),
            Algorithm::Sha256 => hex::encode(Sha256::digest(text.as_bytes())),
        };
        Ha1(Zeroizing::new(hex))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Ha1 {
    /// In constant time for two of the same algorithm.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Ha1 {}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    #[test]
    fn a_line_username_says_nothing() {
        let username = LineUsername::mint(&mut StdRng::seed_from_u64(1));
        let random = username.as_str().strip_prefix("d-").unwrap();
        assert_eq!(random.len(), 10);
        assert!(random.bytes().all(|byte| BASE32.contains(&byte)), "{username}");
    }

    #[test]
    fn a_secret_is_long_and_legible() {
        let mut rng = StdRng::seed_from_u64(1);
        let (secret, other) = (SipSecret::mint(&mut rng), SipSecret::mint(&mut rng));
        assert!(secret.reveal().len() >= 24);
        assert!(!secret.reveal().contains(['0', 'O', 'o', '1', 'I', 'l']));
        assert_ne!(secret.reveal(), other.reveal());
        assert_eq!(format!("{secret:?}"), "SipSecret(…)");
    }

    /// RFC 7616 section 3.9.1 and RFC 2617 section 3.5 print the responses; these are the HA1s that lead to them.
    #[test]
    fn ha1_agrees_with_the_rfc_examples() {
        let md5 = Ha1::new(Algorithm::Md5, "Mufasa", "http-auth@example.org", "Circle of Life");
        let sha256 = Ha1::new(Algorithm::Sha256, "Mufasa", "http-auth@example.org", "Circle of Life");
        assert_eq!(response(&Md5::digest, &md5), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            response(&Sha256::digest, &sha256),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    fn response<H: AsRef<[u8]>>(digest: &dyn Fn(String) -> H, ha1: &Ha1) -> String {
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let ha2 = hex::encode(digest("GET:/dir/index.html".to_owned()));
        hex::encode(digest(format!("{}:{nonce}:00000001:{cnonce}:auth:{ha2}", ha1.reveal())))
    }

    #[test]
    fn the_password_of_an_opened_line_gives_the_same_ha1() {
        let secret = SipSecret::mint(&mut StdRng::seed_from_u64(1));
        let opened = SipSecret::from_opened(secret.reveal().as_bytes()).unwrap();
        assert_eq!(
            opened.ha1(Algorithm::Sha256, "d-abc", "acme.example"),
            secret.ha1(Algorithm::Sha256, "d-abc", "acme.example")
        );
        assert_ne!(secret.ha1(Algorithm::Md5, "d-abc", "a"), secret.ha1(Algorithm::Md5, "d-abc", "b"));
    }
}
