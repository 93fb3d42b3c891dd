//! Secrets in the form in which they are kept: sealed or hashed. They pass through plans without being seen.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A sealed or hashed secret. Neither `Debug` nor JSON shows it, so that journals, previews and logs can't.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Opaque(Vec<u8>);

impl Opaque {
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// For the store, and for the room that unseals it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Serialize for Opaque {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(secret)")
    }
}

impl<'de> Deserialize<'de> for Opaque {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|_| Self::default())
    }
}
