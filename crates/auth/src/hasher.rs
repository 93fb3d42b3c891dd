//! Argon2id (RFC 9106) over passwords and PINs.
//!
//! Hashing is slow and takes megabytes on purpose, so it runs on blocking threads, at most [`AT_A_TIME`] at once: a
//! flood of sign-ins waits in line and the calls go on.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::redacted::redacted_debug;

/// How many hashes are computed at the same time.
pub const AT_A_TIME: usize = 2;

/// Longer input is never anybody's password; it is answered "wrong" without being read.
const LONGEST_PRESENTED: usize = 1024;

/// Stands in for the hash of a user that does not exist. Its value is no secret; nothing verifies against it.
const NOBODY: &[u8] = b"nobody has this password";
const NOBODYS_SALT: [u8; 16] = *b"lineside-nobody!";

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB, at least 8.
    pub memory_kib: u32,
    /// Passes over that memory, at least 1.
    pub passes: u32,
}

impl Cost {
    /// The OWASP minimum for Argon2id: 19 MiB, two passes.
    pub const PRODUCTION: Cost = Cost { memory_kib: 19 * 1024, passes: 2 };
    /// For tests, where thousands of users sign in and none is worth an attack.
    pub const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };
}

/// A stored hash in PHC string form; it carries its own salt and cost.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

redacted_debug!(Hash);

impl Hash {
    /// From the database. Checked when it is used.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Hash(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, Error)]
pub enum HashError {
    #[error("the cost {0:?} is not possible: give at least 8 KiB of memory and 1 pass")]
    Cost(Cost),
    #[error("the stored hash can't be read; have the person set a new password or PIN")]
    Unreadable,
    #[error("hashing was interrupted because the program is stopping; try again")]
    Stopped,
}

/// Hashes and verifies. Clones share the same line.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    nobody: Hash,
    line: Arc<Semaphore>,
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("params", self.argon2.params()).finish_non_exhaustive()
    }
}

impl Hasher {
    /// Computes one hash at once (for unknown users), so this takes as long as a sign-in.
    pub fn new(cost: Cost) -> Result<Self, HashError> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(|_| HashError::Cost(cost))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, NOBODY, NOBODYS_SALT)?;
        Ok(Hasher { argon2, nobody, line: Arc::new(Semaphore::new(AT_A_TIME)) })
    }

    /// Hashes a checked secret: a [`Password`](crate::Password) or a [`Pin`](crate::Pin). The salt is drawn before the
    /// future is made, so the future is `Send` whatever the source is.
    pub fn hash(
        &self,
        secret: &dyn AsRef<str>,
        rng: &mut dyn CryptoRng,
    ) -> impl Future<Output = Result<Hash, HashError>> + Send + use<> {
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        let secret = Zeroizing::new(secret.as_ref().to_owned());
        let argon2 = self.argon2.clone();
        in_line(self.line.clone(), move || hash(&argon2, secret.as_bytes(), salt))
    }

    /// Whether `presented` is what was hashed. `None` stands for a user or PIN that does not exist: the answer is
    /// `false` and takes as long as any other, so timing tells nobody who exists.
    pub async fn verify(&self, presented: &str, stored: Option<&Hash>) -> Result<bool, HashError> {
        let too_long = presented.len() > LONGEST_PRESENTED;
        let presented = Zeroizing::new(if too_long { String::new() } else { crate::password::canonical(presented) });
        let somebody = stored.is_some() && !too_long;
        let stored = stored.filter(|_| somebody).unwrap_or(&self.nobody).clone();
        let argon2 = self.argon2.clone();
        let right = in_line(self.line.clone(), move || {
            let hash = PasswordHash::new(stored.as_str()).map_err(|_| HashError::Unreadable)?;
            Ok(argon2.verify_password(presented.as_bytes(), &hash).is_ok())
        })
        .await?;
        Ok(right && somebody)
    }

    /// Whether a hash was made at another cost than today's; hash anew at the next right password.
    pub fn is_outdated(&self, stored: &Hash) -> bool {
        PasswordHash::new(stored.as_str())
            .ok()
            .and_then(|hash| Params::try_from(&hash).ok())
            .is_none_or(|params| cost_of(&params) != cost_of(self.argon2.params()))
    }
}

