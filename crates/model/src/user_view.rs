//! The list of users as somebody likes to see it: which columns, and under a name the filter and the order too.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{UserId, ViewId};
use crate::list::UserFilter;
use crate::text::Name;

/// Beside the name, which is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserColumn {
    Extension,
    Number,
    Email,
    Location,
    Department,
    License,
    Role,
    State,
    Created,
    Ready,
}

impl UserColumn {
    pub const ALL: [Self; 10] = [
        Self::Extension,
        Self::Number,
        Self::Email,
        Self::Location,
        Self::Department,
        Self::License,
        Self::Role,
        Self::State,
        Self::Created,
        Self::Ready,
    ];

    /// Until somebody chooses others.
    pub const DEFAULT: [Self; 5] = [Self::Extension, Self::Number, Self::Location, Self::License, Self::Ready];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extension => "extension",
            Self::Number => "number",
            Self::Email => "email",
            Self::Location => "location",
            Self::Department => "department",
            Self::License => "license",
            Self::Role => "role",
            Self::State => "state",
            Self::Created => "created",
            Self::Ready => "ready",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.as_str() == text)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Extension => "Extension",
            Self::Number => "Phone number",
            Self::Email => "Email",
            Self::Location => "Location",
            Self::Department => "Department",
            Self::License => "Voice license",
            Self::Role => "Role",
            Self::State => "State",
            Self::Created => "Added",
            Self::Ready => "Ready",
        }
    }

    /// Each once, in the order of the list; `None` for a word that is no column.
    pub fn parse_all<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<Vec<Self>> {
        let mut columns = words.into_iter().map(Self::parse).collect::<Option<Vec<_>>>()?;
        columns.sort();
        columns.dedup();
        Some(columns)
    }
}

/// What a view keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Viewed {
    /// With its order; the page is always the first.
    pub filter: UserFilter,
    pub columns: Vec<UserColumn>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserView {
    pub id: ViewId,
    /// Who saved it.
    pub user_id: UserId,
    pub name: Name,
    /// Everybody who administers the account sees it.
    pub shared: bool,
    pub viewed: Viewed,
    pub created_at: DateTime<Utc>,
}

/// The most views that one person keeps.
pub const VIEWS_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_the_lists_order_and_once() {
        let columns = UserColumn::parse_all(["ready", "email", "ready"]).unwrap();
        assert_eq!(columns, [UserColumn::Email, UserColumn::Ready]);
        assert_eq!(UserColumn::parse_all(["ready", "shoe_size"]), None);
        for column in UserColumn::ALL {
            assert_eq!(UserColumn::parse(column.as_str()), Some(column));
        }
    }
}
