//! Users picked on a list: each by hand, or all that match a filter but a few.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::list::UserFilter;

/// The filter itself stands for all that match, so that a hundred thousand users are picked in one line of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    Picked(Vec<UserId>),
    Matching { filter: Box<UserFilter>, except: BTreeSet<UserId> },
}

/// So many users may be left out of those that match; more of them are better told by a narrower filter.
pub const EXCEPT_MAX: usize = 100;

impl Selection {
    /// All that match, wherever a list of them stands.
    pub fn matching(filter: UserFilter, except: impl IntoIterator<Item = UserId>) -> Self {
        Self::Matching { filter: Box::new(UserFilter { page: 1, ..filter }), except: except.into_iter().collect() }
    }

    /// Nobody was picked.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Picked(users) if users.is_empty())
    }
}