async fn in_line<T: Send + 'static>(
    line: Arc<Semaphore>,
    work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
) -> Result<T, HashError> {
    let place = line.acquire_owned().await.map_err(|_| HashError::Stopped)?;
    // The place goes with the work: a sign-in whose browser went away still counts until its thread is free.
    let done = tokio::task::spawn_blocking(move || {
        let _place = place;
        work()
    });
    done.await.map_err(|_| HashError::Stopped)?
}

fn hash(argon2: &Argon2<'_>, secret: &[u8], salt: [u8; 16]) -> Result<Hash, HashError> {
    let hash = argon2.hash_password_with_salt(secret, &salt).map_err(|_| HashError::Unreadable)?;
    Ok(Hash(hash.to_string()))
}

fn cost_of(params: &Params) -> (u32, u32, u32) {
    (params.m_cost(), params.t_cost(), params.p_cost())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Password, Pin};
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    fn password(text: &str) -> Password {
        Password::parse(text, "ada").unwrap()
    }

    #[tokio::test]
    async fn the_right_password_verifies_and_another_does_not() {
        let hasher = Hasher::new(Cost::CHEAP).unwrap();
        let hash = hasher.hash(&password("correct horse battery"), &mut StdRng::seed_from_u64(1)).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", hash.as_str());
        assert!(hasher.verify("correct horse battery", Some(&hash)).await.unwrap());
        assert!(!hasher.verify("correct horse batterz", Some(&hash)).await.unwrap());
        assert!(!hasher.verify("", Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_signs_in_as_an_unknown_user_even_with_the_stand_in_password() {
        let hasher = Hasher::new(Cost::CHEAP).unwrap();
        assert!(!hasher.verify(std::str::from_utf8(NOBODY).unwrap(), None).await.unwrap());
    }

    #[tokio::test]
    async fn the_same_password_composed_differently_verifies() {
        let hasher = Hasher::new(Cost::CHEAP).unwrap();
        let hash = hasher.hash(&password("caf\u{e9} au lait 7"), &mut StdRng::seed_from_u64(1)).await.unwrap();
        assert!(hasher.verify("cafe\u{301} au\u{a0}lait 7", Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_megabyte_is_wrong_without_being_hashed() {
        let hasher = Hasher::new(Cost::CHEAP).unwrap();
        let hash = hasher.hash(&password("correct horse battery"), &mut StdRng::seed_from_u64(1)).await.unwrap();
        assert!(!hasher.verify(&"x".repeat(1 << 20), Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_pin_is_hashed_the_same_way_with_a_salt_of_its_own() {
        let hasher = Hasher::new(Cost::CHEAP).unwrap();
        let mut rng = StdRng::seed_from_u64(1);
        let pin = Pin::parse("2580", None).unwrap();
        let (first, second) = (hasher.hash(&pin, &mut rng).await.unwrap(), hasher.hash(&pin, &mut rng).await.unwrap());
        assert_ne!(first, second);
        assert!(hasher.verify("2580", Some(&first)).await.unwrap());
        assert!(hasher.verify("2580", Some(&second)).await.unwrap());
    }

    #[tokio::test]
    async fn a_dearer_cost_makes_older_hashes_outdated_but_not_wrong() {
        let old = Hasher::new(Cost::CHEAP).unwrap();
        let new = Hasher::new(Cost { memory_kib: 16, passes: 1 }).unwrap();
        let hash = old.hash(&password("correct horse battery"), &mut StdRng::seed_from_u64(1)).await.unwrap();
        assert!(!old.is_outdated(&hash));
        assert!(new.is_outdated(&hash));
        assert!(new.verify("correct horse battery", Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_and_an_impossible_cost_too() {
        let hasher = Hasher::new(Cost::CHEAP).unwrap();
        let damaged = Hash::from_stored("not a hash");
        assert!(matches!(hasher.verify("anything", Some(&damaged)).await, Err(HashError::Unreadable)));
        assert!(matches!(Hasher::new(Cost { memory_kib: 1, passes: 1 }), Err(HashError::Cost(_))));
    }

    #[tokio::test]
    async fn the_future_can_move_between_threads_and_prints_no_hash() {
        let hasher = Hasher::new(Cost::CHEAP).unwrap();
        let future = hasher.hash(&password("correct horse battery"), &mut StdRng::seed_from_u64(1));
        let hash = tokio::spawn(future).await.unwrap().unwrap();
        assert_eq!(format!("{hash:?}"), "Hash(…)");
    }
}
