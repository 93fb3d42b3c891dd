//! What the switch keeps in memory, read user by user.

use lineside_model::directory::DirectoryUser;
use lineside_model::id::UserId;

use crate::{Store, StoreError};

/// A user for the line directory; the HA1s are sealed still.
#[derive(Debug, Clone)]
pub struct SealedDirectoryUser {
    /// With an empty `lines`.
    pub user: DirectoryUser,
    pub lines: Vec<SealedDirectoryLine>,
}

#[derive(Debug, Clone)]
pub struct SealedDirectoryLine {
    pub line: lineside_model::device::Line,
    /// False while its device is locked.
    pub enabled: bool,
}

impl Store {
    /// The users named, of any account; those that no longer exist are absent.
    pub async fn directory_users(&self, ids: &[UserId]) -> Result<Vec<SealedDirectoryUser>, StoreError> {
        todo!()
    }

    /// All users by identifier, a page at a time, for the start.
    pub async fn directory_page(
        &self,
        after: Option<UserId>,
        limit: i64,
    ) -> Result<Vec<SealedDirectoryUser>, StoreError> {
        todo!()
    }
}
