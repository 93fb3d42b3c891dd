//! HA1 and the hashes.

use std::fmt;

use md5::{Digest, Md5};
use sha2::Sha256;
use subtle::ConstantTimeEq;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Algorithm {
    #[default]
    Md5,
    Sha256,
}

/// HA1 = H(user:realm:password) as lower-case hexadecimal digits: worth as much as the password, so it is never shown.
#[derive(Clone, Copy)]
pub struct Ha1 {
    algorithm: Algorithm,
    digits: HexDigest,
}

/// Hexadecimal digits of either hash.
#[derive(Clone, Copy)]
pub(super) struct HexDigest {
    bytes: [u8; 64],
    len: usize,
}

impl Algorithm {
    /// As RFC 7616 writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }

    /// `None` for what is not supported, `-sess` variants among them.
    pub fn parse(text: &[u8]) -> Option<Algorithm> {
        [Algorithm::Md5, Algorithm::Sha256]
            .into_iter()
            .find(|known| known.as_str().as_bytes().eq_ignore_ascii_case(text))
    }

    /// Number of hexadecimal digits of a digest.
    pub fn digits(self) -> usize {
        match self {
            Algorithm::Md5 => 32,
            Algorithm::Sha256 => 64,
        }
    }

    /// H(part ":" part ":" ...).
    pub(super) fn hash(self, parts: &[&[u8]]) -> HexDigest {
        match self {
            Algorithm::Md5 => hash_with::<Md5>(parts),
            Algorithm::Sha256 => hash_with::<Sha256>(parts),
        }
    }
}

fn hash_with<D: Digest>(parts: &[&[u8]]) -> HexDigest {
    let mut digest = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    HexDigest::of(&digest.finalize())
}

impl HexDigest {
    fn of(hash: &[u8]) -> HexDigest {
        let mut bytes = [0; 64];
        for (pair, byte) in bytes.chunks_exact_mut(2).zip(hash) {
            pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
            pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        HexDigest { bytes, len: (hash.len() * 2).min(64) }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// In constant time; digits in any case.
    pub fn matches(&self, text: &[u8]) -> bool {
        let mut lower = [0; 64];
        let len = text.len().min(64);
        lower[..len].copy_from_slice(&text[..len]);
        lower.make_ascii_lowercase();
        let same_len = text.len() == self.len;
        bool::from(lower.ct_eq(&self.bytes)) & same_len
    }
}

impl Ha1 {
    pub fn new(algorithm: Algorithm, username: &str, realm: &str, password: &str) -> Ha1 {
        let parts = [username.as_bytes(), realm.as_bytes(), password.as_bytes()];
        Ha1 { algorithm, digits: algorithm.hash(&parts) }
    }

    /// From stored hexadecimal digits: 32 make an MD5, 64 a SHA-256.
    pub fn from_hex(text: &str) -> Option<Ha1> {
        let algorithm = [Algorithm::Md5, Algorithm::Sha256].into_iter().find(|known| known.digits() == text.len())?;
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 64];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        bytes.make_ascii_lowercase();
        Some(Ha1 { algorithm, digits: HexDigest { bytes, len: text.len() } })
    }

    /// From the hash itself.
    pub fn md5(hash: [u8; 16]) -> Ha1 {
        Ha1 { algorithm: Algorithm::Md5, digits: HexDigest::of(&hash) }
    }

    /// From the hash itself.
    pub fn sha256(hash: [u8; 32]) -> Ha1 {
        Ha1 { algorithm: Algorithm::Sha256, digits: HexDigest::of(&hash) }
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The digits, for storage.
    pub fn as_hex(&self) -> &str {
        self.digits.as_str()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.digits.as_bytes()
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ha1({}, hidden)", self.algorithm.as_str())
    }
}

/// The `response` of RFC 7616 section 3.4.1; without `qop` that of RFC 2069, which old phones still send.
pub(super) fn response(ha1: &Ha1, method: &[u8], parts: &super::Credentials<'_>) -> HexDigest {
    let ha2 = ha1.algorithm.hash(&[method, parts.uri]);
    if parts.qop.is_empty() {
        return ha1.algorithm.hash(&[ha1.as_bytes(), parts.nonce, ha2.as_bytes()]);
    }
    ha1.algorithm.hash(&[ha1.as_bytes(), parts.nonce, parts.nc, parts.cnonce, parts.qop, ha2.as_bytes()])
}
