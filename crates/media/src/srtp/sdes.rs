//! Keys as `a=crypto` carries them (RFC 4568). They are secrets in the clear: such SDP goes over TLS only.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use thiserror::Error;

use super::key::{SrtpKey, Suite};

/// The value of one `a=crypto` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    /// Answers repeat the tag of the line that they chose.
    pub tag: u32,
    pub key: SrtpKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CryptoError {
    #[error("the crypto line is malformed; it reads `tag suite inline:key`")]
    Malformed,
    #[error("the crypto suite is not supported; offer AES_CM_128_HMAC_SHA1_80")]
    Suite,
    #[error("the key has another length than its suite demands")]
    Length,
    #[error("master key identifiers are not supported; offer one key without")]
    KeyIdentifier,
    #[error("a session parameter is not supported; offer the suite without parameters")]
    Parameter,
}

impl Crypto {
    /// Reads what follows `a=crypto:`.
    pub fn parse(value: &str) -> Result<Crypto, CryptoError> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= 9 && tag.bytes().all(|byte| byte.is_ascii_digit()));
        let tag = tag.and_then(|tag| tag.parse().ok()).ok_or(CryptoError::Malformed)?;
        let suite = Suite::of_name(words.next().ok_or(CryptoError::Malformed)?).ok_or(CryptoError::Suite)?;
        let inline = words.next().and_then(|word| word.strip_prefix("inline:")).ok_or(CryptoError::Malformed)?;
        // Further keys are separated by semicolons, and told apart by identifiers.
        let mut parts = inline.split('|');
        let key = parts.next().unwrap_or_default();
        if inline.contains(';') || parts.any(|part| part.contains(':')) {
            return Err(CryptoError::KeyIdentifier);
        }
        if !words.all(is_harmless) {
            return Err(CryptoError::Parameter);
        }
        let bytes = zeroize::Zeroizing::new(STANDARD.decode(key).map_err(|_| CryptoError::Malformed)?);
        let key = SrtpKey::new(suite, &bytes).ok_or(CryptoError::Length)?;
        Ok(Crypto { tag, key })
    }

    /// What follows `a=crypto:`.
    pub fn to_value(&self) -> String {
        format!("{} {} inline:{}", self.tag, self.key.suite().name(), STANDARD.encode(self.key.bytes()))
    }
}

/// A hint for replay windows, which ours is larger than, and what its sender allows to be ignored (RFC 4568 sections
/// 6.3.6 and 6.3.7).
fn is_harmless(parameter: &str) -> bool {
    parameter.starts_with("WSH=") || parameter.starts_with('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of RFC 4568 section 9.1, one line of it.
    const LINE: &str = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20";

    #[test]
    fn a_line_is_read_and_written() {
        let crypto = Crypto::parse(LINE).unwrap();
        assert_eq!((crypto.tag, crypto.key.suite()), (1, Suite::AesCm80));
        assert_eq!(crypto.key.bytes(), b"YS___semctl () {\t220;}\n}\nunles");
        assert_eq!(crypto.to_value(), LINE.strip_suffix("|2^20").unwrap());
        assert_eq!(Crypto::parse(&crypto.to_value()), Ok(crypto.clone()));
        assert!(!format!("{crypto:?}").contains("semctl"), "keys stay out of logs");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let with = |after: &str| Crypto::parse(&format!("{LINE}{after}")).err();
        assert_eq!(with("|1:4"), Some(CryptoError::KeyIdentifier));
        assert_eq!(with(" UNENCRYPTED_SRTP"), Some(CryptoError::Parameter));
        assert_eq!(with(" WSH=64 -EXTRA"), None);
        assert_eq!(Crypto::parse("1 F8_128_HMAC_SHA1_80 inline:AAAA"), Err(CryptoError::Suite));
        assert_eq!(Crypto::parse("1 AES_CM_128_HMAC_SHA1_80 inline:AAAA"), Err(CryptoError::Length));
        for malformed in [
            "",
            "1",
            "x AES_CM_128_HMAC_SHA1_80 inline:AAAA",
            "1 AES_CM_128_HMAC_SHA1_80 AAAA",
            "1 AES_CM_128_HMAC_SHA1_80 inline:*",
        ] {
            assert_eq!(Crypto::parse(malformed), Err(CryptoError::Malformed), "{malformed}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,200}") {
            let _ = Crypto::parse(&text);
        }

        #[test]
        fn any_key_survives(bytes in proptest::collection::vec(any::<u8>(), 28..=30), tag in 0..1_000_000_000_u32) {
            let suite = [Suite::AesGcm, Suite::AesCm80, Suite::AesCm32][bytes.len() % 3];
            if let Some(key) = SrtpKey::new(suite, &bytes) {
                let crypto = Crypto { tag, key };
                prop_assert_eq!(Crypto::parse(&crypto.to_value()), Ok(crypto));
            }
        }
    }
}
