//! Suites and keys.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A crypto suite of SDP security descriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`, which every phone has (RFC 4568 section 6.2.1).
    AesCm80,
    /// `AES_CM_128_HMAC_SHA1_32`, with a shorter tag on RTP.
    AesCm32,
    /// `AEAD_AES_128_GCM` (RFC 7714).
    AesGcm,
}

pub(super) const KEY: usize = 16;

impl Suite {
    pub fn of_name(name: &str) -> Option<Suite> {
        [Suite::AesCm80, Suite::AesCm32, Suite::AesGcm].into_iter().find(|suite| suite.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Suite::AesCm80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::AesCm32 => "AES_CM_128_HMAC_SHA1_32",
            Suite::AesGcm => "AEAD_AES_128_GCM",
        }
    }

    /// Bytes of a master key with its salt.
    pub fn length(self) -> usize {
        KEY + self.salt()
    }

    pub(super) fn salt(self) -> usize {
        match self {
            Suite::AesCm80 | Suite::AesCm32 => 14,
            Suite::AesGcm => 12,
        }
    }

    /// Bytes that protection adds to an RTP packet.
    pub(super) fn tag(self) -> usize {
        match self {
            Suite::AesCm80 => 10,
            Suite::AesCm32 => 4,
            Suite::AesGcm => 16,
        }
    }
}

/// A master key and its salt, for one direction.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SrtpKey {
    #[zeroize(skip)]
    suite: Suite,
    /// The key, the salt, and for the shorter salt two zeros (RFC 7714 section 11).
    bytes: [u8; KEY + 14],
}

impl SrtpKey {
    /// Of `Suite::length` bytes, which must be random for a key of ours.
    pub fn new(suite: Suite, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != suite.length() {
            return None;
        }
        let mut padded = [0; KEY + 14];
        padded[..bytes.len()].copy_from_slice(bytes);
        Some(Self { suite, bytes: padded })
    }

    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The key with its salt.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.suite.length()]
    }

    pub(super) fn master(&self) -> [u8; KEY] {
        let mut key = [0; KEY];
        key.copy_from_slice(&self.bytes[..KEY]);
        key
    }

    pub(super) fn master_salt(&self) -> [u8; 14] {
        let mut salt = [0; 14];
        salt.copy_from_slice(&self.bytes[KEY..]);
        salt
    }
}

/// Makes the keys that we send with: each out of a secret of this run and the name of what it is for. So none has to be
/// kept, the same is found again for a refresh, and nobody else can tell it.
pub struct KeyMaker(ring::hmac::Key);

impl KeyMaker {
    /// The secret is random, and no other run has it.
    pub fn new(secret: &[u8]) -> Self {
        Self(ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret))
    }

    /// Nothing else may ever be given this name.
    pub fn key(&self, suite: Suite, name: &str) -> Option<SrtpKey> {
        let mut context = ring::hmac::Context::with_key(&self.0);
        context.update(suite.name().as_bytes());
        context.update(&[0]);
        context.update(name.as_bytes());
        SrtpKey::new(suite, context.sign().as_ref().get(..suite.length())?)
    }
}

/// Nor the secret of all of them.
impl fmt::Debug for KeyMaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyMaker")
    }
}

/// A key must not be found in a log.
impl fmt::Debug for SrtpKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SrtpKey({})", self.suite.name())
    }
}

/// The keys of a leg. Each side makes the key that it sends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrtpKeys {
    /// What the leg protects its packets with.
    pub inbound: SrtpKey,
    /// What we protect packets to the leg with.
    pub outbound: SrtpKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_by_name_suite_and_secret() {
        let maker = KeyMaker::new(b"a secret");
        let key = |suite, name| maker.key(suite, name).unwrap();
        assert_eq!(key(Suite::AesCm80, "a"), key(Suite::AesCm80, "a"));
        assert_ne!(key(Suite::AesCm80, "a"), key(Suite::AesCm80, "b"));
        assert_ne!(key(Suite::AesCm80, "a").bytes(), key(Suite::AesCm32, "a").bytes());
        assert_ne!(key(Suite::AesGcm, "a"), KeyMaker::new(b"another").key(Suite::AesGcm, "a").unwrap());
    }
}
