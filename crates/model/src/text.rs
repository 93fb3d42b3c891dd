//! Text that a person typed: names of people and things.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Makes a newtype over text that is only ever made by its `parse`. Short text lies in the value itself: plans and directories
/// hold hundreds of thousands of them.
macro_rules! parsed_text {
    ($name:ident, $error:ty) => {
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<smol_str::SmolStr> for $name {
            type Error = $error;

            fn try_from(text: smol_str::SmolStr) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0.into()
            }
        }

        impl From<$name> for smol_str::SmolStr {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}
pub(crate) use parsed_text;

/// The longest name of a person or thing, in characters.
pub const NAME_MAX: usize = 64;

/// A first or last name, or the name of a location, department, account: 1–64 characters of any script, no control
/// characters, surrounding blanks removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct Name(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    #[error("fill in a name of 1 to 64 characters")]
    Empty,
    #[error("this has {0} characters; shorten it to 64")]
    TooLong(usize),
    #[error("remove the control character (a tab, line break or the like) at position {0}")]
    Control(usize),
}

impl Name {
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text: String = text.trim().nfc().collect();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if let Some(at) = text.chars().position(is_unprintable) {
            return Err(NameError::Control(at + 1));
        }
        match text.chars().count() {
            long if long > NAME_MAX => Err(NameError::TooLong(long)),
            _ => Ok(Self(text.into())),
        }
    }
}

parsed_text!(Name, NameError);

/// Control characters, and the invisible ones that turn text around (bidirectional overrides).
pub fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Folds text for searching and sorting: compatibility forms split, marks dropped, lower case, control characters blanks.
/// `Zoë Ångström` and `zoe angstrom` fold to the same.
pub fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c));
    plain.map(printable).flat_map(char::to_lowercase).collect()
}

/// The longest search, in characters: longer ones find nothing more.
pub const SEARCH_MAX: usize = 100;

/// What was typed to search for, as one line: a control character is in nothing that is kept, and one of them (NUL)
/// PostgreSQL does not take at all.
pub fn search_text(text: &str) -> String {
    let line: String = text.chars().map(printable).collect();
    line.trim().chars().take(SEARCH_MAX).collect()
}

fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_are_kept_and_control_characters_named() {
        assert_eq!(Name::parse("  Ana Duarte ").unwrap().as_str(), "Ana Duarte");
        assert!(Name::parse("李小龙").is_ok());
        assert!(Name::parse("O'Neill-Ó Súilleabháin").is_ok());
        assert_eq!(Name::parse("a\tb"), Err(NameError::Control(2)));
        assert_eq!(Name::parse("  "), Err(NameError::Empty));
        assert_eq!(Name::parse(&"é".repeat(65)), Err(NameError::TooLong(65)));
        assert!(Name::parse(&"é".repeat(64)).is_ok());
        assert!(Name::parse("a\u{202e}b").is_err());
    }

    #[test]
    fn folding_ignores_case_and_marks() {
        assert_eq!(fold("Zoë ÅNGSTRÖM"), "zoe angstrom");
        assert_eq!(fold("a\0b\tC"), "a b c");
    }

    #[test]
    fn a_search_is_one_short_line() {
        assert_eq!(search_text("\0 ana\r\nduarte\u{7f}"), "ana  duarte");
        assert_eq!(search_text(&"é".repeat(5_000)).chars().count(), SEARCH_MAX);
    }
}
