//! Secrets that must be read again (a line's SIP password, a trunk's) are sealed: XChaCha20-Poly1305 with a key from a
//! file outside the database, so a copy of the database alone opens none of them.
//!
//! A sealed value is `format 1 | key id | nonce (24) | ciphertext and tag`. It is bound to its row: moved to another
//! one, it does not open.

mod key_file;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::redacted::redacted_debug;
use key_file::Key;
pub use key_file::KeyFileError;

const FORMAT: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 2;

/// Sealed bytes, as the database keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    #[error("a stored secret is damaged; make a new one (Generate) or restore the row from a backup")]
    Damaged,
    #[error("a stored secret was sealed with key {0}, which the key file does not have; put the old key file back")]
    UnknownKey(u8),
    #[error(
        "a stored secret does not open with this key file in this row; put back the key file that belongs to the database"
    )]
    WrongKeyOrRow,
}

/// Holds the keys. The last one in the file seals; all of them open.
#[derive(Clone)]
pub struct Sealer {
    keys: Vec<Key>,
}

redacted_debug!(Sealer);

impl Sealer {
    /// Seals `secret` for the row `bound_to`, for example `line/0192…/secret`.
    pub fn seal(&self, secret: &[u8], bound_to: &str, rng: &mut dyn CryptoRng) -> Sealed {
        let key = self.newest();
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let payload = Payload { msg: secret, aad: &associated(key.id, bound_to) };
        let ciphertext = cipher(key)
            .encrypt(&XNonce::from(nonce), payload)
            .expect("XChaCha20-Poly1305 fails only on messages of 256 GiB");
        Sealed([&[FORMAT, key.id], nonce.as_slice(), &ciphertext].concat())
    }

    pub fn open(&self, sealed: &Sealed, bound_to: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (head, rest) = sealed.0.split_at_checked(HEAD).ok_or(OpenError::Damaged)?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE).ok_or(OpenError::Damaged)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| OpenError::Damaged)?;
        if head[0] != FORMAT {
            return Err(OpenError::Damaged);
        }
        let key = self.keys.iter().find(|key| key.id == head[1]).ok_or(OpenError::UnknownKey(head[1]))?;
        let payload = Payload { msg: ciphertext, aad: &associated(key.id, bound_to) };
        let opened = cipher(key).decrypt(&XNonce::from(nonce), payload).map_err(|_| OpenError::WrongKeyOrRow)?;
        Ok(Zeroizing::new(opened))
    }

    /// Whether the value was sealed with an older key; seal it anew when it is next written.
    pub fn is_outdated(&self, sealed: &Sealed) -> bool {
        sealed.0.get(1) != Some(&self.newest().id)
    }

    fn newest(&self) -> &Key {
        self.keys.last().expect("a sealer is made with at least one key")
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*key.bytes).into())
}

/// The head is authenticated too, so neither the format nor the key id can be changed.
fn associated(key_id: u8, bound_to: &str) -> Vec<u8> {
    [&[FORMAT, key_id], bound_to.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    fn with_keys(ids: &[u8]) -> Sealer {
        Sealer { keys: ids.iter().map(|id| Key { id: *id, bytes: Zeroizing::new([*id; 32]) }).collect() }
    }

    #[test]
    fn what_was_sealed_opens_in_its_row_only() {
        let keys = with_keys(&[1]);
        let sealed = keys.seal(b"kT9vXw2m", "line/7", &mut StdRng::seed_from_u64(1));
        assert_eq!(keys.open(&sealed, "line/7").unwrap().as_slice(), b"kT9vXw2m");
        assert_eq!(keys.open(&sealed, "line/8").unwrap_err(), OpenError::WrongKeyOrRow);
        assert!(!sealed.0.windows(8).any(|window| window == b"kT9vXw2m"));
    }

    #[test]
    fn the_same_secret_is_sealed_differently_each_time() {
        let (keys, mut rng) = (with_keys(&[1]), StdRng::seed_from_u64(1));
        assert_ne!(keys.seal(b"x", "row", &mut rng), keys.seal(b"x", "row", &mut rng));
    }

    #[test]
    fn any_changed_bit_is_noticed() {
        let keys = with_keys(&[1]);
        let sealed = keys.seal(b"secret", "row", &mut StdRng::seed_from_u64(1));
        for at in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[at] ^= 1;
            assert!(keys.open(&changed, "row").is_err(), "byte {at}");
        }
        for length in 0..sealed.0.len() {
            assert!(keys.open(&Sealed(sealed.0[..length].to_vec()), "row").is_err(), "length {length}");
        }
    }

    #[test]
    fn after_a_rotation_old_values_open_and_are_outdated() {
        let (old, both, new) = (with_keys(&[1]), with_keys(&[1, 2]), with_keys(&[2]));
        let sealed = old.seal(b"secret", "row", &mut StdRng::seed_from_u64(1));
        assert_eq!(both.open(&sealed, "row").unwrap().as_slice(), b"secret");
        assert!(both.is_outdated(&sealed));
        assert!(!both.is_outdated(&both.seal(b"secret", "row", &mut StdRng::seed_from_u64(2))));
        assert_eq!(new.open(&sealed, "row").unwrap_err(), OpenError::UnknownKey(1));
    }
}
