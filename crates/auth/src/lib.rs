//! Passwords, PINs, tokens, and the sealing of secrets at rest.
//!
//! The room of the heavy cryptographic dependencies: seldom edited, knows nothing of the product.
//!
//! - [`password`], [`pin`]: what a person may choose, and what to do when it is refused
//! - [`hasher`]: Argon2id over both, a few at a time
//! - [`token`]: one-time links, sessions and API tokens, stored as hashes
//! - [`sip_secret`]: a line's credentials and the HA1 that the registrar compares
//! - [`seal`]: secrets that must be read again, encrypted at rest with the key file
//! - [`random`]: the one place that reads the machine's randomness; everything else takes it as an argument
//!
//! Data flows one way: text from a form becomes a checked type (`Password`, `Pin`, `Token`), that becomes a `Hash` or
//! `Sealed` for the database. Nothing here prints a secret: every `Debug` is redacted.

pub mod hasher;
pub mod password;
pub mod pin;
pub mod random;
pub mod seal;
pub mod sip_secret;
pub mod token;

mod redacted;

pub use hasher::{Cost, Hash, HashError, Hasher};
pub use password::{Password, PasswordError};
pub use pin::{Pin, PinError};
pub use random::{CryptoRng, OsRandom};
pub use seal::{KeyFileError, OpenError, Sealed, Sealer};
pub use sip_secret::{Algorithm, Ha1, LineUsername, SipSecret};
pub use token::{ApiToken, ApiTokenError, Token, TokenHash};
