//! The confirmed dispatchable location of a user (47 CFR 9.3, 9.16).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::address::CivicAddress;
use crate::id::{AccountId, UserId};
use crate::phone_number::E164;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct E911Address {
    pub user_id: UserId,
    pub account_id: AccountId,
    pub version: i64,
    pub address: CivicAddress,
    /// What emergency services call back: the user's own number unless another is set.
    pub callback: Option<E164>,
    /// `None`: open. A person has to say that the user will be at this address.
    pub confirmed: Option<Confirmation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub at: DateTime<Utc>,
    /// Who confirmed, by name, as it stood then.
    pub by: String,
}
