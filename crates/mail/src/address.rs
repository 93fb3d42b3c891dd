//! A name and an email address, as they stand in From and To.

use lettre::Address;
use thiserror::Error;

/// RFC 5321 section 4.5.3.1: a path has 256 octets with its angle brackets.
const LONGEST: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;

/// `Ada Lovelace <ada@example.com>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    name: Option<String>,
    address: Address,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error("this is not an email address; it looks like name@example.com")]
    Malformed,
    #[error("this email address is too long; at most 64 characters stand before the @ and 254 in all")]
    TooLong,
    #[error("this email address contains an invisible character; type it instead of pasting it")]
    ControlCharacter,
}

impl Mailbox {
    /// One address without a name.
    pub fn parse(address: &str) -> Result<Self, AddressError> {
        if address.chars().any(char::is_control) {
            return Err(AddressError::ControlCharacter);
        }
        let parsed: Address = address.parse().map_err(|_| AddressError::Malformed)?;
        if address.len() > LONGEST || parsed.user().len() > LONGEST_LOCAL_PART {
            return Err(AddressError::TooLong);
        }
        Ok(Mailbox { name: None, address: parsed })
    }

    /// With the name that mail programs show. Control characters become spaces: a name is one line.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        let name = one_line(name);
        Mailbox { name: Some(name).filter(|name| !name.is_empty()), ..self }
    }

    pub fn address(&self) -> &str {
        self.address.as_ref()
    }

    pub(crate) fn to_lettre(&self) -> lettre::message::Mailbox {
        lettre::message::Mailbox::new(self.name.clone(), self.address.clone())
    }
}

/// A value from a person, as one line of a letter or a header.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String =
        text.chars().map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c }).collect();
    spaced.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("")]
    #[case("ada")]
    #[case("ada@")]
    #[case("@example.com")]
    #[case("ada lovelace@example.com")]
    #[case("ada@example.com, bob@example.com")]
    #[case("Ada <ada@example.com>")]
    fn what_is_no_single_address_is_refused(#[case] text: &str) {
        assert_eq!(Mailbox::parse(text).unwrap_err(), AddressError::Malformed);
    }

    #[test]
    fn a_line_break_is_refused_in_an_address_and_flattened_in_a_name() {
        assert_eq!(Mailbox::parse("ada@example.com\r\nBcc: x@y.z").unwrap_err(), AddressError::ControlCharacter);
        let mailbox = Mailbox::parse("ada@example.com").unwrap().named("Ada\r\nBcc: eve@example.com");
        assert_eq!(mailbox.name.as_deref(), Some("Ada  Bcc: eve@example.com"));
    }

    #[test]
    fn length_is_bounded() {
        let long = format!("{}@example.com", "a".repeat(65));
        assert!(matches!(Mailbox::parse(&long), Err(AddressError::TooLong | AddressError::Malformed)));
        assert!(Mailbox::parse(&format!("{}@example.com", "a".repeat(64))).is_ok());
    }
}
