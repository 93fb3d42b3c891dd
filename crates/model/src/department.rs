//! Groups of users.

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, DepartmentId};
use crate::text::Name;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    pub id: DepartmentId,
    pub account_id: AccountId,
    pub version: i64,
    pub name: Name,
}
