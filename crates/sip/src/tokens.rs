//! Tags, branches, Call-IDs: a keyed hash over a counter, so that nobody can guess them and a test can repeat them.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

/// SipHash-2-4 (Aumasson, Bernstein) with a 128-bit key: also the hash behind transaction matching.
#[derive(Clone, Copy)]
pub(crate) struct KeyedHash {
    k0: u64,
    k1: u64,
}

impl KeyedHash {
    pub fn new(key: [u8; 16]) -> KeyedHash {
        let number = u128::from_le_bytes(key);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of the key")]
        KeyedHash { k0: number as u64, k1: (number >> 64) as u64 }
    }

    /// Hash of the parts, each with its length, so that no two lists of parts read the same.
    pub fn hash(&self, parts: &[&[u8]]) -> u64 {
        let mut state = State::new(self);
        for part in parts {
            state.block(part.len() as u64);
            let mut chunks = part.chunks_exact(8);
            for chunk in &mut chunks {
                state.block(u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
            }
            let mut last = [0; 8];
            let rest = chunks.remainder();
            last[..rest.len()].copy_from_slice(rest);
            state.block(u64::from_le_bytes(last));
        }
        state.finish()
    }
}

struct State([u64; 4]);

impl State {
    fn new(key: &KeyedHash) -> State {
        State([
            key.k0 ^ 0x736f_6d65_7073_6575,
            key.k1 ^ 0x646f_7261_6e64_6f6d,
            key.k0 ^ 0x6c79_6765_6e65_7261,
            key.k1 ^ 0x7465_6462_7974_6573,
        ])
    }

    fn block(&mut self, word: u64) {
        self.0[3] ^= word;
        self.round();
        self.round();
        self.0[0] ^= word;
    }

    fn finish(mut self) -> u64 {
        self.0[2] ^= 0xff;
        for _ in 0..4 {
            self.round();
        }
        self.0[0] ^ self.0[1] ^ self.0[2] ^ self.0[3]
    }

    fn round(&mut self) {
        let [a, b, c, d] = &mut self.0;
        *a = a.wrapping_add(*b);
        *b = b.rotate_left(13) ^ *a;
        *a = a.rotate_left(32);
        *c = c.wrapping_add(*d);
        *d = d.rotate_left(16) ^ *c;
        *a = a.wrapping_add(*d);
        *d = d.rotate_left(21) ^ *a;
        *c = c.wrapping_add(*b);
        *b = b.rotate_left(17) ^ *c;
        *c = c.rotate_left(32);
    }
}

/// 64 bits as 16 hexadecimal digits; a tag needs 32 (RFC 3261 section 19.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    pub(crate) fn from_number(number: u64) -> Token {
        let mut digits = [0; 16];
        for (index, digit) in digits.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(number >> (60 - 4 * index) & 15) as usize];
        }
        Token(digits)
    }

    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Deref for Token {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<[u8]> for Token {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// As it stands in a message: what is kept by token is found by that.
impl Borrow<[u8]> for Token {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An endless supply of [`Token`]s from a seed. Two supplies in one program need different seeds.
pub struct Tokens {
    hash: KeyedHash,
    counter: u64,
}

impl Tokens {
    /// `seed` comes from the system's randomness in production.
    pub fn new(seed: [u8; 16]) -> Tokens {
        Tokens { hash: KeyedHash::new(seed), counter: 0 }
    }

    /// A token never given before: for a tag, a Call-ID, a branch.
    pub fn token(&mut self) -> Token {
        self.counter += 1;
        Token::from_number(self.hash.hash(&[b"token", &self.counter.to_le_bytes()]))
    }

    /// A key for something that needs its own.
    pub(crate) fn key(&mut self) -> KeyedHash {
        self.counter += 1;
        let half = |name: &[u8]| self.hash.hash(&[name, &self.counter.to_le_bytes()]);
        KeyedHash { k0: half(b"first half"), k1: half(b"second half") }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_differ_and_repeat_with_the_seed() {
        let mut one = Tokens::new([7; 16]);
        let mut again = Tokens::new([7; 16]);
        let mut other = Tokens::new([8; 16]);
        let tokens: HashSet<Token> = (0..1000).map(|_| one.token()).collect();
        assert_eq!(tokens.len(), 1000);
        assert!(tokens.contains(&again.token()));
        assert!(!tokens.contains(&other.token()));
    }

    #[test]
    fn what_is_kept_by_token_is_found_by_its_text() {
        let token = Tokens::new([7; 16]).token();
        let kept = HashSet::from([token]);
        assert!(kept.contains(token.as_bytes()) && !kept.contains(&b"0123456789abcdef"[..]));
    }

    #[test]
    fn parts_do_not_run_together() {
        let hash = KeyedHash::new([1; 16]);
        assert_ne!(hash.hash(&[b"ab", b"c"]), hash.hash(&[b"a", b"bc"]));
        assert_ne!(hash.hash(&[b"a"]), hash.hash(&[b"a\0"]));
    }
}
