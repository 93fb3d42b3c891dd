//! Identifiers: `UUIDv7` inside, so that rows lie in the order of their making.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }
    )+};
}

id! {
    AccountId, LocationId, DepartmentId, UserId, OperatorId, NumberId, DeviceId, LineId, TrackId, LicenseTypeId,
    AssignmentId, ScheduleEntryId, MailId, CallId, TrunkId,
    /// A message that a caller left.
    MessageId,
    RecordingId,
    ImportId,
    /// A saved view of the list of users.
    ViewId,
    /// Greetings of many users in one file.
    ArchiveId,
    /// One change that somebody asked for: minted when its form is opened or its request arrives. It becomes the
    /// journal entry's identifier, so that the same change sent twice is applied once.
    ChangeId,
}

impl ChangeId {
    /// An identifier for a row that this change makes, the same each time the change is planned: the time of the change and
    /// its place within the millisecond (the first 64 bits of our `UUIDv7`), then a hash in place of randomness.
    pub fn derive(self, what: &str, of: Uuid) -> Uuid {
        let hash = Sha256::new().chain_update(self.0).chain_update(what).chain_update(of).finalize();
        let mut bytes = *self.0.as_bytes();
        for (byte, hashed) in bytes[8..].iter_mut().zip(hash.iter()) {
            *byte = *hashed;
        }
        uuid::Builder::from_bytes(bytes)
            .with_version(uuid::Version::SortRand)
            .with_variant(uuid::Variant::RFC4122)
            .into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_identifier_is_stable_and_distinct() {
        let change = ChangeId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(change.derive("line", a), change.derive("line", a));
        assert_ne!(change.derive("line", a), change.derive("line", b));
        assert_ne!(change.derive("line", a), change.derive("assignment", a));
        assert_eq!(change.derive("line", a).get_version_num(), 7);
        assert_eq!(change.derive("line", a).as_bytes()[..6], change.0.as_bytes()[..6]);
    }
}
