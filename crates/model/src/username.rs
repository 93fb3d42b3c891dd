//! The name that a person signs in with.

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, StrExt};
use thiserror::Error;

use crate::text::{Name, fold, parsed_text};

/// How many suggestions are looked up at once.
const CANDIDATES: usize = 8;

/// Unique over the whole system, case-insensitively; `A–Z a–z 0–9 . - : [ ]`; 3–64 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct Username(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UsernameError {
    #[error("a username has at least 3 characters")]
    TooShort,
    #[error("a username has at most 64 characters; this one has {0}")]
    TooLong(usize),
    #[error("{0:?} can't be in a username; use letters A–Z, digits, and . - : [ ]")]
    Character(char),
}

impl Username {
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        let text = text.trim();
        if let Some(wrong) = text.chars().find(|c| !is_allowed(*c)) {
            return Err(UsernameError::Character(wrong));
        }
        match text.len() {
            0..3 => Err(UsernameError::TooShort),
            3..=64 => Ok(Self(text.into())),
            long => Err(UsernameError::TooLong(long)),
        }
    }

    /// The form that is compared: usernames that differ only in case are the same.
    pub fn key(&self) -> SmolStr {
        self.0.to_ascii_lowercase_smolstr()
    }

    /// `firstname.lastname`, then with a number: the first that `taken` does not hold. Names that leave no letters in
    /// A–Z (other scripts) give `user`.
    pub fn suggest(first: &Name, last: &Name, taken: impl Fn(&str) -> bool) -> Self {
        let free = Self::suggestions(first, last).find(|name| !taken(&name.0));
        free.unwrap_or_else(|| Self("user".into()))
    }

    /// The first suggestions, for a plan that asks at once which of them are taken.
    pub fn candidates(first: &Name, last: &Name) -> impl Iterator<Item = Self> {
        Self::suggestions(first, last).take(CANDIDATES)
    }

    fn suggestions(first: &Name, last: &Name) -> impl Iterator<Item = Self> {
        let part = |name: &Name| -> String {
            let plain: String =
                fold(name.as_str()).chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            plain.trim_matches('-').chars().take(28).collect()
        };
        let words: Vec<String> = [part(first), part(last)].into_iter().filter(|word| !word.is_empty()).collect();
        let mut base = words.join(".");
        if base.len() < 3 {
            base = if base.is_empty() { "user".to_owned() } else { format!("user.{base}") };
        }
        let first = base.clone();
        let numbered = (2..).map(move |n: u32| format!("{base}{n}"));
        std::iter::once(first).chain(numbered).map(|name| Self(name.into()))
    }
}

parsed_text!(Username, UsernameError);

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_characters_pass() {
        assert!(Username::parse("Ana.Duarte-2:[x]").is_ok());
        assert_eq!(Username::parse("ana_duarte"), Err(UsernameError::Character('_')));
        assert_eq!(Username::parse("ana@x"), Err(UsernameError::Character('@')));
        assert_eq!(Username::parse("anä"), Err(UsernameError::Character('ä')));
        assert_eq!(Username::parse("an"), Err(UsernameError::TooShort));
        assert_eq!(Username::parse(&"a".repeat(65)), Err(UsernameError::TooLong(65)));
        assert_eq!(Username::parse("ANA").unwrap().key(), "ana");
    }

    #[test]
    fn the_suggestion_is_firstname_lastname_then_numbered() {
        let suggest = |first: &str, last: &str, taken: &[&str]| {
            Username::suggest(&Name::parse(first).unwrap(), &Name::parse(last).unwrap(), |name| taken.contains(&name)).0
        };
        assert_eq!(suggest("Ana", "Duarte", &[]), "ana.duarte");
        assert_eq!(suggest("Ana", "Duarte", &["ana.duarte", "ana.duarte2"]), "ana.duarte3");
        assert_eq!(suggest("Zoë", "O'Brien", &[]), "zoe.obrien");
        assert_eq!(suggest("李", "小龙", &[]), "user");
        assert!(Username::parse(&suggest("J", "李", &[])).is_ok());
    }
}
