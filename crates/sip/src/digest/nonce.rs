//! Stateless nonces: `seconds serial MAC`, as hexadecimal digits.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// HMAC that has taken its key already.
pub(super) struct NonceKey(Hmac<Sha256>);

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
        // HMAC pads a short key with zeros to the block of its hash (RFC 2104).
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(&key);
        NonceKey(Hmac::new(&block.into()))
    }

    /// 48 digits. The realm is under the MAC: a nonce of one account says nothing to another.
    pub fn issue(&self, nonce: Nonce, realm: &[u8]) -> String {
        let mut text = String::with_capacity(PLAIN_DIGITS + 2 * MAC_BYTES);
        push_hex(&mut text, &nonce.issued.to_be_bytes());
        push_hex(&mut text, &nonce.serial.to_be_bytes());
        let mac = self.mac(text.as_bytes(), realm);
        push_hex(&mut text, &mac);
        text
    }

    /// The nonce, if it is one of ours for that realm.
    pub fn check(&self, text: &[u8], realm: &[u8]) -> Option<Nonce> {
        if text.len() != PLAIN_DIGITS + 2 * MAC_BYTES {
            return None;
        }
        let (plain, mac) = text.split_at(PLAIN_DIGITS);
        let mut expected = String::with_capacity(2 * MAC_BYTES);
        push_hex(&mut expected, &self.mac(plain, realm));
        if !bool::from(expected.as_bytes().ct_eq(mac)) {
            return None;
        }
        let digits = |part: &[u8]| str::from_utf8(part).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
        let serial = u32::try_from(digits(&plain[16..])?).ok()?;
        Some(Nonce { issued: digits(&plain[..16])?, serial })
    }

    fn mac(&self, plain: &[u8], realm: &[u8]) -> [u8; MAC_BYTES] {
        let mut out = [0; MAC_BYTES];
        let mut mac = self.0.clone();
        mac.update(plain);
        mac.update(realm);
        out.copy_from_slice(&mac.finalize().into_bytes()[..MAC_BYTES]);
        out
    }
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
    }
}
