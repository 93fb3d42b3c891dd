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

    /// Under which one row of a file makes what it makes. The rows' come in the order of the rows, as those do that are minted
    /// one after the other, ahead of the clock if need be (RFC 9562, section 6.2): the indexes that thousands of rows go into
    /// grow at one end, and not all over.
    #[must_use]
    pub fn of_row(self, row: u32) -> Self {
        const VERSION: u64 = 0xf000;
        let mut bytes = *self.derive("row", Uuid::from_u128(u128::from(row))).as_bytes();
        let time = bytes.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
        let place = (time >> 16 << 12 | time & 0x0fff).wrapping_add(u64::from(row));
        let moved = place >> 12 << 16 | time & VERSION | place & 0x0fff;
        bytes[..8].copy_from_slice(&moved.to_be_bytes());
        Self(Uuid::from_bytes(bytes))
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

    #[test]
    fn what_rows_make_comes_in_their_order() {
        let change = ChangeId(Uuid::from_u128(0x0190_0000_0000_7ffe_8000_0000_0000_0001));
        let of_rows: Vec<Uuid> = [1, 2, 3, 4_097, 100_000].map(|row| change.of_row(row).new_user_id().0).to_vec();
        assert!(of_rows.is_sorted() && of_rows.iter().all(|id| id.get_version_num() == 7), "{of_rows:?}");
        assert!(change.0 < of_rows[0]);
        assert_eq!(change.of_row(3), change.of_row(3));
        assert_ne!(change.of_row(3).new_user_id(), change.new_user_id());
    }
}
