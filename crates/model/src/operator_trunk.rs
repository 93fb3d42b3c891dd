//! Trunks of the operator: for every account, or for some.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::account::AccountNumber;
use crate::change::Change;
use crate::trunk::Trunk;

/// The accounts whose calls go over a trunk of the operator's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Served {
    All,
    Only(BTreeSet<AccountNumber>),
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ServedError {
    #[error("{0} is no account number: write 8 digits each, with commas between")]
    NoNumber(String),
    #[error("name at least one account, or leave this out for all")]
    Nobody,
    #[error("name at most {SERVED_MAX} accounts, or leave it empty for all")]
    TooMany,
}

pub const SERVED_MAX: usize = 1_000;

impl Served {
    /// Account numbers with commas, semicolons or line ends between; empty or `all`: every account.
    pub fn parse(text: &str) -> Result<Self, ServedError> {
        let words = text.split([',', ';', '\n']).map(str::trim).filter(|word| !word.is_empty());
        let read =
            |word: &str| AccountNumber::parse(word).map_err(|_| ServedError::NoNumber(word.chars().take(40).collect()));
        let words: Vec<&str> = words.take(SERVED_MAX + 1).collect();
        match words.as_slice() {
            [] => Ok(Self::All),
            [word] if word.eq_ignore_ascii_case(ALL) => Ok(Self::All),
            words if words.len() > SERVED_MAX => Err(ServedError::TooMany),
            words => Ok(Self::Only(words.iter().map(|word| read(word)).collect::<Result<_, _>>()?)),
        }
    }

    /// As a form shows it: empty for all.
    pub fn in_form(&self) -> String {
        self.numbers().map(AccountNumber::pretty).collect::<Vec<_>>().join(", ")
    }

    /// Nothing for all of them.
    pub fn numbers(&self) -> impl Iterator<Item = &AccountNumber> {
        let numbers = if let Self::Only(numbers) = self { Some(numbers) } else { None };
        numbers.into_iter().flatten()
    }
}

const ALL: &str = "all";

impl TryFrom<String> for Served {
    type Error = ServedError;

    fn try_from(text: String) -> Result<Self, ServedError> {
        Self::parse(&text)
    }
}

impl From<Served> for String {
    fn from(served: Served) -> Self {
        match served {
            Served::All => ALL.to_owned(),
            Served::Only(_) => served.in_form(),
        }
    }
}

/// What planning looks at.
#[derive(Debug, Clone, Default)]
pub struct OperatorTrunks {
    pub trunks: Vec<Trunk>,
    /// Of the accounts that the change names, those that there are.
    pub accounts: BTreeSet<AccountNumber>,
}

/// The accounts that a change names.
pub fn named(change: &Change) -> BTreeSet<AccountNumber> {
    match change {
        Change::AddTrunk { serves: Some(serves), .. } | Change::EditTrunk { serves: Some(serves), .. } => {
            serves.numbers().cloned().collect()
        }
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_named_by_their_numbers() {
        assert_eq!(Served::parse(" "), Ok(Served::All));
        assert_eq!(Served::parse("All"), Ok(Served::All));
        let two = Served::parse("5173 0946; 48201137,\n48201137").unwrap();
        assert_eq!(two.in_form(), "4820 1137, 5173 0946");
        assert_eq!(Served::parse(&two.in_form()), Ok(two.clone()));
        assert_eq!(serde_json::from_value::<Served>(serde_json::to_value(&two).unwrap()).unwrap(), two);
        assert_eq!(serde_json::to_value(Served::All).unwrap(), "all");
        assert!(Served::parse("48201137, 12").unwrap_err().to_string().starts_with("12 is no account number"));
        assert_eq!(Served::parse(&"48201137,".repeat(SERVED_MAX + 1)), Err(ServedError::TooMany));
    }
}
