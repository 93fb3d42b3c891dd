//! Stateless nonces: `seconds serial MAC`, as hexadecimal digits.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

pub(super) struct NonceKey([u8; 32]);

/// What a nonce of ours says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nonce {
    pub issued: u64,
    /// Two nonces of one second differ by it.
    pub serial: u32,
}

const PLAIN_DIGITS: usize = 16 + 8;
const MAC_BYTES: usize = 12;

impl NonceKey {
    pub fn new(key: [u8; 32]) -> NonceKey {
        NonceKey(key)
    }

    /// 48 digits. The realm is under the MAC: a nonce of one account says nothing to another.
    pub fn issue(&self, nonce: Nonce, realm: &[u8]) -> String {
        use std::fmt::Write as _;
        let mut text = format!("{:016x}{:08x}", nonce.issued, nonce.serial);
        for byte in self.mac(text.as_bytes(), realm) {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// The nonce, if it is one of ours for that realm.
    pub fn check(&self, text: &[u8], realm: &[u8]) -> Option<Nonce> {
        if text.len() != PLAIN_DIGITS + 2 * MAC_BYTES {
            return None;
        }
        let (plain, mac) = text.split_at(PLAIN_DIGITS);
        let mut expected = String::with_capacity(2 * MAC_BYTES);
        for byte in self.mac(plain, realm) {
            use std::fmt::Write as _;
            let _ = write!(expected, "{byte:02x}");
        }
        if !bool::from(expected.as_bytes().ct_eq(mac)) {
            return None;
        }
        let digits = |part: &[u8]| str::from_utf8(part).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
        let serial = u32::try_from(digits(&plain[16..])?).ok()?;
        Some(Nonce { issued: digits(&plain[..16])?, serial })
    }

    fn mac(&self, plain: &[u8], realm: &[u8]) -> [u8; MAC_BYTES] {
        let mut out = [0; MAC_BYTES];
        // HMAC takes keys of any length, so this cannot fail.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(plain);
            mac.update(realm);
            out.copy_from_slice(&mac.finalize().into_bytes()[..MAC_BYTES]);
        }
        out
    }
}
