//! What a person may choose as a password: length and not the obvious, after NIST SP 800-63B 5.1.1.2. No rules about
//! capitals or digits; they make passwords worse.

use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::redacted::redacted_debug;

pub const SHORTEST: usize = 10;
pub const LONGEST: usize = 128;

/// The most used passwords of ten characters and more, folded to lower case.
const COMMON: &[&str] = &include!("common_passwords.in");

/// A password that may be set.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

redacted_debug!(Password);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordError {
    #[error("this password is too short; use at least 10 characters, for example three or four words")]
    TooShort,
    #[error("this password is too long; use at most 128 characters")]
    TooLong,
    #[error("this password is your username; choose something that others can't see")]
    SameAsUsername,
    #[error("this password is one of the first that everybody tries; add a few words of your own")]
    Common,
    #[error("this password contains a line break or another invisible character; type it instead of pasting it")]
    ControlCharacter,
}

impl Password {
    /// Checks a new password. `username` is the person's own.
    pub fn parse(text: &str, username: &str) -> Result<Self, PasswordError> {
        if text.len() > LONGEST * 16 {
            return Err(PasswordError::TooLong);
        }
        let text = Zeroizing::new(canonical(text));
        match text.chars().count() {
            ..SHORTEST => return Err(PasswordError::TooShort),
            SHORTEST..=LONGEST => {}
            _ => return Err(PasswordError::TooLong),
        }
        if text.chars().any(char::is_control) {
            return Err(PasswordError::ControlCharacter);
        }
        let folded = Zeroizing::new(text.to_lowercase());
        if *folded == username.to_lowercase() {
            return Err(PasswordError::SameAsUsername);
        }
        if COMMON.contains(&folded.as_str()) || is_one_character_or_run(&folded) {
            return Err(PasswordError::Common);
        }
        Ok(Password(text))
    }
}

impl AsRef<str> for Password {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The same password typed on another keyboard gives the same bytes: RFC 8265 section 4.2, `OpaqueString`.
pub(crate) fn canonical(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() && !c.is_control() { ' ' } else { c }).nfc().collect()
}

fn is_one_character_or_run(folded: &str) -> bool {
    let steps =
        || folded.chars().zip(folded.chars().skip(1)).map(|(a, b)| i64::from(u32::from(b)) - i64::from(u32::from(a)));
    [-1, 0, 1].iter().any(|step| steps().all(|found| found == *step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("short", PasswordError::TooShort)]
    #[case("123456789", PasswordError::TooShort)]
    #[case("ada.lovelace", PasswordError::SameAsUsername)]
    #[case("ADA.Lovelace", PasswordError::SameAsUsername)]
    #[case("Password123", PasswordError::Common)]
    #[case("1234567890", PasswordError::Common)]
    #[case("qwertyuiop", PasswordError::Common)]
    #[case("aaaaaaaaaaaaaa", PasswordError::Common)]
    #[case("abcdefghijk", PasswordError::Common)]
    #[case("ten chars\r\nmore", PasswordError::ControlCharacter)]
    fn what_is_refused_says_why(#[case] text: &str, #[case] expected: PasswordError) {
        assert_eq!(Password::parse(text, "Ada.Lovelace").unwrap_err(), expected);
    }

    #[rstest]
    #[case("correct horse battery")]
    #[case("ten chars!")]
    #[case("пароль для Ады")]
    #[case("🐎🔋📎🐎🔋📎🐎🔋📎🧷")]
    fn length_counts_characters_of_any_script(#[case] text: &str) {
        assert!(Password::parse(text, "ada").is_ok());
    }

    #[test]
    fn the_bounds_are_10_and_128() {
        let of = |length: usize| "ab".chars().cycle().take(length).collect::<String>();
        assert_eq!(Password::parse(&of(9), "x").unwrap_err(), PasswordError::TooShort);
        assert!(Password::parse(&of(10), "x").is_ok());
        assert!(Password::parse(&of(128), "x").is_ok());
        assert_eq!(Password::parse(&of(129), "x").unwrap_err(), PasswordError::TooLong);
        assert_eq!(Password::parse(&of(1_000_000), "x").unwrap_err(), PasswordError::TooLong);
    }

    #[test]
    fn debug_shows_nothing() {
        let password = Password::parse("correct horse battery", "ada").unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
    }
}
