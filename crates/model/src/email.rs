//! One email address.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;

use crate::text::parsed_text;

/// One address within the lengths of RFC 5321 section 4.5.3.1 (local part 64, domain 255, path 254 octets). Quoted local
/// parts and address literals are refused: no mail system that people use gives them out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct Email(SmolStr);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EmailError {
    #[error("write the address as name@example.com")]
    Shape,
    #[error("write one address only")]
    Several,
    #[error("{0:?} can't be in an email address")]
    Character(char),
    #[error("this address is too long: 64 characters before the @, 254 in all (RFC 5321)")]
    TooLong,
    #[error("the part after the @ is not a domain such as example.com")]
    Domain,
}

impl Email {
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.contains([',', ';']) || text.matches('@').count() > 1 {
            return Err(EmailError::Several);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Shape)?;
        if local.is_empty() || domain.is_empty() {
            return Err(EmailError::Shape);
        }
        if text.len() > 254 || local.len() > 64 {
            return Err(EmailError::TooLong);
        }
        if let Some(wrong) = local.chars().find(|c| !is_atext(*c)) {
            return Err(EmailError::Character(wrong));
        }
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err(EmailError::Shape);
        }
        let labels: Vec<&str> = domain.split('.').collect();
        if labels.len() < 2 || !labels.iter().all(|label| is_label(label)) {
            return Err(EmailError::Domain);
        }
        Ok(Self(text.into()))
    }
}

parsed_text!(Email, EmailError);

/// `atext` of RFC 5322 section 3.2.3, the dot, and anything beyond ASCII (RFC 6531).
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~.".contains(c)
        || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
}

pub(crate) fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || (!c.is_ascii() && c.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_passes_and_everything_else_says_why() {
        assert!(Email::parse("ana.duarte+vm@harbor-vine.example").is_ok());
        assert_eq!(Email::parse("a@x.io, b@x.io"), Err(EmailError::Several));
        assert_eq!(Email::parse("ana"), Err(EmailError::Shape));
        assert_eq!(Email::parse("ana@localhost"), Err(EmailError::Domain));
        assert_eq!(Email::parse("a na@x.io"), Err(EmailError::Character(' ')));
        assert_eq!(Email::parse("a\r\nBcc:x@x.io"), Err(EmailError::Character('\r')));
        assert_eq!(Email::parse("ana@x..io"), Err(EmailError::Domain));
        assert_eq!(Email::parse(&format!("{}@x.io", "a".repeat(65))), Err(EmailError::TooLong));
    }
}
