//! The machine's randomness. Everything else in the house takes a source as an argument, so that a test knows every
//! secret; the program passes [`OsRandom`].

use std::convert::Infallible;

pub use rand::CryptoRng;
use rand::rngs::SysRng;
use rand::{TryCryptoRng, TryRng};

/// The operating system's generator (`getrandom`), asked anew each time: nothing to seed, fork or leak.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsRandom;

impl TryRng for OsRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        if let Err(error) = SysRng.try_fill_bytes(bytes) {
            panic!("the operating system gives no randomness: {error}");
        }
        Ok(())
    }
}

impl TryCryptoRng for OsRandom {}

/// `length` characters drawn evenly from `alphabet`.
pub(crate) fn text(length: usize, alphabet: &[u8], rng: &mut dyn CryptoRng) -> String {
    use rand::RngExt as _;
    (0..length).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng as _;

    #[test]
    fn two_draws_differ() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        OsRandom.fill_bytes(&mut first);
        OsRandom.fill_bytes(&mut second);
        assert_ne!(first, second);
    }
}
